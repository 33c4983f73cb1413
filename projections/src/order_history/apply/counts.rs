//! The counters: how many orders there are in each status.
//!
//! A batch adds up what it changes and writes it last, in key order and in one statement. Writers of other orders, which
//! may have the same customers, sellers and days, wait for it only until this transaction ends, and never in a circle.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::changes::Changes;
use super::super::counted::Whose;
use super::super::row::OrderStatus;
use crate::arrays::column;
use crate::generation::Generation;
use crate::one_statement::OneStatement;
use crate::read_model::ApplyError;

/// Whose orders, since which day and in which status: the table's primary key.
pub(in super::super) type Key = (Whose, Uuid, NaiveDate, OrderStatus);

/// What a batch adds to the counters.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Counts(BTreeMap<Key, i64>);

/// An order that came to another status, as the statement that changed it says: whether it is meant as its customer's or as
/// one seller's, whose, when it was placed, what it was, what it is.
pub(super) type Stepped = (bool, Option<Uuid>, DateTime<Utc>, String, String);

impl Counts {
    /// The orders that were placed in this batch.
    pub(in super::super) fn placed(changes: &Changes<'_>) -> Self {
        let mut counts = Self::default();
        for order in changes.orders.values() {
            let Some((placed, at)) = order.placed else { continue };
            let status = order.status.unwrap_or(OrderStatus::Pending);
            counts.of_order(placed.customer_id.map(|id| id.0), at, status, 1);
        }
        for ((order, seller), change) in &changes.sellers {
            let Some(part) = &change.placed else { continue };
            let status = changes.seller_status(*order, &part.lines);
            counts.add(Whose::Seller, *seller, part.placed_at, status, 1);
        }
        counts
    }

    /// Orders, and sellers' parts, that were there before.
    pub(super) fn stepped(&mut self, stepped: Vec<Stepped>) -> Result<(), ApplyError> {
        for (of_customer, owner, placed_at, was, is) in stepped {
            for (status, orders) in [(status(&was)?, -1), (status(&is)?, 1)] {
                match owner {
                    _ if of_customer => self.of_order(owner, placed_at, status, orders),
                    Some(seller) => self.add(Whose::Seller, seller, placed_at, status, orders),
                    None => {}
                }
            }
        }
        Ok(())
    }

    fn of_order(
        &mut self,
        customer: Option<Uuid>,
        placed_at: DateTime<Utc>,
        status: OrderStatus,
        orders: i64,
    ) {
        if let Some(customer) = customer {
            self.add(Whose::Customer, customer, placed_at, status, orders);
        }
        self.add(Whose::All, Uuid::nil(), placed_at, status, orders);
    }

    fn add(&mut self, whose: Whose, owner: Uuid, placed_at: DateTime<Utc>, status: OrderStatus, orders: i64) {
        *self.0.entry((whose, owner, whose.since(placed_at), status)).or_default() += orders;
    }

    /// What it adds to each counter that it changes, in key order.
    pub(in super::super) fn rows(&self) -> impl Iterator<Item = (&Key, i64)> {
        self.0.iter().map(|(key, orders)| (key, *orders)).filter(|(_, orders)| *orders != 0)
    }

    /// Adds it together with other statements, where nothing becomes less.
    pub(super) fn add_to(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.rows().collect();
        if !rows.is_empty() {
            add(&rows, statement);
        }
    }

    /// Adds it. A counter that comes to 0 is taken away, so that the rows don't depend on how the events were cut into
    /// batches.
    pub(super) async fn write(
        &self,
        generation: Generation,
        db: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        let mut statement = OneStatement::of(generation);
        self.add_to(&mut statement);
        let any_empty = "SELECT true FROM added WHERE orders = 0 LIMIT 1";
        if !statement.fetch::<(bool,)>(any_empty, db).await?.is_empty() {
            let taken: Vec<_> = self.rows().filter(|(_, orders)| *orders < 0).collect();
            take_away_empty(&taken, generation, db).await?;
        }
        Ok(())
    }
}

fn add(rows: &[(&Key, i64)], statement: &mut OneStatement) {
    let add = "
        INSERT INTO order_history_g{g}_counts AS c (whose, owner, since, status, orders)
        SELECT * FROM unnest($1::text[], $2::uuid[], $3::date[], $4::text[], $5::bigint[])
        ON CONFLICT (whose, owner, since, status) DO UPDATE SET orders = c.orders + excluded.orders
        RETURNING orders";
    statement
        .add("added", add)
        .bind(column(rows, |(key, _)| key.0.as_str()))
        .bind(column(rows, |(key, _)| key.1))
        .bind(column(rows, |(key, _)| key.2))
        .bind(column(rows, |(key, _)| key.3.as_str()))
        .bind(column(rows, |(_, orders)| *orders));
}

/// Only those that became less can have come to 0, and they are locked.
async fn take_away_empty(
    taken: &[(&Key, i64)],
    generation: Generation,
    db: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let take = "
        DELETE FROM order_history_g{g}_counts c
        USING unnest($1::text[], $2::uuid[], $3::date[], $4::text[]) AS n(whose, owner, since, status)
        WHERE c.whose = n.whose AND c.owner = n.owner AND c.since = n.since
          AND c.status = n.status AND c.orders = 0";
    sqlx::query(&generation.sql(take))
        .bind(column(taken, |(key, _)| key.0.as_str()))
        .bind(column(taken, |(key, _)| key.1))
        .bind(column(taken, |(key, _)| key.2))
        .bind(column(taken, |(key, _)| key.3.as_str()))
        .execute(db)
        .await?;
    Ok(())
}

/// A status that this build, or one before it, has written.
fn status(word: &str) -> Result<OrderStatus, ApplyError> {
    word.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)).into())
}
