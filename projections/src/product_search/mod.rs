//! Full-text search of products: a Tantivy index that lives where it is queried.
//!
//! Each process that answers searches feeds an index of its own from the log, under `DAYBOOK_HOME/search`. The commit's
//! payload is the checkpoint, `position:hash`; an index whose checkpoint is not in the log is thrown away and built
//! again. Search answers ids; what is shown of a product comes from the [catalog](crate::catalog).
//!
//! A movement of goods is only arithmetic here: a product's document is written again when the product changes or
//! comes into or out of stock.

mod entry;
mod fields;
mod home;
mod index;
mod projector;
mod query;
mod replay;
mod search;
mod stock;
#[cfg(test)]
mod tests;

pub use self::home::{Home, position_on_disk};
pub use self::index::SearchError;
pub use self::query::{SearchPage, SearchQuery, Sort};
pub use self::replay::replay;
pub use self::search::{ProductSearch, start};

/// The read model's name.
pub const NAME: &str = "product_search";

/// The aggregates whose events it reads.
pub const AGGREGATES: &[&str] = &["products", "inventory"];
