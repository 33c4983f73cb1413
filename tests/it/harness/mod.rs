//! What tests run on.

mod app;
mod bridge;
mod database;
mod person;
mod process;

pub use app::{Answer, App, Options};
pub use bridge::Bridge;
pub use database::Database;
pub use person::{Person, Product, address, order_of, payment_of};
pub use process::{Place, Process};
