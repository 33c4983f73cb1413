//! Folding a batch into sums, and adding them to the rows. Sums commute, so the order of events doesn't matter here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::order::public::{OrderPublicEvent, Split};
use domain::public::{PublicData, PublicEvent};
use sqlx::PgConnection;
use uuid::Uuid;

use super::row::Sums;
use crate::arrays::column;
use crate::generation::Generation;
use crate::read_model::ApplyError;

/// What a batch adds, by primary key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes<'a> {
    pub(super) days: BTreeMap<(Uuid, &'a str, NaiveDate), Sums>,
    pub(super) products: BTreeMap<(Uuid, &'a str, NaiveDate, Uuid), Sums>,
}

/// Which way the money went.
#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

impl<'a> Changes<'a> {
    pub(super) fn fold(events: &'a [PublicEvent]) -> Result<Self, ApplyError> {
        let mut changes = Self::default();
        for event in events {
            match &event.data {
                PublicData::Orders(OrderPublicEvent::OrderPaid(paid)) => {
                    changes.moved(event, Way::In, paid.currency.code(), &paid.split)?;
                }
                PublicData::Orders(OrderPublicEvent::OrderRefunded(refund)) => {
                    changes.moved(event, Way::Out, refund.currency.code(), &refund.split)?;
                }
                PublicData::Orders(
                    OrderPublicEvent::OrderPlaced(_)
                    | OrderPublicEvent::OrderConfirmed(_)
                    | OrderPublicEvent::OrderProcessing(_)
                    | OrderPublicEvent::OrderShipped(_)
                    | OrderPublicEvent::OrderDelivered(_)
                    | OrderPublicEvent::OrderCancelled(_)
                    | OrderPublicEvent::ItemsReturned(_),
                )
                | PublicData::Inventory(_)
                | PublicData::Carts(_)
                | PublicData::Coupons(_)
                | PublicData::Payments(_)
                | PublicData::Products(_)
                | PublicData::Categories(_) => {}
            }
        }
        Ok(changes)
    }

    fn moved(
        &mut self,
        event: &PublicEvent,
        way: Way,
        currency: &'a str,
        split: &Split,
    ) -> Result<(), ApplyError> {
        let day = event.occurred_at.date_naive();
        let mut sellers = BTreeSet::new();
        for goods in &split.goods {
            let seller = goods.seller_id.0;
            let of_day = self.days.entry((seller, currency, day)).or_default();
            let of_product = self.products.entry((seller, currency, day, goods.product_id.0)).or_default();
            for sums in [&mut *of_day, of_product] {
                add(sums, way, goods.amount, goods.quantity.into())
                    .ok_or_else(|| ApplyError::bad(event, "a sum is too large"))?;
            }
            if matches!(way, Way::In) && sellers.insert(seller) {
                of_day.orders += 1;
            }
        }
        Ok(())
    }

    /// Adds the sums to the rows, in key order.
    pub(super) async fn write(
        &self,
        generation: Generation,
        db: &mut PgConnection,
    ) -> Result<(), ApplyError> {
        self.write_days(generation, db).await?;
        self.write_products(generation, db).await?;
        Ok(())
    }

    async fn write_days(&self, generation: Generation, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self.days.iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let add = "
            INSERT INTO seller_stats_g{g}_days AS d
                (seller_id, currency, day, gross, refunds, orders, units, returned_units)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[],
                                 $7::bigint[], $8::bigint[])
            ON CONFLICT (seller_id, currency, day) DO UPDATE
            SET gross = d.gross + excluded.gross, refunds = d.refunds + excluded.refunds,
                orders = d.orders + excluded.orders, units = d.units + excluded.units,
                returned_units = d.returned_units + excluded.returned_units";
        sqlx::query(&generation.sql(add))
            .bind(column(&rows, |(key, _)| key.0))
            .bind(column(&rows, |(key, _)| key.1))
            .bind(column(&rows, |(key, _)| key.2))
            .bind(column(&rows, |(_, sums)| sums.gross))
            .bind(column(&rows, |(_, sums)| sums.refunds))
            .bind(column(&rows, |(_, sums)| sums.orders))
            .bind(column(&rows, |(_, sums)| sums.units))
            .bind(column(&rows, |(_, sums)| sums.returned_units))
            .execute(db)
            .await?;
        Ok(())
    }

    async fn write_products(&self, generation: Generation, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self.products.iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let add = "
            INSERT INTO seller_stats_g{g}_products AS p
                (seller_id, currency, day, product_id, gross, refunds, units, returned_units)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::uuid[], $5::bigint[], $6::bigint[],
                                 $7::bigint[], $8::bigint[])
            ON CONFLICT (seller_id, currency, day, product_id) DO UPDATE
            SET gross = p.gross + excluded.gross, refunds = p.refunds + excluded.refunds,
                units = p.units + excluded.units, returned_units = p.returned_units + excluded.returned_units";
        sqlx::query(&generation.sql(add))
            .bind(column(&rows, |(key, _)| key.0))
            .bind(column(&rows, |(key, _)| key.1))
            .bind(column(&rows, |(key, _)| key.2))
            .bind(column(&rows, |(key, _)| key.3))
            .bind(column(&rows, |(_, sums)| sums.gross))
            .bind(column(&rows, |(_, sums)| sums.refunds))
            .bind(column(&rows, |(_, sums)| sums.units))
            .bind(column(&rows, |(_, sums)| sums.returned_units))
            .execute(db)
            .await?;
        Ok(())
    }
}

/// Nothing if a sum is too large.
fn add(sums: &mut Sums, way: Way, amount: i64, units: i64) -> Option<()> {
    match way {
        Way::In => {
            sums.gross = sums.gross.checked_add(amount)?;
            sums.units = sums.units.checked_add(units)?;
        }
        Way::Out => {
            sums.refunds = sums.refunds.checked_add(amount)?;
            sums.returned_units = sums.returned_units.checked_add(units)?;
        }
    }
    Some(())
}
