//! The pure heart of Daybook: aggregates, value objects and the decisions that span aggregates.
//!
//! Nothing here reads a clock, draws a random number or does IO: times, ids and prices come in with
//! the command. Each aggregate is one folder whose main file reads from top to bottom: the lifecycle
//! in words, state, commands, `decide`, events, `evolve`, errors.

pub mod aggregate;
pub mod cart;
pub mod category;
mod causes;
pub mod change;
pub mod claim;
pub mod coupon;
pub mod decisions;
pub mod ids;
pub mod imported;
pub mod inventory;
pub mod money;
pub mod order;
pub mod payment;
pub mod product;
pub mod public;
pub mod purchases;
pub mod record;
pub mod review;
pub mod shelf;
pub mod streams;
pub mod tax;

pub use aggregate::Decide;
pub use causes::with_causes;
pub use change::Change;
pub use money::{Currency, Minor, Money};
pub use record::Record;
pub use streams::{Halt, StreamId, Streams};
