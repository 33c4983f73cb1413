//! Full-text search of products, which lives where it is queried.
//!
//! Each process that answers searches keeps an index of its own of the log, under `DAYBOOK_HOME/search`: a large one on
//! disk, by Tantivy, that is committed every few seconds; in memory the texts that have changed since, which mask what the
//! disk says; and in memory too a [table] of what products are filtered, counted and sorted by. So what is found is of
//! the position that the feed has come to, and a sale or a review, which only changes numbers in the table, rewrites no text. ADR
//! 0011 has the reasons and the figures.
//!
//! The commit's payload is the checkpoint, `position:hash`; an index whose checkpoint is not in the log, or of another
//! language, is thrown away and built again.
//!
//! Its parts, each of which uses some of those before it and none behind it:
//!
//! - [text]: from a text to words.
//! - [table]: what is known of every product, in memory.
//! - [index]: their texts on disk and what has changed since, fed from events and seen as snapshots.
//! - [relevance]: from what is typed to the products that match, and how well.
//! - [parking]: what an index can't take.
//! - [lifecycle]: where indexes are, and how one is fed, shown, built anew and deleted.
//! - [answer]: from a question to an answer.

mod answer;
mod index;
mod lifecycle;
mod parking;
mod relevance;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use self::answer::{
    BrandCount, CategoryCount, CategoryOf, Completion, Facets, Highlights, Hit, PriceCount, ProductSearch,
    RatingCount, SearchPage, SearchQuery, Sort, Suggestions, start,
};
pub use self::index::SearchError;
pub use self::lifecycle::{Home, IndexOnDisk, is_fed, name_on_disk, on_disk, replay};
pub(crate) use self::lifecycle::{building_on_disk, replay_until, require_live, retire};
pub(crate) use self::parking::{ask, is_index, outcome};
pub use self::relevance::{Weight, Weights};
pub use self::text::{Entry, Language, SynonymsError, Words};

/// The read model's name.
pub const NAME: &str = "product_search";

/// How this build makes documents, and reads them. An index of another version is another build's, in a folder of its own.
pub const VERSION: i32 = 5;

/// The aggregates whose events it reads.
pub const AGGREGATES: &[&str] = &["products", "inventory", "categories", "reviews"];
