//! The public events of a cart. Their aggregate id is the user's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cart, CartEvent};
use crate::Money;
use crate::coupon::CouponCode;
use crate::ids::{OrderId, ProductId};
use crate::public::public_events;

public_events! {
    /// What the world may know of a cart.
    CartPublicEvent of Cart {
        CartItemAdded,
        CartItemQuantityChanged,
        CartItemRemoved,
        CouponApplied,
        CouponRemoved,
        CartCleared,
        CartCheckedOut,
    }
}

impl From<CartEvent> for CartPublicEvent {
    fn from(event: CartEvent) -> Self {
        match event {
            // When it was put in is when the event occurred, which goes with every public event.
            CartEvent::CartItemAdded { product_id, quantity, unit_price, added_at: _ } => {
                Self::CartItemAdded(CartItemAdded { product_id, quantity, unit_price })
            }
            CartEvent::CartItemQuantityChanged { product_id, quantity } => {
                Self::CartItemQuantityChanged(CartItemQuantityChanged { product_id, quantity })
            }
            CartEvent::CartItemRemoved { product_id } => {
                Self::CartItemRemoved(CartItemRemoved { product_id })
            }
            CartEvent::CouponApplied { code } => Self::CouponApplied(CouponApplied { code }),
            CartEvent::CouponRemoved {} => Self::CouponRemoved(CouponRemoved {}),
            CartEvent::CartCleared {} => Self::CartCleared(CartCleared {}),
            CartEvent::CartCheckedOut { order_id } => Self::CartCheckedOut(CartCheckedOut { order_id }),
        }
    }
}

/// A product went in, or more of one that was in already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartItemAdded {
    /// What.
    pub product_id: ProductId,
    /// How many more.
    pub quantity: u32,
    /// Its price at that moment, in minor units.
    pub unit_price: Money,
}

/// The quantity of a line was set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartItemQuantityChanged {
    /// What.
    pub product_id: ProductId,
    /// To how many, at least 1.
    pub quantity: u32,
}

/// A line was taken out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartItemRemoved {
    /// What.
    pub product_id: ProductId,
}

/// A coupon is to be used when the cart is bought, in place of the one before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponApplied {
    /// Its code.
    pub code: CouponCode,
}

/// No coupon is to be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponRemoved {}

/// Everything was taken out, the coupon too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartCleared {}

/// Everything was bought; the cart is empty again and has no coupon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartCheckedOut {
    /// By which order.
    pub order_id: OrderId,
}
