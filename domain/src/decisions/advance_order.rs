//! An order goes one step on: processing, shipped, delivered.

use super::cancel_order::products;
use crate::ids::{OrderId, PersonalId};
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::order::{Order, OrderCommand, OrderError, OrderShipped, OrderStatus};
use crate::{Halt, StreamId, Streams};

/// A step of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvanceOrder {
    /// Which order.
    pub order_id: OrderId,
    /// Which step.
    pub step: Step,
}

/// The steps that staff take; each follows on the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is being prepared.
    Processing {
        /// Staff's note, kept in `personal`.
        note: Option<PersonalId>,
    },
    /// It leaves, and its stock with it.
    Shipped(OrderShipped),
    /// It arrived.
    Delivered {
        /// Staff's note, kept in `personal`.
        note: Option<PersonalId>,
    },
}

/// Why an order doesn't go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceOrderError {
    /// The order refuses: the step doesn't follow on its status.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The stock refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// Takes the step; shipping commits what is reserved for the order.
pub fn advance_order<S: Streams>(
    streams: &mut S,
    command: &AdvanceOrder,
) -> Result<OrderStatus, Halt<AdvanceOrderError>> {
    let order_id = command.order_id;
    match &command.step {
        Step::Processing { note } => {
            streams.execute::<Order, AdvanceOrderError>(
                order_id,
                OrderCommand::StartProcessing { note: *note },
            )?;
        }
        Step::Shipped(shipped) => ship(streams, order_id, shipped)?,
        Step::Delivered { note } => {
            streams.execute::<Order, AdvanceOrderError>(order_id, OrderCommand::Deliver { note: *note })?;
        }
    }
    Ok(streams.state::<Order, AdvanceOrderError>(order_id)?.status)
}

fn ship<S: Streams>(
    streams: &mut S,
    order_id: OrderId,
    shipped: &OrderShipped,
) -> Result<(), Halt<AdvanceOrderError>> {
    let order = streams.state::<Order, AdvanceOrderError>(order_id)?;
    let products = products(order.placed().map_err(|error| Halt::Refused(error.into()))?);
    streams.need(&products.iter().map(StreamId::of::<Inventory>).collect::<Vec<_>>())?;
    streams.execute::<Order, AdvanceOrderError>(order_id, OrderCommand::Ship(shipped.clone()))?;
    for product_id in products {
        streams.execute::<Inventory, AdvanceOrderError>(product_id, InventoryCommand::Commit { order_id })?;
    }
    Ok(())
}
