//! Many at once, round after round: what may happen once happens once.

mod cart_adds;
mod coupon;
mod default_address;
mod last_unit;
mod refresh;
mod register;

/// How often each race is run.
const ROUNDS: usize = 100;
