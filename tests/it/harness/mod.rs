//! What tests run on.

mod app;
mod bridge;
// The same broker of a test's own that the relay's tests have.
#[path = "../../../event-store/tests/relay/broker.rs"]
mod broker;
mod database;
mod kafka;
mod market;
mod person;
mod process;
mod replayed;
mod until;

pub use app::{Answer, App, Options};
pub use bridge::Bridge;
pub use broker::Broker;
pub use database::Database;
pub use kafka::{OwnTopics, brokers, everything_is_in_kafka};
pub use market::Market;
pub use person::{Person, Product, address, newcomer, order_of, payment_of};
pub use process::{Place, Process};
pub use replayed::equal_a_fresh_replay;
pub use until::{HANGS, seen, until};
