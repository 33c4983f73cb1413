//! The quantity of a product in a cart is set, not above its stock.

use super::add_item::{CartItemError, within_stock};
use crate::cart::{Cart, CartCommand};
use crate::ids::{ProductId, UserId};
use crate::inventory::Inventory;
use crate::{Halt, StreamId, Streams};

/// A quantity to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetItemQuantity {
    /// In whose cart.
    pub user_id: UserId,
    /// Of what.
    pub product_id: ProductId,
    /// To how many; 0 takes it out.
    pub quantity: u32,
}

/// Sets the quantity. Fewer of what is no longer in stock, or no longer sold, is refused only while it is still above
/// the stock; 0 never is.
pub fn set_item_quantity<S: Streams>(
    streams: &mut S,
    command: &SetItemQuantity,
) -> Result<(), Halt<CartItemError>> {
    let SetItemQuantity { user_id, product_id, quantity } = *command;
    streams.need(&[StreamId::of::<Cart>(user_id), StreamId::of::<Inventory>(product_id)])?;
    let set = CartCommand::SetQuantity { product_id, quantity };
    streams.execute::<Cart, CartItemError>(user_id, set)?;
    within_stock(streams, user_id, product_id)
}
