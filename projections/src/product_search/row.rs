//! A product in memory: what all that match are looked at for, apart from what is looked at of few.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Currency;
use domain::ids::SellerId;
use domain::review::Rating;
use uuid::Uuid;

use super::fields::Text;
use super::names::{NO_NAME, Name};

/// What is filtered, counted and mostly sorted by. It is kept small: a search goes through those of all products that match.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    /// For sale: on hand − reserved.
    pub(super) stock: i64,
    /// As [`price_key`](super::entry::price_key) says it.
    pub(super) price: i64,
    /// When it came into the catalog, in microseconds.
    pub(super) created: i64,
    pub(super) category: Name,
    pub(super) brand: Name,
    /// Stars on average, in hundredths; 0 without reviews.
    pub(super) average: u16,
    /// What the price is in.
    pub(super) currency: Option<Currency>,
    /// It was described and not withdrawn.
    pub(super) described: bool,
    pub(super) hidden: bool,
    pub(super) featured: bool,
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
pub(super) struct Rest {
    pub(super) id: Uuid,
    pub(super) seller: SellerId,
    pub(super) tags: Arc<[Name]>,
    pub(super) created_at: DateTime<Utc>,
    /// What it is ordered by among [names](super::collation).
    pub(super) name_key: Arc<[u8]>,
    /// What its reviews come to.
    pub(super) rating: Rating,
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
