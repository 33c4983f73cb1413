//! Many at once, round after round: what may happen once happens once.

mod cancel_or_pay;
mod cart_adds;
mod coupon;
mod default_address;
mod last_unit;
mod pay_twice;
mod refresh;
mod refunds;
mod register;
mod webhook;

/// How often each race is run.
const ROUNDS: usize = 100;
