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
//! - From a text to [words]: [analyze], [normal], [numbers], [units], [language], [synonyms]; from what is typed to words:
//!   [typed], [plan], [together], [spelling].
//! - From words to products: [matching], products [`by_count`] of words, [scale], [weights]; from products to an answer: [sift],
//!   [filter], [facets], [order] and [collation], [page], [highlight], [spots], [suggest]. [search] is asked a [query], of a
//!   [snapshot]; [quick] says on which thread.
//! - From events to an index: [feed], [tokens], [sieve], [index] of [fields], [disk] of [segment]s, what of it is [kept] as
//!   sets of [slots], the [shelf] of each [entry], [vocabulary], [background], [counts], [categories], and the table of [row]s
//!   in [column]s with its [names] in [shards], and with the slots [`by_name`] and [`by_seller`] in [runs]; [projector], by
//!   [commits], and [replay] drive it, in its [home], where [versions] are beside each other, and it is shown when it has come
//!   far enough: [showing].
//! - What can't be taken parks its aggregate in a [lot], which a [keeper] looks after, until a [retry]; [telling] is how it
//!   says how far the index is.

mod analyze;
mod background;
mod by_count;
mod by_name;
mod by_seller;
mod categories;
mod collation;
mod column;
mod commits;
mod counts;
mod disk;
mod entry;
mod facets;
mod feed;
mod fields;
mod filter;
mod highlight;
mod home;
mod index;
mod keeper;
mod kept;
mod language;
mod lot;
mod matching;
mod names;
mod normal;
mod numbers;
mod order;
mod page;
mod plan;
mod projector;
mod query;
mod quick;
mod replay;
mod retry;
mod row;
mod runs;
mod scale;
mod search;
mod segment;
mod shards;
mod shelf;
mod showing;
mod sieve;
mod sift;
mod slots;
mod snapshot;
mod spelling;
mod spots;
mod suggest;
mod synonyms;
mod table;
mod telling;
#[cfg(test)]
mod tests;
mod together;
mod tokens;
mod typed;
mod units;
mod versions;
mod vocabulary;
mod weights;
mod words;

pub use self::entry::Entry;
pub(crate) use self::home::building_on_disk;
pub use self::home::{Home, IndexOnDisk, name_on_disk, on_disk};
pub use self::index::SearchError;
pub use self::language::Language;
pub use self::query::{
    BrandCount, CategoryCount, CategoryOf, Facets, Highlights, Hit, PriceCount, RatingCount, SearchPage,
    SearchQuery, Sort,
};
pub use self::replay::replay;
pub(crate) use self::replay::replay_until;
pub(crate) use self::retry::{ask, is_index};
pub use self::search::{ProductSearch, start};
pub use self::suggest::{Completion, Suggestions};
pub use self::synonyms::SynonymsError;
pub(crate) use self::versions::{require_live, retire};
pub use self::weights::{Weight, Weights};
pub use self::words::Words;

use crate::runner::refused;

/// The read model's name.
pub const NAME: &str = "product_search";

/// How this build makes documents, and reads them. An index of another version is another build's, in a folder of its own.
pub const VERSION: i32 = 5;

/// The aggregates whose events it reads.
pub const AGGREGATES: &[&str] = &["products", "inventory", "categories", "reviews"];
