//! What an auditor asks, over HTTP and real Postgres, each test on a database of its own.

mod access;
mod guide;
mod harness;
mod history;
mod ledger;
mod numbers;
mod shop;
