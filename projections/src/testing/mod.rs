//! What the tests of this crate stand on: databases of their own, a history of a shop, and that history in the log.

pub(crate) mod coupons;
pub(crate) mod database;
pub(crate) mod happened;
pub(crate) mod history;
pub(crate) mod kafka;
pub(crate) mod log;
pub(crate) mod reviews;
pub(crate) mod until;

pub(crate) use database::TestDatabase;
pub(crate) use happened::{Happened, Stored};
pub(crate) use history::{Shop, happened_at};
pub(crate) use kafka::Relayed;
pub(crate) use reviews::reviewed;
pub(crate) use until::until;
