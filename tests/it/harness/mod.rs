//! What tests run on.

mod app;
mod database;
mod person;

pub use app::{Answer, App, Options};
pub use database::Database;
pub use person::{Person, Product, address, order_of, payment_of};
