//! The form of the UCI data set "Online Retail" (Chen 2015), and of its sequel: one shop, prices in GBP.
//!
//! - A line with price 0 is a stock adjustment by its quantity.
//! - A line of a `C…` invoice, a credit note, returns goods.
//! - A line of an `A…` invoice corrects a debt and is not taken.
//! - Every other line is a line of an order.

use std::sync::Arc;

use domain::Currency;
use rust_decimal::Decimal;

use super::fields::{Fields, Layout};
use super::line::{Goods, Kind, Reason};

const INVOICE: usize = 0;
const CODE: usize = 1;
const DESCRIPTION: usize = 2;
const QUANTITY: usize = 3;
const DATE: usize = 4;
const PRICE: usize = 5;
const CUSTOMER: usize = 6;
const COUNTRY: usize = 7;

/// A time as the data set has it, and as its first publication as a spreadsheet had it.
const TIMES: &[&str] = &["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %H:%M"];

/// The layout, of one shop.
pub struct OnlineRetail {
    shop: Arc<str>,
    /// What prices are in; pounds, if that is a currency.
    currency: Result<Currency, Reason>,
}

impl OnlineRetail {
    /// Of the shop of this name.
    pub fn of(shop: &str) -> Self {
        Self { shop: shop.into(), currency: "GBP".parse().map_err(|_| Reason::NotACurrency("GBP")) }
    }
}

impl Layout for OnlineRetail {
    fn columns(&self) -> &'static [&'static [&'static str]] {
        &[
            &["InvoiceNo", "Invoice"],
            &["StockCode"],
            &["Description"],
            &["Quantity"],
            &["InvoiceDate"],
            &["UnitPrice", "Price"],
            &["CustomerID", "Customer ID"],
            &["Country"],
        ]
    }

    fn quantity_and_price(&self) -> (usize, usize) {
        (QUANTITY, PRICE)
    }

    fn read(&self, fields: &Fields<'_>) -> Result<Goods, Reason> {
        let invoice = fields.key(INVOICE)?;
        let letter = invoice.chars().next().map(|first| first.to_ascii_uppercase());
        if letter == Some('A') {
            return Err(Reason::BadDebt);
        }
        let customer = fields.word(CUSTOMER)?.map(without_decimals);
        let currency = self.currency.clone()?;
        let kind = kind(fields, letter == Some('C'), customer.is_none())?;
        Ok(Goods {
            document: invoice,
            at: fields.time(DATE, TIMES)?,
            customer,
            seller: Arc::clone(&self.shop),
            code: fields.key(CODE)?,
            name: fields.text(DESCRIPTION)?,
            country: fields.word(COUNTRY)?,
            currency,
            unit_price: fields.price(PRICE, currency)?,
            kind,
        })
    }
}

fn kind(fields: &Fields<'_>, credit_note: bool, guest: bool) -> Result<Kind, Reason> {
    let quantity = fields.whole(QUANTITY)?;
    if quantity == 0 {
        return Err(Reason::ZeroQuantity);
    }
    if fields.decimal(PRICE)? == Decimal::ZERO {
        return Ok(Kind::Adjustment(quantity));
    }
    let kind = fields.units(QUANTITY, quantity)?;
    match (kind, credit_note) {
        (Kind::Return(_), true) if guest => Err(Reason::GuestReturn),
        (Kind::Return(_), false) => Err(Reason::NegativeInInvoice),
        (Kind::Sale(_), true) => Err(Reason::PositiveInCreditNote),
        (Kind::Sale(_), false) | (Kind::Return(_), true) | (Kind::Adjustment(_), _) => Ok(kind),
    }
}

/// `17850.0` is customer 17850: a column of numbers with gaps was once written as floats.
fn without_decimals(customer: String) -> String {
    match customer.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|byte| byte.is_ascii_digit())
                && zeros.bytes().all(|byte| byte == b'0') =>
        {
            whole.to_owned()
        }
        Some(_) | None => customer,
    }
}
