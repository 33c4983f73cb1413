//! One line of a file, as it was understood.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use csv::StringRecord;
use domain::decisions::ImportError as Refusal;
use domain::{Currency, Minor};
use rust_decimal::Decimal;

use super::amount::Sum;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it begins in the file; the header is line 1.
    pub number: u64,
    /// Its fields, as they are in the file.
    pub record: StringRecord,
    /// Its quantity × price, signed; 0 where one of them can't be read.
    pub amount: Decimal,
    /// What it says, or why it can't be taken.
    pub reading: Result<Goods, Reason>,
}

impl Line {
    /// What it says, if it can be taken.
    pub fn goods(&self) -> Option<&Goods> {
        self.reading.as_ref().ok()
    }
}

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub struct Goods {
    /// The number of its invoice, credit note or order.
    pub document: String,
    /// When, in UTC.
    pub at: DateTime<Utc>,
    /// The outside system's id of who; nothing for a guest.
    pub customer: Option<String>,
    /// The seller's name.
    pub seller: Arc<str>,
    /// The seller's code for the product.
    pub code: String,
    /// What it is called; may be empty.
    pub name: String,
    /// Where it went to.
    pub country: Option<String>,
    /// Of the price.
    pub currency: Currency,
    /// The price of one.
    pub unit_price: Minor,
    /// What happened.
    pub kind: Kind,
}

/// What happened to goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// So many were sold.
    Sale(u32),
    /// So many came back.
    Return(u32),
    /// The stock changed by so many.
    Adjustment(i64),
}

/// Why a line, or a part of it, is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// More or fewer fields than the header has.
    Columns { expected: usize, found: usize },
    /// The field must not be empty.
    Missing(&'static str),
    /// The field must be shorter.
    TooLong(&'static str),
    /// The field has a NUL, which nothing can store.
    Nul(&'static str),
    /// The field is no number, or one of too many digits.
    NotANumber(&'static str),
    /// The field is not a whole number.
    NotWhole(&'static str),
    /// The field is beyond what is counted.
    TooLarge(&'static str),
    /// The field is no date and time.
    NotATime(&'static str),
    /// The field is no currency.
    NotACurrency(&'static str),
    /// Nothing was sold or returned.
    ZeroQuantity,
    /// An `A…` invoice corrects debts; it says nothing of goods.
    BadDebt,
    /// The price is below 0.
    NegativePrice,
    /// The price is finer than the currency's minor unit.
    TooFine(Currency),
    /// An invoice sells; a credit note would return.
    NegativeInInvoice,
    /// A credit note returns; an invoice would sell.
    PositiveInCreditNote,
    /// Nobody knows whose purchase it was.
    GuestReturn,
    /// The order has another customer.
    OtherCustomer,
    /// The order has another currency.
    OtherCurrency,
    /// So many of the units were not bought, or had been returned, and for so many too little of the payment is left.
    NotTakenBack { not_bought: u32, not_paid: u32, of: u32 },
    /// The catalog has no room for its product.
    NoProduct,
    /// The rules of the shop refuse it.
    Refused(Box<Refusal>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Columns { expected, found } => {
                write!(f, "the line has {found} fields, the header has {expected}")
            }
            Self::Missing(field) => write!(f, "{field} is empty"),
            Self::TooLong(field) => write!(f, "{field} is too long"),
            Self::Nul(field) => write!(f, "{field} has a NUL"),
            Self::NotANumber(field) => write!(f, "{field} is not a decimal number"),
            Self::NotWhole(field) => write!(f, "{field} is not a whole number"),
            Self::TooLarge(field) => write!(f, "{field} is too large"),
            Self::NotATime(field) => write!(f, "{field} is not a date and time"),
            Self::NotACurrency(field) => write!(f, "{field} is not an ISO 4217 currency"),
            Self::ZeroQuantity => f.write_str("the quantity is 0"),
            Self::BadDebt => f.write_str("an A… invoice corrects debts, it sells nothing"),
            Self::NegativePrice => f.write_str("the price is negative"),
            Self::TooFine(currency) => {
                write!(f, "the price is finer than {currency} ({} decimals)", currency.decimals())
            }
            Self::NegativeInInvoice => f.write_str("a negative quantity in an invoice"),
            Self::PositiveInCreditNote => f.write_str("a positive quantity in a credit note"),
            Self::GuestReturn => f.write_str("a return of a guest"),
            Self::OtherCustomer => f.write_str("the order has another customer"),
            Self::OtherCurrency => f.write_str("the order has another currency"),
            Self::NotTakenBack { not_bought, not_paid, of } => not_taken_back(f, *not_bought, *not_paid, *of),
            Self::NoProduct => f.write_str("the product can't be taken into the catalog"),
            Self::Refused(why) => write!(f, "{why}"),
        }
    }
}

fn not_taken_back(f: &mut fmt::Formatter<'_>, not_bought: u32, not_paid: u32, of: u32) -> fmt::Result {
    let bought = "not bought before by this customer, or returned already";
    let paid = "above what is left of the payment";
    match (not_bought, not_paid) {
        (n, 0) if n == of => write!(f, "a return of goods {bought}"),
        (0, n) if n == of => write!(f, "a return {paid}"),
        (n, 0) => write!(f, "{n} of {of} units {bought}"),
        (0, n) => write!(f, "{n} of {of} units {paid}"),
        (n, m) => write!(f, "{n} of {of} units {bought}; {m} of {of} units {paid}"),
    }
}

/// A line, or a part of it, that was not taken.
#[derive(Clone, Debug)]
pub struct Reject {
    /// Where it begins in the file.
    pub line: u64,
    /// Its part of the file's sum.
    pub amount: Sum,
    /// Why.
    pub reason: Reason,
    /// Its fields, as they are in the file.
    pub record: StringRecord,
}

impl Reject {
    /// The whole of a line.
    pub fn whole(line: Line, reason: Reason) -> Self {
        Self { line: line.number, amount: line.amount.into(), reason, record: line.record }
    }
}
