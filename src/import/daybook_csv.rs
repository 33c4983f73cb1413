//! Daybook's own form, for a history from anywhere else. `docs/import.md` documents it.
//!
//! Every line with a quantity above 0 is a line of an order, every one with a quantity below 0 returns goods.

use super::fields::{Fields, Layout};
use super::line::{Goods, Kind, Reason};

const ORDER: usize = 0;
const TIME: usize = 1;
const CUSTOMER: usize = 2;
const SELLER: usize = 3;
const SKU: usize = 4;
const NAME: usize = 5;
const QUANTITY: usize = 6;
const PRICE: usize = 7;
const CURRENCY: usize = 8;
const COUNTRY: usize = 9;

/// The layout.
pub struct DaybookCsv;

impl Layout for DaybookCsv {
    fn columns(&self) -> &'static [&'static [&'static str]] {
        &[
            &["order_number"],
            &["occurred_at"],
            &["customer"],
            &["seller"],
            &["sku"],
            &["name"],
            &["quantity"],
            &["unit_price"],
            &["currency"],
            &["country"],
        ]
    }

    fn quantity_and_price(&self) -> (usize, usize) {
        (QUANTITY, PRICE)
    }

    fn read(&self, fields: &Fields<'_>) -> Result<Goods, Reason> {
        let customer = fields.word(CUSTOMER)?;
        let currency = fields.currency(CURRENCY)?;
        let kind = fields.units(QUANTITY, fields.whole(QUANTITY)?)?;
        if customer.is_none() && matches!(kind, Kind::Return(_)) {
            return Err(Reason::GuestReturn);
        }
        Ok(Goods {
            document: fields.key(ORDER)?,
            at: fields.time(
                TIME,
                &["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"],
            )?,
            customer,
            seller: fields.key(SELLER)?.into(),
            code: fields.key(SKU)?,
            name: fields.text(NAME)?,
            country: fields.word(COUNTRY)?,
            currency,
            unit_price: fields.price(PRICE, currency)?,
            kind,
        })
    }
}
