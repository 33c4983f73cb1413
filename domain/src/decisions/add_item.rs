//! A product goes into a cart, at the catalog's price and not above its stock.

use chrono::{DateTime, Utc};

use crate::cart::{Cart, CartCommand, CartError};
use crate::ids::{ProductId, UserId};
use crate::inventory::Inventory;
use crate::product::Product;
use crate::{Halt, StreamId, Streams};

/// A product to be put into a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddItem {
    /// Whose cart.
    pub user_id: UserId,
    /// What.
    pub product_id: ProductId,
    /// How many more.
    pub quantity: u32,
    /// The time now.
    pub at: DateTime<Utc>,
}

/// Why a cart doesn't change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CartItemError {
    /// There never was such a product, or it was withdrawn.
    #[error("product {product_id} does not exist or is no longer sold")]
    UnknownProduct {
        /// Which.
        product_id: ProductId,
    },
    /// The cart would have more than is for sale.
    #[error("only {available} of product {product_id} in stock, {requested} requested")]
    InsufficientStock {
        /// Of what.
        product_id: ProductId,
        /// For sale now.
        available: u64,
        /// What the cart would have.
        requested: u64,
    },
    /// The cart refuses.
    #[error(transparent)]
    Cart(#[from] CartError),
}

/// Puts the product in. Nothing is reserved: that is the order's.
pub fn add_item<S: Streams>(streams: &mut S, command: &AddItem) -> Result<(), Halt<CartItemError>> {
    let AddItem { user_id, product_id, quantity, at } = *command;
    streams.need(&[
        StreamId::of::<Cart>(user_id),
        StreamId::of::<Product>(product_id),
        StreamId::of::<Inventory>(product_id),
    ])?;
    let product = streams.state::<Product, CartItemError>(product_id)?;
    let unknown = Halt::Refused(CartItemError::UnknownProduct { product_id });
    let unit_price = product.on_sale().ok_or(unknown)?.price;
    let add = CartCommand::AddItem { product_id, quantity, unit_price, at };
    streams.execute::<Cart, CartItemError>(user_id, add)?;
    within_stock(streams, user_id, product_id)
}

/// Refuses a cart that has more of the product than is for sale.
pub(super) fn within_stock<S: Streams>(
    streams: &S,
    user_id: UserId,
    product_id: ProductId,
) -> Result<(), Halt<CartItemError>> {
    let line = streams.state::<Cart, CartItemError>(user_id)?.line(product_id);
    let requested = line.map_or(0, |line| u64::from(line.quantity));
    let available = streams.state::<Inventory, CartItemError>(product_id)?.available();
    if requested > available {
        return Err(Halt::Refused(CartItemError::InsufficientStock { product_id, available, requested }));
    }
    Ok(())
}
