//! What tests run on.

mod app;
mod bridge;
// The same broker of a test's own that the relay's tests have.
#[path = "../../../event-store/tests/relay/broker.rs"]
mod broker;
mod database;
mod person;
mod process;
mod until;

pub use app::{Answer, App, Options};
pub use bridge::Bridge;
pub use broker::Broker;
pub use database::Database;
pub use person::{Person, Product, address, order_of, payment_of};
pub use process::{Place, Process};
pub use until::{HANGS, until};
