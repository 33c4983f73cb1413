//! A product in memory: what all that match are looked at for, apart from what is looked at of few.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::SellerId;
use domain::review::Rating;
use domain::{Currency, Money};
use uuid::Uuid;

use super::names::{NO_NAME, Name};
use crate::product_search::text::Text;

/// What is filtered, counted and mostly sorted by. It is kept small: a search goes through those of all products that match.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row {
    /// For sale: on hand − reserved.
    pub(crate) stock: i64,
    /// As [`price_key`] says it.
    pub(crate) price: i64,
    /// When it came into the catalog, in microseconds.
    pub(crate) created: i64,
    pub(crate) category: Name,
    pub(crate) brand: Name,
    /// Stars on average, in hundredths; 0 without reviews.
    pub(crate) average: u16,
    /// What the price is in.
    pub(crate) currency: Option<Currency>,
    /// It was described and not withdrawn.
    pub(crate) described: bool,
    pub(super) hidden: bool,
    pub(crate) featured: bool,
}

impl Row {
    /// What is known of a product that isn't described.
    pub(super) fn of_numbers(stock: i64, average: u16) -> Self {
        Self { stock, average, category: NO_NAME, brand: NO_NAME, ..Self::default() }
    }

    /// Whether anybody may find it.
    pub(super) fn is_shown(&self) -> bool {
        self.described && !self.hidden
    }
}

/// The rest of a row.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    pub(crate) id: Uuid,
    pub(crate) seller: SellerId,
    pub(crate) tags: Arc<[Name]>,
    pub(crate) created_at: DateTime<Utc>,
    /// What it is ordered by among [names](super::collation).
    pub(crate) name_key: Arc<[u8]>,
    /// What its reviews come to.
    pub(crate) rating: Rating,
}

impl Rest {
    pub(super) fn of(id: Uuid) -> Self {
        Self {
            id,
            seller: SellerId(Uuid::nil()),
            tags: Arc::new([]),
            created_at: DateTime::UNIX_EPOCH,
            name_key: Arc::new([]),
            rating: Rating::default(),
        }
    }
}

impl Default for Rest {
    fn default() -> Self {
        Self::of(Uuid::nil())
    }
}

/// How many words each text of a product has.
pub(super) type Lengths = [u16; Text::COUNT];

/// A price as a number of ten-thousandths of its currency's major unit, whatever its decimals: no currency of ISO 4217 has
/// more than four.
pub(crate) fn price_key(price: Money) -> i64 {
    price.amount.saturating_mul(10_i64.pow(4_u32.saturating_sub(price.currency.decimals())))
}
