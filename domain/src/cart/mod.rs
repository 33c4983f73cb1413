//! A user's cart. Its id is the user's.
//!
//! Products go in, their quantity is set, they are taken out, or everything is. Checking out empties the cart for
//! an order; the cart then begins anew. All prices of a cart have one currency, the first line's. The price in a
//! line is that of the moment when it was put in, to show what has changed: what is paid is the catalog's. A coupon may
//! lie in the cart, one at a time; what it takes off is found out when it is shown and when it is bought.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::coupon::CouponCode;
use crate::ids::{OrderId, ProductId};
use crate::{Currency, Decide, Money, cqrs_aggregate};

mod events;
pub mod public;

pub use events::CartEvent;

/// The most units of one product in a cart.
pub const MOST_UNITS: u32 = 999;
/// The most products in a cart; an order has as many lines at most.
pub const MOST_LINES: usize = 200;

/// The cart of one user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    /// In the order in which they were put in.
    pub lines: Vec<CartLine>,
    /// The coupon to be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponCode>,
}

/// One product of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// What.
    pub product_id: ProductId,
    /// How many: 1 to [`MOST_UNITS`].
    pub quantity: u32,
    /// Its price when it was last put in.
    pub unit_price: Money,
    /// When it was first put in; nothing where its event is older than the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_at: Option<DateTime<Utc>>,
}

/// What may be asked of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CartCommand {
    /// Put a product in, or more of it.
    AddItem {
        /// What.
        product_id: ProductId,
        /// How many more.
        quantity: u32,
        /// Its price now.
        unit_price: Money,
        /// The time now.
        at: DateTime<Utc>,
    },
    /// Set the quantity of a line; 0 takes it out. Setting what it is already changes nothing.
    SetQuantity {
        /// Of what.
        product_id: ProductId,
        /// To how many.
        quantity: u32,
    },
    /// Take a product out.
    RemoveItem {
        /// What.
        product_id: ProductId,
    },
    /// Use a coupon, in place of another. Whether it takes something off is the coupon's matter.
    ApplyCoupon {
        /// Its code.
        code: CouponCode,
    },
    /// Use no coupon; nothing happens to a cart without one.
    RemoveCoupon,
    /// Take everything out; nothing happens to an empty cart.
    Clear,
    /// Everything is bought.
    CheckOut {
        /// By which order.
        order_id: OrderId,
    },
}

impl Cart {
    /// The line of a product.
    pub fn line(&self, product_id: ProductId) -> Option<&CartLine> {
        self.lines.iter().find(|line| line.product_id == product_id)
    }

    /// The currency of every price; any while it is empty.
    pub fn currency(&self) -> Option<Currency> {
        self.lines.first().map(|line| line.unit_price.currency)
    }

    fn add(
        &self,
        product_id: ProductId,
        quantity: u32,
        unit_price: Money,
        at: DateTime<Utc>,
    ) -> Result<Vec<CartEvent>, CartError> {
        if quantity == 0 {
            return Err(CartError::ZeroQuantity);
        }
        if let Some(currency) = self.currency().filter(|currency| *currency != unit_price.currency) {
            return Err(CartError::OtherCurrency { cart: currency, product: unit_price.currency });
        }
        let line = self.line(product_id);
        if line.is_none() && self.lines.len() >= MOST_LINES {
            return Err(CartError::TooManyLines);
        }
        within_limit(line.map_or(0, |line| line.quantity).saturating_add(quantity))?;
        Ok(vec![CartEvent::CartItemAdded { product_id, quantity, unit_price, added_at: Some(at) }])
    }

    fn set(&self, product_id: ProductId, quantity: u32) -> Result<Vec<CartEvent>, CartError> {
        let line = self.line(product_id).ok_or(CartError::NotInCart { product_id })?;
        within_limit(quantity)?;
        Ok(if quantity == 0 {
            vec![CartEvent::CartItemRemoved { product_id }]
        } else if quantity == line.quantity {
            vec![]
        } else {
            vec![CartEvent::CartItemQuantityChanged { product_id, quantity }]
        })
    }

    fn apply_coupon(&self, code: CouponCode) -> Result<Vec<CartEvent>, CartError> {
        if self.lines.is_empty() {
            return Err(CartError::Empty);
        }
        Ok(if self.coupon.as_ref() == Some(&code) { vec![] } else { vec![CartEvent::CouponApplied { code }] })
    }

    fn line_mut(&mut self, product_id: ProductId) -> Option<&mut CartLine> {
        self.lines.iter_mut().find(|line| line.product_id == product_id)
    }
}

impl Decide for Cart {
    const TYPE: &'static str = "carts";
    type Command = CartCommand;
    type Event = CartEvent;
    type Error = CartError;

    fn decide(&self, command: CartCommand) -> Result<Vec<CartEvent>, CartError> {
        match command {
            CartCommand::AddItem { product_id, quantity, unit_price, at } => {
                self.add(product_id, quantity, unit_price, at)
            }
            CartCommand::SetQuantity { product_id, quantity } => self.set(product_id, quantity),
            CartCommand::RemoveItem { product_id } => self.set(product_id, 0),
            CartCommand::ApplyCoupon { code } => self.apply_coupon(code),
            CartCommand::RemoveCoupon if self.coupon.is_none() => Ok(vec![]),
            CartCommand::RemoveCoupon => Ok(vec![CartEvent::CouponRemoved {}]),
            CartCommand::Clear if self.lines.is_empty() && self.coupon.is_none() => Ok(vec![]),
            CartCommand::Clear => Ok(vec![CartEvent::CartCleared {}]),
            CartCommand::CheckOut { order_id: _ } if self.lines.is_empty() => Err(CartError::Empty),
            CartCommand::CheckOut { order_id } => Ok(vec![CartEvent::CartCheckedOut { order_id }]),
        }
    }

    fn evolve(&mut self, event: &CartEvent) {
        match event {
            CartEvent::CartItemAdded { product_id, quantity, unit_price, added_at } => {
                if let Some(line) = self.line_mut(*product_id) {
                    line.quantity = line.quantity.saturating_add(*quantity);
                    line.unit_price = *unit_price;
                } else {
                    let (product_id, quantity, unit_price) = (*product_id, *quantity, *unit_price);
                    self.lines.push(CartLine { product_id, quantity, unit_price, added_at: *added_at });
                }
            }
            CartEvent::CartItemQuantityChanged { product_id, quantity } => {
                if let Some(line) = self.line_mut(*product_id) {
                    line.quantity = *quantity;
                }
            }
            CartEvent::CartItemRemoved { product_id } => {
                self.lines.retain(|line| line.product_id != *product_id);
            }
            CartEvent::CouponApplied { code } => self.coupon = Some(code.clone()),
            CartEvent::CouponRemoved {} => self.coupon = None,
            CartEvent::CartCleared {} | CartEvent::CartCheckedOut { order_id: _ } => {
                self.lines.clear();
                self.coupon = None;
            }
        }
    }
}

cqrs_aggregate!(Cart);

fn within_limit(quantity: u32) -> Result<(), CartError> {
    if quantity > MOST_UNITS { Err(CartError::TooMany) } else { Ok(()) }
}

/// Why a cart refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// Nothing can't be put in.
    #[error("the quantity must be at least 1")]
    ZeroQuantity,
    /// More than [`MOST_UNITS`] of one product.
    #[error("a cart holds at most {MOST_UNITS} of one product")]
    TooMany,
    /// More than [`MOST_LINES`] products.
    #[error("a cart holds at most {MOST_LINES} different products")]
    TooManyLines,
    /// A cart has one currency.
    #[error("the cart is in {cart} and the product's price in {product}")]
    OtherCurrency {
        /// The cart's.
        cart: Currency,
        /// The product's.
        product: Currency,
    },
    /// The product is not in the cart.
    #[error("product {product_id} is not in the cart")]
    NotInCart {
        /// Which.
        product_id: ProductId,
    },
    /// There is nothing to check out or to take a coupon for.
    #[error("the cart is empty")]
    Empty,
}

#[cfg(test)]
mod tests;
