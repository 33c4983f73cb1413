//! An order, or a seller's part of it, goes one step on: processing, shipped, delivered.

use crate::ids::{OrderId, PersonalId, ProductId};
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::order::{Lines, Order, OrderCommand, OrderError, OrderStatus, Parcel};
use crate::{Halt, StreamId, Streams};

/// A step of an order's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvanceOrder {
    /// Which order.
    pub order_id: OrderId,
    /// Which of its lines: a seller's step is for the seller's own.
    pub lines: Lines,
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
    Shipped(Parcel),
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

/// Takes the step; shipping commits what is reserved for the lines that leave. Answers what the order is then.
pub fn advance_order<S: Streams>(
    streams: &mut S,
    command: &AdvanceOrder,
) -> Result<OrderStatus, Halt<AdvanceOrderError>> {
    let AdvanceOrder { order_id, lines, ref step } = *command;
    match step {
        Step::Processing { note } => {
            let start = OrderCommand::StartProcessing { lines, note: *note };
            streams.execute::<Order, AdvanceOrderError>(order_id, start)?;
        }
        Step::Shipped(parcel) => ship(streams, order_id, lines, parcel)?,
        Step::Delivered { note } => {
            let deliver = OrderCommand::Deliver { lines, note: *note };
            streams.execute::<Order, AdvanceOrderError>(order_id, deliver)?;
        }
    }
    Ok(streams.state::<Order, AdvanceOrderError>(order_id)?.status)
}

fn ship<S: Streams>(
    streams: &mut S,
    order_id: OrderId,
    lines: Lines,
    parcel: &Parcel,
) -> Result<(), Halt<AdvanceOrderError>> {
    let order = streams.state::<Order, AdvanceOrderError>(order_id)?;
    let products = leaving(order, lines).map_err(|error| Halt::Refused(error.into()))?;
    streams.need(&products.iter().map(StreamId::of::<Inventory>).collect::<Vec<_>>())?;
    let ship = OrderCommand::Ship { lines, parcel: parcel.clone() };
    streams.execute::<Order, AdvanceOrderError>(order_id, ship)?;
    for product_id in products {
        streams.execute::<Inventory, AdvanceOrderError>(product_id, InventoryCommand::Commit { order_id })?;
    }
    Ok(())
}

/// The products of the lines that leave, each once. A reservation is by order and product, however many lines it has;
/// a product has one seller, so all its lines leave together.
fn leaving(order: &Order, lines: Lines) -> Result<Vec<ProductId>, OrderError> {
    let placed = order.placed()?;
    let leaving = order.stepping(lines, OrderStatus::Processing, OrderStatus::Shipped)?;
    let lines = leaving.iter().filter_map(|place| placed.lines.get(*place as usize));
    let mut products: Vec<ProductId> = lines.map(|line| line.product_id).collect();
    products.sort_unstable();
    products.dedup();
    Ok(products)
}
