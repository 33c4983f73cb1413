//! The relay, against a real Postgres and a real Kafka: what an analyst gets, and what happens when parts of it die.
//!
//! Each test has a database and topics of its own, which go with it. Nothing waits by sleeping.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are all tests, their modules too"
)]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod broker;
mod events;
mod harness;
mod order;
mod outage;
mod process;
mod records;
mod restart;
mod stops;
mod takeover;
mod topics;
