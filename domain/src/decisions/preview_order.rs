//! What an order would come to. Changes nothing, reserves nothing.

use rust_decimal::Decimal;

use super::pricing::{self, OrderSource, Priced, PricingError};
use crate::cart::Cart;
use crate::ids::UserId;
use crate::{Halt, StreamId, Streams};

/// The order that is thought of.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewOrder {
    /// Whose cart, if it is of the cart.
    pub customer_id: Option<UserId>,
    /// What of.
    pub source: OrderSource,
    /// As a fraction, for example `0.05`.
    pub tax_rate: Decimal,
}

/// What the order would come to now, by the prices and rules that [`place_order`](super::place_order()) uses.
pub fn preview_order<S: Streams>(streams: &S, command: &PreviewOrder) -> Result<Priced, Halt<PricingError>> {
    if let (OrderSource::Cart, Some(user)) = (&command.source, command.customer_id) {
        streams.need(&[StreamId::of::<Cart>(user)])?;
    }
    let items = pricing::items(streams, &command.source, command.customer_id)?;
    streams.need(&pricing::streams_of(&items).collect::<Vec<_>>())?;
    pricing::price(streams, &items, command.tax_rate)
}
