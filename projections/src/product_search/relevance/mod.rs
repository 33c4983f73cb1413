//! From what is typed to the products that match it, and how well.
//!
//! In go a text and a snapshot; out come slots with scores, in no order, of all products that anybody may find. What else
//! is asked of them is no matter here.
//!
//! - What is [typed] are words and phrases. A [plan] says what may stand for each: what means the same, what is written
//!   [together] or apart, and, by [spelling], how it ends or what it is nearly.
//! - Which products are [matching](mod@matching) is a question of sets, of those [having] a word and of those
//!   that have several, [`by_count`]; how well, of [weights] and of the [scale] of the catalog.

mod by_count;
mod having;
mod matching;
mod plan;
mod scale;
pub(crate) mod spelling;
mod together;
mod typed;
mod weights;

pub(crate) use self::by_count::ByCount;
pub(crate) use self::having::products_with;
pub(crate) use self::matching::{Match, matching};
#[cfg(test)]
pub(crate) use self::plan::Alternative;
pub(crate) use self::plan::{MUCH_MORE, Plan, RARE};
pub(crate) use self::scale::Scale;
pub(crate) use self::typed::Typed;
pub use self::weights::{Weight, Weights};
