//! From a question to an answer.
//!
//! In goes a [query], or what was typed so far; out come a [page](mod@page) of products, and what may be meant
//! ([suggest](mod@suggest)). Nothing is kept here between two questions: each is asked of a snapshot, by the handle that
//! [search](mod@search) has, on the thread that [quick] says.
//!
//! - Of the products that match, or of all, those are sifted that are wanted ([sift], [filter]), counted ([facets]) and put
//!   in an [order].
//! - Of those that are shown the words that were found are marked: [highlight].

mod facets;
mod filter;
mod highlight;
mod order;
mod page;
mod query;
mod quick;
mod results;
mod search;
mod sift;
mod suggest;

#[cfg(test)]
pub(crate) use self::page::search;
pub use self::query::{SearchQuery, Sort};
#[cfg(test)]
pub(crate) use self::quick::{is_quick, is_quickly_completed};
pub use self::results::{
    BrandCount, CategoryCount, CategoryOf, Facets, Highlights, Hit, PriceCount, RatingCount, SearchPage,
};
pub use self::search::{ProductSearch, start};
#[cfg(test)]
pub(crate) use self::suggest::suggest;
pub use self::suggest::{Completion, Suggestions};
