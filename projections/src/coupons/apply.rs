//! Folding a batch and writing it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::coupon::public::{CouponCreated, CouponPublicEvent};
use domain::public::{PublicData, PublicEvent};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::arrays::column;
use crate::generation::Generation;
use crate::one_statement::OneStatement;
use crate::read_model::ApplyError;

/// What a batch changes, by primary key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes<'a> {
    coupons: BTreeMap<&'a str, CouponChange<'a>>,
    uses: BTreeMap<(&'a str, Uuid), i64>,
}

#[derive(Debug, Default, PartialEq)]
struct CouponChange<'a> {
    created: Option<(&'a CouponCreated, DateTime<Utc>)>,
    withdrawn: bool,
    redeemed: i64,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl<'a> Changes<'a> {
    pub(super) fn fold(events: &'a [PublicEvent]) -> Result<Self, ApplyError> {
        let mut changes = Self::default();
        for event in events {
            match &event.data {
                PublicData::Coupons(coupon) => changes.coupon(event, coupon)?,
                PublicData::Orders(_)
                | PublicData::Inventory(_)
                | PublicData::Carts(_)
                | PublicData::Payments(_)
                | PublicData::Products(_)
                | PublicData::Categories(_)
                | PublicData::Reviews(_) => {}
            }
        }
        Ok(changes)
    }

    fn coupon(&mut self, event: &'a PublicEvent, data: &'a CouponPublicEvent) -> Result<(), ApplyError> {
        let code = event.aggregate_id.as_str();
        let change = self.coupons.entry(code).or_default();
        change.updated_at = event.occurred_at;
        change.version = event.sequence;
        match data {
            CouponPublicEvent::CouponCreated(created) => {
                if change.created.replace((created, event.occurred_at)).is_some() {
                    return Err(ApplyError::bad(event, "it is created already"));
                }
            }
            CouponPublicEvent::CouponWithdrawn(_) => change.withdrawn = true,
            CouponPublicEvent::CouponRedeemed(redeemed) => {
                change.redeemed += 1;
                *self.uses.entry((code, redeemed.user_id.0)).or_default() += 1;
            }
            CouponPublicEvent::CouponReleased(released) => {
                change.redeemed -= 1;
                *self.uses.entry((code, released.user_id.0)).or_default() -= 1;
            }
        }
        Ok(())
    }

    /// One statement for each kind of change, all of them sent as one.
    pub(super) async fn write(
        &self,
        generation: Generation,
        db: &mut PgConnection,
    ) -> Result<(), ApplyError> {
        let mut statement = OneStatement::of(generation);
        // The other way round than they run.
        self.write_uses(&mut statement);
        self.write_changed(&mut statement);
        self.write_created(&mut statement);
        Ok(statement.execute(db).await?)
    }

    /// Its first event makes a coupon's row.
    fn write_created(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self
            .coupons
            .iter()
            .filter_map(|(code, change)| change.created.map(|(terms, at)| (code, terms, at, change)))
            .collect();
        if rows.is_empty() {
            return;
        }
        let insert = "
            INSERT INTO coupons_g{g}_coupons (code, terms, withdrawn, redeemed, created_at, updated_at, version)
            SELECT * FROM unnest($1::text[], $2::jsonb[], $3::boolean[], $4::bigint[], $5::timestamptz[],
                                 $6::timestamptz[], $7::bigint[])";
        statement
            .add("created", insert)
            .bind(column(&rows, |(code, ..)| **code))
            .bind(column(&rows, |(_, terms, ..)| Json(*terms)))
            .bind(column(&rows, |(.., change)| change.withdrawn))
            .bind(column(&rows, |(.., change)| change.redeemed))
            .bind(column(&rows, |(_, _, at, _)| *at))
            .bind(column(&rows, |(.., change)| change.updated_at))
            .bind(column(&rows, |(.., change)| change.version));
    }

    fn write_changed(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.coupons.iter().filter(|(_, change)| change.created.is_none()).collect();
        if rows.is_empty() {
            return;
        }
        let update = "
            UPDATE coupons_g{g}_coupons c
            SET withdrawn = c.withdrawn OR n.withdrawn, redeemed = c.redeemed + n.redeemed,
                updated_at = n.updated_at, version = n.version
            FROM unnest($1::text[], $2::boolean[], $3::bigint[], $4::timestamptz[], $5::bigint[])
                AS n(code, withdrawn, redeemed, updated_at, version)
            WHERE c.code = n.code";
        statement
            .add("changed", update)
            .bind(column(&rows, |(code, _)| **code))
            .bind(column(&rows, |(_, change)| change.withdrawn))
            .bind(column(&rows, |(_, change)| change.redeemed))
            .bind(column(&rows, |(_, change)| change.updated_at))
            .bind(column(&rows, |(_, change)| change.version));
    }

    fn write_uses(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.uses.iter().collect();
        if rows.is_empty() {
            return;
        }
        let add = "
            INSERT INTO coupons_g{g}_users AS u (code, user_id, uses)
            SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[])
            ON CONFLICT (code, user_id) DO UPDATE SET uses = u.uses + excluded.uses";
        statement
            .add("uses", add)
            .bind(column(&rows, |((code, _), _)| *code))
            .bind(column(&rows, |((_, user), _)| *user))
            .bind(column(&rows, |(_, uses)| **uses));
    }
}
