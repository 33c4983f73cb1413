//! What an auditor asks, over HTTP and real Postgres, each test on a database of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

mod access;
mod guide;
mod harness;
mod history;
mod ledger;
mod numbers;
mod shop;
