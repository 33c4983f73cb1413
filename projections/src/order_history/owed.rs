//! Money that is still to go back: of cancelled orders, also of those that expired, what was captured and didn't go back.
//!
//! A cancelled order's refund is made by itself, so it is here for seconds, or for as long as its gateway takes. One that
//! stays is of a refund that failed or came back: somebody has to see to it. So what counts is for how long it is here.
//!
//! There is an index of these orders alone, and it is all that is read, however many were ever cancelled; and of a shop
//! where all goes wrong, the 10,000 that wait longest are enough to say so.

use chrono::{DateTime, Utc};
use domain::{Currency, Minor};
use serde::Deserialize;

use super::queries::Orders;
use crate::live::QueryError;

/// What is still to go back in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Owed {
    /// Which.
    pub currency: Currency,
    /// Of how many orders, up to 10,000.
    pub orders: i64,
    /// How much in all.
    pub amount: Minor,
    /// Since when it has been so of the first of them: it was cancelled then, or a refund of it came back.
    pub since: DateTime<Utc>,
    /// The numbers of the first of them, at most 5.
    pub first: Vec<String>,
}

/// The condition is the index's, word by word, and no other index has its order.
pub(super) const OWED: &str = "
    SELECT coalesce(json_agg(owed ORDER BY owed.currency), '[]')
    FROM (SELECT o.currency, count(*) AS orders, sum(o.captured - o.refunded)::bigint AS amount,
                 min(o.updated_at) AS since, (array_agg(o.number ORDER BY o.updated_at, o.order_id))[1:5] AS first
          FROM (SELECT * FROM order_history_g{g}_orders WHERE status = 'cancelled' AND captured > refunded
                ORDER BY updated_at, order_id LIMIT 10000) o
          GROUP BY o.currency) owed";

impl Orders {
    /// What is still to go back of cancelled orders, by currency; one of which nothing is owed is missing. Nothing where
    /// this version of the read model has not been built yet.
    pub async fn owed(&self) -> Result<Option<Vec<Owed>>, QueryError> {
        match self.live.ask(OWED, |_| Ok(())).await {
            Ok(answer) => Ok(Some(answer.value)),
            Err(QueryError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
