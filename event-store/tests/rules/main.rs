//! The twenty rules of `docs/log.md`: each has a test here, named after it, that breaks when the rule is taken out.
//!
//! Real parts only: Postgres, a database of its own for each test, and between it and a decider a proxy that holds,
//! cuts and freezes connections where a test says so. Aggregates are the tests' own, several deciders run in one
//! process, and nothing waits by sleeping.

// The lint's exception for tests reaches only what carries #[test], and these helpers are called from there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod append;
mod contention;
mod decider;
mod faults;
mod harness;
mod housekeeping;
mod idempotency;
mod limits;
mod loading;
mod pool;
mod process;
mod proxy;
mod reading;
mod refused;
mod roles;
mod shop;
mod snapshots;
mod stress;
mod tail;
mod together;
mod verify;
