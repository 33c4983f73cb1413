//! Daybook from outside: one module for each behaviour, each test with a database of its own.
//!
//! They need a Postgres: `DATABASE_URL` as the restricted role and `DAYBOOK_OWNER_DATABASE_URL` as a role that may
//! create databases. `./dev test` sets both.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access;
mod accounts;
mod accounts_operator;
mod accounts_profile;
mod accounts_sessions;
mod bad_input;
mod cart;
mod catalog;
mod coupons;
mod crash;
mod dev_servers;
mod documents;
mod expiry;
mod freshness;
mod harness;
mod idempotency;
mod import;
mod invoice;
mod lost_broker;
mod lost_database;
mod messages;
mod new_versions;
mod openapi;
mod operations;
mod order_lists;
mod oversell;
mod parked;
mod payments;
mod personal_sweep;
mod place_order;
mod projectors;
mod races;
mod readme;
mod reviews;
mod seller_orders;
mod seller_stats;
mod status;
mod unreadable;
mod worked_examples;
