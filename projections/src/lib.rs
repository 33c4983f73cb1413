//! Read models: one folder each, with its rows, its apply, its queries and its tests.
//!
//! A read model is derived from the public events of the log, in batches, exactly once whatever crashes: a batch's
//! rows and the checkpoint (position and hash) are written in one transaction. What it may count on, and so what a
//! new one must hold to: the events of one aggregate come in order, those of different aggregates in any order. So
//! rows are partial upserts in key order, and counters only add.
//!
//! - [`registry`] lists the read models in Postgres; [`product_search`] is an index of its own.
//! - [`runner`] follows the log and feeds them; [`replay`] builds one anew beside the live one and swaps it in.
//! - `rows` and `tally` are what a rebuild makes in memory and loads by COPY.
//! - [`generation`] and [`live`] say which tables are live, so that queries never see a half-built model.
//! - [`cursor`] is where a list goes on that was read from one of them; a `question` is what it was asked for, in short.
//! - [`parked`] has the aggregates that a read model can't take for now, and tries them again.
//! - [`status`] says how far each consumer of the log has come; [`fingerprint`] compares two builds row by row.
//!
//! A new read model is a folder, a line in the registry and a migration.

mod arrays;
pub mod catalog;
pub mod coupons;
pub mod cursor;
pub mod fingerprint;
pub mod generation;
pub mod live;
mod one_statement;
pub mod order_history;
pub mod parked;
pub mod product_search;
mod question;
pub mod read_model;
pub mod registry;
pub mod replay;
pub mod reviews;
mod rows;
pub mod runner;
pub mod seller_stats;
pub mod status;
mod tally;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use live::{Answer, QueryError};
pub use registry::read_by_all;
pub use runner::kafka::KafkaConfig;
pub use runner::positions::Positions;
pub use runner::source::LogSource;
pub use runner::{Projectors, start, start_from_kafka, start_none};
