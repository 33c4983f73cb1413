//! A product's stock is received, adjusted, or set.

use crate::ids::{PersonalId, ProductId};
use crate::inventory::{Inventory, InventoryCommand, InventoryError, MOST_ON_HAND};
use crate::product::Product;
use crate::{Halt, StreamId, Streams};

/// A change of a product's stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveOrAdjustStock {
    /// Which product.
    pub product_id: ProductId,
    /// What changes.
    pub change: StockChange,
    /// Why, kept in `personal`.
    pub reason: Option<PersonalId>,
}

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockChange {
    /// So many more: above 0 they are received, below 0 adjusted away.
    By(i64),
    /// A count found so many more or fewer.
    AdjustBy(i64),
    /// So many shall be for sale (on hand − reserved): the difference is an adjustment, none if there is none.
    SetAvailable(u64),
}

/// Why a stock doesn't change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StockError {
    /// There never was such a product, or it was withdrawn.
    #[error("product {product_id} does not exist or is no longer sold")]
    UnknownProduct {
        /// Which.
        product_id: ProductId,
    },
    /// The stock refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// Changes the stock of a product in the catalog.
pub fn receive_or_adjust_stock<S: Streams>(
    streams: &mut S,
    command: &ReceiveOrAdjustStock,
) -> Result<(), Halt<StockError>> {
    let ReceiveOrAdjustStock { product_id, change, reason } = *command;
    streams.need(&[StreamId::of::<Product>(product_id), StreamId::of::<Inventory>(product_id)])?;
    if streams.state::<Product, StockError>(product_id)?.kept().is_none() {
        return Err(Halt::Refused(StockError::UnknownProduct { product_id }));
    }
    let inventory = match change {
        StockChange::By(quantity) if quantity > 0 => {
            InventoryCommand::Receive { quantity: quantity.unsigned_abs(), reason }
        }
        StockChange::By(delta) | StockChange::AdjustBy(delta) => InventoryCommand::Adjust { delta, reason },
        StockChange::SetAvailable(target) => {
            let available = streams.state::<Inventory, StockError>(product_id)?.available();
            if target == available {
                return Ok(());
            }
            // Both are at most MOST_ON_HAND, far inside an i64.
            let too_much = Halt::Refused(InventoryError::TooMuch.into());
            let target = i64::try_from(target.min(MOST_ON_HAND + 1)).map_err(|_| too_much)?;
            InventoryCommand::Adjust { delta: target.saturating_sub_unsigned(available), reason }
        }
    };
    streams.execute::<Inventory, StockError>(product_id, inventory)
}
