//! Many at once, round after round: what may happen once happens once.

mod cart_adds;
mod coupon;
mod last_unit;

/// How often each race is run.
const ROUNDS: usize = 100;
