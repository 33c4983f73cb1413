//! A coupon is put into a cart, if it takes something off that cart now.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::quote_cart::{Quoting, offers_of_cart, quote_cart};
use crate::cart::{Cart, CartCommand, CartError};
use crate::coupon::{Coupon, CouponCode, CouponError};
use crate::ids::UserId;
use crate::order::TotalsError;
use crate::{Halt, StreamId, Streams};

/// A coupon to be put into a cart.
#[derive(Clone, Debug)]
pub struct ApplyCoupon {
    /// Which.
    pub code: CouponCode,
    /// Into whose cart.
    pub user_id: UserId,
    /// The time now.
    pub at: DateTime<Utc>,
}

/// Why it is not put in. The words are for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyCouponError {
    /// It takes nothing off.
    #[error(transparent)]
    Coupon(#[from] CouponError),
    /// The cart refuses.
    #[error(transparent)]
    Cart(#[from] CartError),
    /// The cart has no total.
    #[error(transparent)]
    Totals(#[from] TotalsError),
}

/// Puts it in, in place of another. It isn't redeemed: that is the order's.
pub fn apply_coupon<S: Streams>(
    streams: &mut S,
    command: &ApplyCoupon,
) -> Result<(), Halt<ApplyCouponError>> {
    let ApplyCoupon { code, user_id, at } = command;
    streams.need(&[StreamId::of::<Cart>(user_id), StreamId::of::<Coupon>(code)])?;
    streams
        .state::<Coupon, ApplyCouponError>(code)?
        .in_force()
        .map_err(|error| Halt::Refused(error.into()))?;
    let apply = CartCommand::ApplyCoupon { code: code.clone() };
    streams.execute::<Cart, ApplyCouponError>(user_id, apply)?;
    let (offers, coupon) = offers_of_cart(streams, *user_id)?;
    let cart = streams.state::<Cart, ApplyCouponError>(user_id)?;
    let currency = cart.currency().ok_or(Halt::Refused(CartError::Empty.into()))?;
    // What is taken off doesn't depend on the tax.
    let quoting = Quoting { user_id: *user_id, at: *at, tax_rate: Decimal::ZERO, currency };
    let quote = quote_cart(cart, &offers, coupon.as_ref(), quoting)
        .map_err(|error| Halt::Refused(ApplyCouponError::from(error)))?;
    match quote.coupon_problem {
        Some(problem) => Err(Halt::Refused(problem.into())),
        None => Ok(()),
    }
}
