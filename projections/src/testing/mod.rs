//! What the tests of this crate stand on: databases of their own, a history of a shop, and that history in the log.

pub(crate) mod database;
pub(crate) mod history;
pub(crate) mod log;

pub(crate) use database::TestDatabase;
pub(crate) use history::{Happened, Shop, Stored, happened_at};
