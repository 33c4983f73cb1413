//! What an order would come to. Changes nothing, reserves nothing.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::pricing::{OrderSource, Priced, PricingError, Wanted};
use crate::cart::Cart;
use crate::coupon::CouponCode;
use crate::ids::{ProductId, UserId};
use crate::inventory::Inventory;
use crate::{Halt, Money, Streams};

/// The order that is thought of.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewOrder {
    /// Whose cart, if it is of the cart.
    pub customer_id: Option<UserId>,
    /// What of.
    pub source: OrderSource,
    /// The coupon to be used; of the cart its own where none is named.
    pub coupon: Option<CouponCode>,
    /// As a fraction, for example `0.05`.
    pub tax_rate: Decimal,
    /// The time now.
    pub at: DateTime<Utc>,
}

/// What it would come to, and what its customer should know of each line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What it would come to.
    pub priced: Priced,
    /// Beside each of its lines.
    pub beside: Vec<BesideLine>,
}

/// What stands beside a line of a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BesideLine {
    /// How many are for sale now. An order of more is refused.
    pub available: u64,
    /// The price when it was put into the cart; none of an item that was named.
    pub added_price: Option<Money>,
}

/// What the order would come to now, by the prices and rules that [`place_order`](super::place_order()) uses.
pub fn preview_order<S: Streams>(streams: &S, command: &PreviewOrder) -> Result<Preview, Halt<PricingError>> {
    let PreviewOrder { customer_id, source, coupon, tax_rate, at } = command;
    let wanted =
        Wanted { source, customer_id: *customer_id, coupon: coupon.as_ref(), tax_rate: *tax_rate, at: *at };
    streams.need(&wanted.streams()?)?;
    let priced: Priced = wanted.price(streams)?;
    let cart = match (source, customer_id) {
        (OrderSource::Cart, Some(user)) => Some(streams.state::<Cart, PricingError>(user)?),
        (OrderSource::Cart, None) | (OrderSource::Items(_), _) => None,
    };
    let added = |product_id: ProductId| cart?.line(product_id).map(|line| line.unit_price);
    let mut beside = Vec::with_capacity(priced.lines.len());
    for line in &priced.lines {
        let available = streams.state::<Inventory, PricingError>(line.product_id)?.available();
        beside.push(BesideLine { available, added_price: added(line.product_id) });
    }
    Ok(Preview { priced, beside })
}
