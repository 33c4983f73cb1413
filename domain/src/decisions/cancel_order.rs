//! An order is given up before it is shipped: its stock is for sale again, its coupon may be used again, and its money
//! goes back.

use chrono::{DateTime, Utc};

use super::request_refund;
use crate::coupon::{Coupon, CouponCommand, CouponError};
use crate::ids::{OrderId, PersonalId, ProductId, RefundId};
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::order::{CancelCause, Order, OrderCommand, OrderError, OrderPlaced};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Halt, Minor, StreamId, Streams};

/// An order to be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelOrder {
    /// Which.
    pub order_id: OrderId,
    /// Who or what gives it up; `Expired` only when its time to pay is over.
    pub cause: CancelCause,
    /// In whose words, kept in `personal`.
    pub reason: Option<PersonalId>,
    /// The time now.
    pub at: DateTime<Utc>,
    /// The id of the refund, needed if its payment was captured.
    pub refund_id: RefundId,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelledOrder {
    /// What goes back, in minor units of the order's currency: `refund_id` was requested unless it is 0.
    pub refund: Minor,
}

/// Why an order can't be given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelOrderError {
    /// The order refuses: for example it was shipped.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The stock refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The coupon refuses.
    #[error(transparent)]
    Coupon(#[from] CouponError),
    /// The payment refuses.
    #[error(transparent)]
    Payment(#[from] PaymentError),
}

/// Cancels the order, releases (or expires) its stock and its coupon, and cancels its payment or requests a refund of
/// what is left of it.
pub fn cancel_order<S: Streams>(
    streams: &mut S,
    command: &CancelOrder,
) -> Result<CancelledOrder, Halt<CancelOrderError>> {
    let CancelOrder { order_id, cause, reason, at, refund_id } = *command;
    let order = streams.state::<Order, CancelOrderError>(order_id)?;
    let placed = order.placed().map_err(|error| Halt::Refused(error.into()))?.clone();
    let products = products(&placed);
    let mut known = vec![StreamId::of::<Payment>(placed.payment_id)];
    known.extend(products.iter().map(StreamId::of::<Inventory>));
    known.extend(placed.coupon_code.iter().map(StreamId::of::<Coupon>));
    streams.need(&known)?;

    streams.execute::<Order, CancelOrderError>(order_id, OrderCommand::Cancel { cause, reason, at })?;
    for product_id in products {
        let free = match cause {
            CancelCause::Customer | CancelCause::Staff => InventoryCommand::Release { order_id },
            CancelCause::Expired => InventoryCommand::Expire { order_id, at },
        };
        streams.execute::<Inventory, CancelOrderError>(product_id, free)?;
    }
    if let (Some(code), Some(user_id)) = (&placed.coupon_code, placed.customer_id) {
        let release = CouponCommand::Release { order_id, user_id };
        streams.execute::<Coupon, CancelOrderError>(code, release)?;
    }
    if streams.state::<Payment, CancelOrderError>(placed.payment_id)?.captured.is_some() {
        let refund = request_refund::of_cancelled(streams, placed.payment_id, refund_id, reason)?;
        return Ok(CancelledOrder { refund });
    }
    streams.execute::<Payment, CancelOrderError>(placed.payment_id, PaymentCommand::Cancel)?;
    Ok(CancelledOrder { refund: 0 })
}

/// The products of an order, each once: a reservation is by order and product, however many lines it has.
fn products(placed: &OrderPlaced) -> Vec<ProductId> {
    let mut products: Vec<ProductId> = placed.lines.iter().map(|line| line.product_id).collect();
    products.sort_unstable();
    products.dedup();
    products
}
