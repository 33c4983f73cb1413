//! An order of an outside system's history, from placed to delivered, in one append; and stock that was adjusted.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::advance_order::{self, AdvanceOrder, AdvanceOrderError, Step};
use super::capture_payment::{self, CapturePaymentError};
use super::import_product::stock;
use crate::claim::{self, Claim, ClaimCommand, ClaimError};
use crate::ids::{OrderId, PaymentId, ProductId, SellerId, UserId};
use crate::imported::{Imported, ImportedCommand, ImportedError, Outcome};
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::order::{Lines, Order, OrderCommand, OrderError, OrderLine, Parcel, Place, Region};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::purchases::{Purchases, PurchasesCommand, PurchasesError, Units};
use crate::{Currency, Halt, Money, StreamId, Streams};

/// A part of an outside document that sells, or says how a stock changed, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportOrder {
    /// The id of the part's [`Imported`] stream.
    pub document: String,
    /// The part before it that it must not overtake, if that may not be settled yet.
    pub after: Option<String>,
    /// Tells its contents from others under the same number.
    pub fingerprint: uuid::Uuid,
    /// What was sold.
    pub order: Option<OutsideOrder>,
    /// How stocks changed otherwise; never by 0.
    pub adjustments: Vec<(ProductId, i64)>,
}

/// An order as an outside system had it: delivered and paid.
#[derive(Clone, Debug, PartialEq)]
pub struct OutsideOrder {
    /// The order's id, made by the caller.
    pub order_id: OrderId,
    /// The payment's id, made by the caller.
    pub payment_id: PaymentId,
    /// The number that people use: `ORD-2010-000100`.
    pub number: String,
    /// The outside system's number.
    pub external_id: String,
    /// Nobody for a guest.
    pub customer_id: Option<UserId>,
    /// What was bought, at the price of then.
    pub lines: Vec<OrderLine>,
    /// The currency of every amount.
    pub currency: Currency,
    /// Country and region that it went to.
    pub ship_to: Region,
}

/// Why a part of a document is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The part before it is not settled yet. Try again.
    #[error("what came before it is not imported yet")]
    TooEarly,
    /// Under this number something else was imported.
    #[error("a document of this number and other contents was imported before")]
    OtherContents,
    /// A seller has another order of this number.
    #[error("the seller has another order of this number")]
    NumberTaken,
    /// The document was settled meanwhile.
    #[error(transparent)]
    Imported(#[from] ImportedError),
    /// The order refuses.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The payment refuses.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// A stock refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The customer's purchases refuse.
    #[error(transparent)]
    Purchases(#[from] PurchasesError),
}

impl From<AdvanceOrderError> for ImportError {
    fn from(error: AdvanceOrderError) -> Self {
        match error {
            AdvanceOrderError::Order(error) => Self::Order(error),
            AdvanceOrderError::Inventory(error) => Self::Inventory(error),
        }
    }
}

impl From<CapturePaymentError> for ImportError {
    fn from(error: CapturePaymentError) -> Self {
        match error {
            CapturePaymentError::Payment(error) => Self::Payment(error),
            CapturePaymentError::Order(error) => Self::Order(error),
        }
    }
}

/// Imports the part, or says what came of it when it was imported before.
///
/// A stock that would not suffice, though it was filled before, receives what it lacks: history happened.
pub fn import_order<S: Streams>(
    streams: &mut S,
    command: &ImportOrder,
) -> Result<Outcome, Halt<ImportError>> {
    streams.need(&command.streams())?;
    if let Some(outcome) = settled(streams, &command.document, command.fingerprint)? {
        return Ok(outcome);
    }
    in_turn(streams, command.after.as_deref())?;
    for &(product_id, delta) in command.adjustments.iter().filter(|(_, delta)| *delta > 0) {
        adjust(streams, product_id, delta)?;
    }
    if let Some(order) = &command.order {
        place(streams, order)?;
        deliver(streams, order)?;
    }
    for &(product_id, delta) in command.adjustments.iter().filter(|(_, delta)| *delta < 0) {
        stock(streams, product_id, delta.unsigned_abs())?;
        adjust(streams, product_id, delta)?;
    }
    let order_id = command.order.as_ref().map(|order| order.order_id);
    let outcome = Outcome { fingerprint: command.fingerprint, order_id, returned: Vec::new() };
    settle(streams, &command.document, outcome)
}

impl ImportOrder {
    /// Everything that importing the part looks at.
    pub fn streams(&self) -> Vec<StreamId> {
        let mut known = vec![StreamId::of::<Imported>(&self.document)];
        known.extend(self.after.iter().map(StreamId::of::<Imported>));
        known.extend(self.adjustments.iter().map(|(product_id, _)| StreamId::of::<Inventory>(product_id)));
        if let Some(order) = &self.order {
            known.push(StreamId::of::<Order>(order.order_id));
            known.push(StreamId::of::<Payment>(order.payment_id));
            known.extend(order.customer_id.map(StreamId::of::<Purchases>));
            known.extend(order.names().into_iter().map(StreamId::of::<Claim>));
            known.extend(order.quantities().into_keys().map(StreamId::of::<Inventory>));
        }
        known.sort_unstable();
        known.dedup();
        known
    }
}

impl OutsideOrder {
    /// The names that the order claims: its number at each of its sellers.
    pub fn names(&self) -> Vec<String> {
        let mut sellers: Vec<SellerId> = self.lines.iter().map(|line| line.seller_id).collect();
        sellers.sort_unstable();
        sellers.dedup();
        sellers.into_iter().map(|seller| claim::external_order(seller, &self.external_id)).collect()
    }

    /// Units by product: a reservation is by order and product, however many lines it has.
    fn quantities(&self) -> BTreeMap<ProductId, u64> {
        let mut quantities = BTreeMap::new();
        for line in &self.lines {
            *quantities.entry(line.product_id).or_default() += u64::from(line.quantity);
        }
        quantities
    }
}

/// What came of a document that was imported before; refused if its contents were others.
pub(super) fn settled<S: Streams>(
    streams: &S,
    document: &str,
    fingerprint: uuid::Uuid,
) -> Result<Option<Outcome>, Halt<ImportError>> {
    match &streams.state::<Imported, ImportError>(document)?.outcome {
        None => Ok(None),
        Some(outcome) if outcome.fingerprint == fingerprint => Ok(Some((**outcome).clone())),
        Some(_) => Err(Halt::Refused(ImportError::OtherContents)),
    }
}

/// Refused while the part before is not settled.
pub(super) fn in_turn<S: Streams>(streams: &S, after: Option<&str>) -> Result<(), Halt<ImportError>> {
    match after {
        Some(before) if streams.state::<Imported, ImportError>(before)?.outcome.is_none() => {
            Err(Halt::Refused(ImportError::TooEarly))
        }
        Some(_) | None => Ok(()),
    }
}

/// Settles the document.
pub(super) fn settle<S: Streams>(
    streams: &mut S,
    document: &str,
    outcome: Outcome,
) -> Result<Outcome, Halt<ImportError>> {
    let settle = ImportedCommand::Settle(outcome.clone());
    streams.execute::<Imported, ImportError>(document, settle)?;
    Ok(outcome)
}

fn adjust<S: Streams>(streams: &mut S, product_id: ProductId, delta: i64) -> Result<(), Halt<ImportError>> {
    let adjust = InventoryCommand::Adjust { delta, reason: None };
    streams.execute::<Inventory, ImportError>(product_id, adjust)
}

fn place<S: Streams>(streams: &mut S, order: &OutsideOrder) -> Result<(), Halt<ImportError>> {
    let order_id = order.order_id;
    for name in order.names() {
        let claim = ClaimCommand::Claim { owner: order_id.to_string() };
        streams
            .execute::<Claim, ClaimError>(name, claim)
            .map_err(|halt| halt.map(|_| ImportError::NumberTaken))?;
    }
    let place = OrderCommand::Place(Box::new(Place {
        number: order.number.clone(),
        external_id: Some(order.external_id.clone()),
        customer_id: order.customer_id,
        lines: order.lines.clone(),
        currency: order.currency,
        discount: 0,
        coupon_code: None,
        tax_rate: Decimal::ZERO,
        shipping: 0,
        ship_to: order.ship_to.clone(),
        shipping_address: None,
        billing_address: None,
        notes: None,
        payment_id: order.payment_id,
        payment_method: None,
        expires_at: None,
    }));
    streams.execute::<Order, ImportError>(order_id, place)?;
    for (product_id, quantity) in order.quantities() {
        stock(streams, product_id, quantity)?;
        let reserve = InventoryCommand::Reserve { order_id, quantity, expires_at: None };
        streams.execute::<Inventory, ImportError>(product_id, reserve)?;
    }
    let total =
        streams.state::<Order, ImportError>(order_id)?.placed.as_ref().map_or(0, |placed| placed.total);
    let amount = Money::new(total, order.currency);
    let open = PaymentCommand::Open { order_id, customer_id: order.customer_id, amount, at: None };
    streams.execute::<Payment, ImportError>(order.payment_id, open)
}

fn deliver<S: Streams>(streams: &mut S, order: &OutsideOrder) -> Result<(), Halt<ImportError>> {
    let order_id = order.order_id;
    capture_payment::capture_owed(streams, order.payment_id, "import")
        .map_err(|halt| halt.map(ImportError::from))?;
    let parcel = Step::Shipped(Parcel::default());
    for step in [Step::Processing { note: None }, parcel, Step::Delivered { note: None }] {
        advance_order::advance_order(streams, &AdvanceOrder { order_id, lines: Lines::All, step })
            .map_err(|halt| halt.map(ImportError::from))?;
    }
    let Some(customer_id) = order.customer_id else { return Ok(()) };
    let bought = (0_u32..)
        .zip(&order.lines)
        .map(|(line, bought)| Units { line, product_id: bought.product_id, quantity: bought.quantity })
        .collect();
    streams.execute::<Purchases, ImportError>(customer_id, PurchasesCommand::Record { order_id, bought })
}
