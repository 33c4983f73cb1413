//! Folding a batch and writing it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::public::{PublicData, PublicEvent};
use domain::review::public::{ReviewPublicEvent, ReviewWritten};
use domain::review::{self, Rating};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::arrays::column;
use crate::generation::Generation;
use crate::one_statement::OneStatement;
use crate::read_model::ApplyError;

/// What a batch changes, by primary key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes<'a> {
    reviews: BTreeMap<(Uuid, Uuid), (&'a ReviewWritten, DateTime<Utc>)>,
    ratings: BTreeMap<Uuid, Rating>,
}

impl<'a> Changes<'a> {
    pub(super) fn fold(events: &'a [PublicEvent]) -> Result<Self, ApplyError> {
        let mut changes = Self::default();
        for event in events {
            match &event.data {
                PublicData::Reviews(ReviewPublicEvent::ReviewWritten(written)) => {
                    changes.written(event, written)?;
                }
                PublicData::Orders(_)
                | PublicData::Inventory(_)
                | PublicData::Carts(_)
                | PublicData::Payments(_)
                | PublicData::Products(_)
                | PublicData::Coupons(_)
                | PublicData::Categories(_) => {}
            }
        }
        Ok(changes)
    }

    fn written(&mut self, event: &'a PublicEvent, written: &'a ReviewWritten) -> Result<(), ApplyError> {
        if review::of_stream(&event.aggregate_id) != Some((written.product_id, written.user_id)) {
            return Err(ApplyError::bad(event, "it is not of its stream's product and user"));
        }
        let key = (written.product_id.0, written.user_id.0);
        if self.reviews.insert(key, (written, event.occurred_at)).is_some() {
            return Err(ApplyError::bad(event, "it is written already"));
        }
        let rating = self.ratings.entry(key.0).or_default();
        *rating = rating
            .with(written.rating)
            .ok_or_else(|| ApplyError::bad(event, "its stars are none, or too many to be counted"))?;
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
        self.write_ratings(&mut statement);
        self.write_reviews(&mut statement);
        Ok(statement.execute(db).await?)
    }

    fn write_reviews(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.reviews.iter().collect();
        if rows.is_empty() {
            return;
        }
        let insert = "
            INSERT INTO reviews_g{g}_reviews (product_id, user_id, review_id, created_at)
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[])";
        statement
            .add("reviews", insert)
            .bind(column(&rows, |((product, _), _)| *product))
            .bind(column(&rows, |((_, user), _)| *user))
            .bind(column(&rows, |(_, (written, _))| written.review_id.0))
            .bind(column(&rows, |(_, (_, at))| *at));
    }

    fn write_ratings(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.ratings.iter().collect();
        if rows.is_empty() {
            return;
        }
        let add = "
            INSERT INTO reviews_g{g}_ratings AS r (product_id, stars, reviews)
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[])
            ON CONFLICT (product_id) DO UPDATE
            SET stars = r.stars + excluded.stars, reviews = r.reviews + excluded.reviews";
        statement
            .add("ratings", add)
            .bind(column(&rows, |(product, _)| **product))
            .bind(column(&rows, |(_, rating)| i64::from(rating.stars)))
            .bind(column(&rows, |(_, rating)| i64::from(rating.reviews)));
    }
}
