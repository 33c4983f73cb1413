//! The ledger: what was captured and refunded, day by day, added up from the log alone.
//!
//! It goes through the captures and refunds of the log once and keeps the days, not the events: its memory grows with
//! the days. A refund that came back to us is taken off on the day on which it did, not on its own: a day that is over
//! doesn't change.

use std::collections::BTreeMap;

use api_contract::Amount;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::Decide;
use domain::aggregate::parse_event;
use domain::ids::SellerId;
use domain::order::{Order, OrderEvent, Split};
use domain::{Currency, Minor, Money};
use event_store::{Head, Log, LogError, Recorded};
use serde::Serialize;
use utoipa::ToSchema;

/// So many captures and refunds are read together.
const PAGE: i64 = 1_000;
/// The events that move money. An order's stream has a copy of each capture, refund and reversal, made in the same append.
const MOVES: [&str; 3] = ["OrderPaid", "OrderRefunded", "OrderRefundReversed"];

/// Why there is no ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A sum is beyond what is counted exactly.
    #[error("a sum of {0} is too large to be counted exactly")]
    TooLarge(Currency),
}

/// Which days and whose money.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// From this day.
    pub from: Option<NaiveDate>,
    /// To this day, and with it.
    pub to: Option<NaiveDate>,
    /// Only the goods of this seller.
    pub seller: Option<SellerId>,
    /// Where a day begins at midnight.
    pub tz: Tz,
}

impl Default for Scope {
    fn default() -> Self {
        Self { from: None, to: None, seller: None, tz: Tz::UTC }
    }
}

impl Scope {
    /// The day that a moment is on, if that day is in scope.
    fn day(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        let day = at.with_timezone(&self.tz).date_naive();
        let within = self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to);
        within.then_some(day)
    }
}

/// Sums in minor units. Goods, tax and shipping are net: captured − refunded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    captured: Minor,
    refunded: Minor,
    goods: Minor,
    tax: Minor,
    shipping: Minor,
}

impl Sums {
    fn plus(&self, other: &Self) -> Option<Self> {
        Some(Self {
            captured: self.captured.checked_add(other.captured)?,
            refunded: self.refunded.checked_add(other.refunded)?,
            goods: self.goods.checked_add(other.goods)?,
            tax: self.tax.checked_add(other.tax)?,
            shipping: self.shipping.checked_add(other.shipping)?,
        })
    }

    fn figures(&self, currency: Currency) -> Result<Figures, LedgerError> {
        let amount = |minor| Amount(Money::new(minor, currency));
        let balance = self.captured.checked_sub(self.refunded).ok_or(LedgerError::TooLarge(currency))?;
        Ok(Figures {
            currency,
            captured: amount(self.captured),
            refunded: amount(self.refunded),
            balance: amount(balance),
            goods: amount(self.goods),
            tax: amount(self.tax),
            shipping: amount(self.shipping),
        })
    }
}

/// The ledger in the making.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    scope: Scope,
    days: BTreeMap<(NaiveDate, Currency), Sums>,
}

/// The figures of a day, or of all days, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LedgerFigures)]
pub struct Figures {
    /// Of every amount.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// What came in.
    pub captured: Amount,
    /// What went back, less what of refunds came back to us: below 0 where those are of earlier days.
    pub refunded: Amount,
    /// `captured − refunded`; without a seller also `goods + tax + shipping`.
    pub balance: Amount,
    /// Of the balance, what is for goods.
    pub goods: Amount,
    /// Of the balance, what is for tax; 0 where only one seller's goods are looked at.
    pub tax: Amount,
    /// Of the balance, what is for shipping; 0 where only one seller's goods are looked at.
    pub shipping: Amount,
}

/// A day in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LedgerRow)]
pub struct Row {
    /// The day, where it is midnight in the scope's time zone.
    pub date: NaiveDate,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Ledger {
    /// An empty ledger of this scope.
    pub fn new(scope: Scope) -> Self {
        Self { scope, days: BTreeMap::new() }
    }

    /// Reads the log from its beginning to its head of now, which is answered beside the ledger. `progress` is told
    /// the positions that it comes by.
    pub async fn read(
        log: &Log,
        scope: Scope,
        progress: impl Fn(i64, Head),
    ) -> Result<(Self, Head), LedgerError> {
        let head = log.head().await?;
        let upcasters = Order::upcasters();
        let read = |event: &Recorded| {
            parse_event::<Order>(&upcasters, &event.event_type, &event.event_version, &event.payload)
                .map_err(|error| LogError::Unreadable(event.position, error))
        };
        let mut ledger = Self::new(scope);
        let mut after = 0;
        while after < head.position {
            let page = log.read_types(&MOVES, after, PAGE).await?;
            for event in page.iter().filter(|event| event.position <= head.position) {
                let at = event.occurred_at();
                // A day out of scope needs no reading.
                if event.aggregate_type == Order::TYPE && scope.day(at).is_some() {
                    ledger.book(at, &read(event)?)?;
                }
            }
            let full = i64::try_from(page.len()).is_ok_and(|count| count == PAGE);
            after = page.last().filter(|_| full).map_or(head.position, |last| last.position);
            progress(after.min(head.position), head);
        }
        Ok((ledger, head))
    }

    /// Books what happened at this moment.
    pub fn book(&mut self, at: DateTime<Utc>, event: &OrderEvent) -> Result<(), LedgerError> {
        let Some(day) = self.scope.day(at) else { return Ok(()) };
        let (currency, moved) = match event {
            OrderEvent::OrderPaid(paid) => {
                let moved = self.moved(paid.amount, &paid.split);
                (paid.currency, moved.map(|of| Sums { captured: of.amount, ..of.net(1) }))
            }
            OrderEvent::OrderRefunded(refund) => {
                let moved = self.moved(refund.amount, &refund.split);
                (refund.currency, moved.map(|of| Sums { refunded: of.amount, ..of.net(-1) }))
            }
            OrderEvent::OrderRefundReversed(reversed) => {
                let moved = self.moved(reversed.amount, &reversed.split);
                (reversed.currency, moved.map(|of| Sums { refunded: -of.amount, ..of.net(1) }))
            }
            OrderEvent::OrderPlaced(_)
            | OrderEvent::OrderConfirmed {}
            | OrderEvent::OrderProcessing { note: _, part: _ }
            | OrderEvent::OrderShipped(_)
            | OrderEvent::OrderDelivered { note: _, part: _ }
            | OrderEvent::OrderCancelled { cause: _, reason: _ }
            | OrderEvent::ItemsReturned { items: _ } => return Ok(()),
        };
        let Some(moved) = moved else { return Ok(()) };
        let sums = self.days.entry((day, currency)).or_default();
        *sums = sums.plus(&moved).ok_or(LedgerError::TooLarge(currency))?;
        Ok(())
    }

    /// What of a movement is in scope; nothing where no goods of the seller are.
    fn moved(&self, amount: Minor, split: &Split) -> Option<Moved> {
        let of_seller = |seller: SellerId| split.goods.iter().filter(move |goods| goods.seller_id == seller);
        match self.scope.seller {
            // The parts of a movement add up to its amount, so their sum can't be too large.
            None => {
                let goods = split.goods.iter().map(|goods| goods.amount).fold(0, Minor::saturating_add);
                Some(Moved { amount, goods, tax: split.tax, shipping: split.shipping })
            }
            Some(seller) => {
                of_seller(seller).next()?;
                let goods = of_seller(seller).map(|goods| goods.amount).fold(0, Minor::saturating_add);
                Some(Moved { amount: goods, goods, tax: 0, shipping: 0 })
            }
        }
    }

    /// Day by day, and on one day currency by currency.
    pub fn rows(&self) -> Result<Vec<Row>, LedgerError> {
        let row = |(&(date, currency), sums): (&_, &Sums)| {
            sums.figures(currency).map(|figures| Row { date, figures })
        };
        self.days.iter().map(row).collect()
    }

    /// All days together, one for each currency.
    pub fn totals(&self) -> Result<Vec<Figures>, LedgerError> {
        let mut totals = BTreeMap::<Currency, Sums>::new();
        for (&(_, currency), sums) in &self.days {
            let total = totals.entry(currency).or_default();
            *total = total.plus(sums).ok_or(LedgerError::TooLarge(currency))?;
        }
        totals.iter().map(|(currency, sums)| sums.figures(*currency)).collect()
    }
}

/// A movement by its parts.
#[derive(Clone, Copy)]
struct Moved {
    amount: Minor,
    goods: Minor,
    tax: Minor,
    shipping: Minor,
}

impl Moved {
    fn net(self, sign: Minor) -> Sums {
        let Self { goods, tax, shipping, .. } = self;
        Sums { goods: sign * goods, tax: sign * tax, shipping: sign * shipping, ..Sums::default() }
    }
}

/// The columns of a row, in order.
pub const COLUMNS: [&str; 8] =
    ["date", "currency", "captured", "refunded", "balance", "goods", "tax", "shipping"];

impl Figures {
    /// What stands in the columns, the first of which is the date or another word.
    pub fn cells(&self, first: String) -> [String; 8] {
        let Self { currency, captured, refunded, balance, goods, tax, shipping } = self;
        let [captured, refunded, balance, goods, tax, shipping] =
            [captured, refunded, balance, goods, tax, shipping].map(|amount| amount.0.to_string());
        [first, currency.to_string(), captured, refunded, balance, goods, tax, shipping]
    }
}

/// Rows as CSV (RFC 4180 with plain newlines) under a header. No cell needs quotes: dates, codes and numbers.
pub fn csv(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| row.figures.cells(row.date.to_string()).join(","));
    std::iter::once(COLUMNS.join(",")).chain(lines).map(|line| line + "\n").collect()
}

/// Rows as one JSON object in each line.
pub fn ndjson(rows: &[Row]) -> Result<String, serde_json::Error> {
    rows.iter().map(|row| serde_json::to_string(row).map(|line| line + "\n")).collect()
}

#[cfg(test)]
mod tests;
