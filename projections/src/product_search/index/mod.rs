//! The index of products: their texts on disk, and what has changed since.
//!
//! In go a folder and the events of the log; out come snapshots, one of each position, in which words are looked up. It
//! knows neither what is asked nor where the log is: it is fed, and says what of that it has on disk.
//!
//! - The [feed] takes events in, and commits what has changed to the [store], in which documents have these [fields]; their
//!   merges are done in the [background], and what is counted of products has a file of its own, [counts].
//! - A commit is a [disk] of [segment]s with one [vocabulary]. What of it was asked for lately is [kept] as sets, and what
//!   was shown is on the [shelf].
//! - A [snapshot] is a commit with what masks it, and the table.

mod background;
mod counts;
mod disk;
mod feed;
mod fields;
mod kept;
mod segment;
mod shelf;
mod snapshot;
mod store;
mod vocabulary;

pub(crate) use self::feed::{Committed, Feed};
pub(crate) use self::segment::List;
pub(crate) use self::shelf::Ready;
pub(crate) use self::snapshot::Snapshot;
pub use self::store::SearchError;
pub(crate) use self::store::{Store, look};
