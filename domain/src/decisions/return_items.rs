//! Goods of a shipped order came back: they are for sale again. The money is another decision.

use std::collections::BTreeMap;

use crate::ids::{OrderId, ProductId};
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::order::{Order, OrderCommand, OrderError, ReturnedItem};
use crate::{Halt, StreamId, Streams};

/// Goods that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnItems {
    /// Of which order.
    pub order_id: OrderId,
    /// Which.
    pub items: Vec<Returned>,
}

/// So many of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The line's place in the order, from 0.
    pub line: u32,
    /// How many.
    pub quantity: u32,
}

/// Why goods are not taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnItemsError {
    /// The order refuses: for example more would come back than was bought.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The stock refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// Records what came back, in the order's stream and in each product's.
pub fn return_items<S: Streams>(
    streams: &mut S,
    command: &ReturnItems,
) -> Result<(), Halt<ReturnItemsError>> {
    let order_id = command.order_id;
    let refuse = |error: OrderError| Halt::Refused(ReturnItemsError::from(error));
    let order = streams.state::<Order, ReturnItemsError>(order_id)?;
    let placed = order.placed().map_err(refuse)?;
    let mut items = Vec::with_capacity(command.items.len());
    let mut by_product: BTreeMap<ProductId, u64> = BTreeMap::new();
    for &Returned { line, quantity } in &command.items {
        let bought = placed.lines.get(line as usize).ok_or(refuse(OrderError::UnknownLine { line }))?;
        let product_id = bought.product_id;
        items.push(ReturnedItem { line, product_id, quantity });
        *by_product.entry(product_id).or_default() += u64::from(quantity);
    }
    streams.need(&by_product.keys().map(StreamId::of::<Inventory>).collect::<Vec<_>>())?;

    streams.execute::<Order, ReturnItemsError>(order_id, OrderCommand::Return { items })?;
    for (product_id, quantity) in by_product {
        let back = InventoryCommand::Return { order_id, quantity };
        streams.execute::<Inventory, ReturnItemsError>(product_id, back)?;
    }
    Ok(())
}
