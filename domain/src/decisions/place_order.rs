//! Placing an order: prices are frozen, stock is reserved, the coupon is redeemed, the cart is checked out and the
//! payment is opened, or nothing of it happens.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::capture_payment::{self, CapturePaymentError};
use super::pricing::{OrderSource, Priced, PricingError, Wanted};
use crate::cart::{Cart, CartCommand, CartError};
use crate::coupon::{Coupon, CouponCode, CouponCommand, CouponError};
use crate::ids::{OrderId, PaymentId, PersonalId, ProductId, UserId};
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::order::{Order, OrderCommand, OrderError, OrderStatus, Place, Region};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Halt, Money, StreamId, Streams};

/// An order to be placed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceOrder {
    /// The order's id, made by the caller.
    pub order_id: OrderId,
    /// The number that people use: `ORD-2026-000100`.
    pub number: String,
    /// Nobody for a guest, who has no cart either.
    pub customer_id: Option<UserId>,
    /// What is bought.
    pub source: OrderSource,
    /// The coupon to be used; of the cart its own where none is named.
    pub coupon: Option<CouponCode>,
    /// The time now.
    pub at: DateTime<Utc>,
    /// The payment's id, made by the caller.
    pub payment_id: PaymentId,
    /// As a fraction, for example `0.05`.
    pub tax_rate: Decimal,
    /// Country and region that it goes to.
    pub ship_to: Region,
    /// The full address, kept in `personal`.
    pub shipping_address: Option<PersonalId>,
    /// The billing address, kept in `personal`.
    pub billing_address: Option<PersonalId>,
    /// The customer's notes, kept in `personal`.
    pub notes: Option<PersonalId>,
    /// The method to pay by: a word or a token's id.
    pub payment_method: Option<String>,
    /// When the reservation ends if nobody has paid.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What was placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Lines, currency and totals.
    pub priced: Priced,
    /// `Pending`, or `Confirmed` where nothing is owed.
    pub status: OrderStatus,
}

/// Why an order is not placed. The words are for the customer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceOrderError {
    /// The items have no price.
    #[error(transparent)]
    Pricing(#[from] PricingError),
    /// Fewer are for sale than were asked for.
    #[error("only {available} of product {product_id} in stock, {requested} requested")]
    InsufficientStock {
        /// Of what.
        product_id: ProductId,
        /// For sale now.
        available: u64,
        /// Asked for.
        requested: u64,
    },
    /// The stock refuses for another reason.
    #[error(transparent)]
    Inventory(InventoryError),
    /// The cart refuses.
    #[error(transparent)]
    Cart(#[from] CartError),
    /// The order refuses.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The payment refuses.
    #[error(transparent)]
    Payment(#[from] PaymentError),
}

impl PlaceOrderError {
    fn of_stock(product_id: ProductId, error: InventoryError) -> Self {
        if let InventoryError::InsufficientStock { available, requested } = error {
            Self::InsufficientStock { product_id, available, requested }
        } else {
            Self::Inventory(error)
        }
    }
}

impl From<CapturePaymentError> for PlaceOrderError {
    fn from(error: CapturePaymentError) -> Self {
        match error {
            CapturePaymentError::Payment(error) => Self::Payment(error),
            CapturePaymentError::Order(error) => Self::Order(error),
        }
    }
}

/// Places the order.
pub fn place_order<S: Streams>(
    streams: &mut S,
    command: &PlaceOrder,
) -> Result<Placed, Halt<PlaceOrderError>> {
    let wanted = wanted(command);
    let mut known =
        vec![StreamId::of::<Order>(command.order_id), StreamId::of::<Payment>(command.payment_id)];
    known.extend(wanted.streams::<PlaceOrderError>()?);
    streams.need(&known)?;
    let priced: Priced = wanted.price(streams)?;

    let place = Box::new(place(command, &priced));
    streams.execute::<Order, PlaceOrderError>(command.order_id, OrderCommand::Place(place))?;
    reserve(streams, command, &priced)?;
    redeem(streams, command, &priced)?;
    if let (OrderSource::Cart, Some(user)) = (&command.source, command.customer_id) {
        let check_out = CartCommand::CheckOut { order_id: command.order_id };
        streams.execute::<Cart, PlaceOrderError>(user, check_out)?;
    }
    let amount = Money::new(priced.totals.total, priced.currency);
    let (order_id, customer_id) = (command.order_id, command.customer_id);
    let open = PaymentCommand::Open { order_id, customer_id, amount, at: Some(command.at) };
    streams.execute::<Payment, PlaceOrderError>(command.payment_id, open)?;
    if amount.amount == 0 {
        capture_payment::nothing_owed(streams, command.payment_id).map_err(|halt| halt.map(Into::into))?;
    }
    let status = streams.state::<Order, PlaceOrderError>(order_id)?.status;
    Ok(Placed { priced, status })
}

fn wanted(command: &PlaceOrder) -> Wanted<'_> {
    Wanted {
        source: &command.source,
        customer_id: command.customer_id,
        coupon: command.coupon.as_ref(),
        tax_rate: command.tax_rate,
        at: command.at,
    }
}

fn place(command: &PlaceOrder, priced: &Priced) -> Place {
    Place {
        number: command.number.clone(),
        external_id: None,
        customer_id: command.customer_id,
        lines: priced.lines.clone(),
        currency: priced.currency,
        discount: priced.totals.discount,
        coupon_code: priced.coupon.clone(),
        tax_rate: command.tax_rate,
        shipping: priced.totals.shipping,
        ship_to: command.ship_to.clone(),
        shipping_address: command.shipping_address,
        billing_address: command.billing_address,
        notes: command.notes,
        payment_id: command.payment_id,
        payment_method: command.payment_method.clone(),
        expires_at: command.expires_at,
    }
}

fn redeem<S: Streams>(
    streams: &mut S,
    command: &PlaceOrder,
    priced: &Priced,
) -> Result<(), Halt<PlaceOrderError>> {
    let (Some(code), Some(user_id)) = (&priced.coupon, command.customer_id) else { return Ok(()) };
    let subtotal = Money::new(priced.totals.subtotal, priced.currency);
    let redeem = CouponCommand::Redeem { order_id: command.order_id, user_id, subtotal, at: command.at };
    streams
        .execute::<Coupon, CouponError>(code, redeem)
        .map_err(|halt| halt.map(|error| PricingError::from(error).into()))
}

fn reserve<S: Streams>(
    streams: &mut S,
    command: &PlaceOrder,
    priced: &Priced,
) -> Result<(), Halt<PlaceOrderError>> {
    let (order_id, expires_at) = (command.order_id, command.expires_at);
    for line in &priced.lines {
        let reserve = InventoryCommand::Reserve { order_id, quantity: line.quantity.into(), expires_at };
        streams
            .execute::<Inventory, InventoryError>(line.product_id, reserve)
            .map_err(|halt| halt.map(|error| PlaceOrderError::of_stock(line.product_id, error)))?;
    }
    Ok(())
}
