//! What a cart comes to now, for whoever looks at it.
//!
//! The amounts are those that [`place_order`](super::place_order()) would agree on: the same function gives them. Where
//! an order would be refused, a cart is shown all the same, with what stands in the way.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::pricing::{self, Priced, PricingError, Voucher};
use crate::cart::{Cart, CartLine};
use crate::coupon::{Coupon, CouponError};
use crate::ids::{ProductId, SellerId, UserId};
use crate::inventory::Inventory;
use crate::order::{OrderLine, TotalsError};
use crate::product::{Product, ProductDetails};
use crate::{Currency, Halt, StreamId, Streams};

/// What the catalog says of a product now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    /// Its details, for the one that was withdrawn too.
    pub details: Option<Arc<ProductDetails>>,
    /// Whether it is sold.
    pub sold: bool,
    /// How many are for sale.
    pub stock: u64,
}

/// What the catalog says of the products in a cart; what isn't among them isn't sold.
pub type Offers = HashMap<ProductId, Offer>;

/// What a cart comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartQuote {
    /// A line for each of the cart's, in its order. What is no longer sold keeps the price that it had.
    pub priced: Priced,
    /// Why the cart's coupon takes nothing off, if it doesn't.
    pub coupon_problem: Option<CouponError>,
}

/// Whose cart is quoted, when, and by which rules.
#[derive(Clone, Copy, Debug)]
pub struct Quoting {
    /// Whose.
    pub user_id: UserId,
    /// The time now.
    pub at: DateTime<Utc>,
    /// As a fraction, for example `0.05`.
    pub tax_rate: Decimal,
    /// The currency of an empty cart.
    pub currency: Currency,
}

/// What the cart comes to. `coupon` is the one that lies in it, if one does.
pub fn quote_cart(
    cart: &Cart,
    offers: &Offers,
    coupon: Option<&Coupon>,
    quoting: Quoting,
) -> Result<CartQuote, TotalsError> {
    let Quoting { user_id, at, tax_rate, currency } = quoting;
    let currency = cart.currency().unwrap_or(currency);
    let lines: Vec<OrderLine> = cart.lines.iter().map(|line| priced(line, offers)).collect();
    let nothing = Coupon::default();
    let coupon = coupon.unwrap_or(&nothing);
    let voucher = cart.coupon.as_ref().map(|code| Voucher { code, coupon, user_id, at });
    match pricing::price(lines.clone(), currency, voucher, tax_rate) {
        Ok(priced) => Ok(CartQuote { priced, coupon_problem: None }),
        Err(PricingError::Coupon(problem)) => {
            let priced = pricing::price(lines, currency, None, tax_rate).map_err(only_totals)?;
            Ok(CartQuote { priced, coupon_problem: Some(problem) })
        }
        Err(error) => Err(only_totals(error)),
    }
}

/// Lines that are there and a coupon that isn't asked can only be too much to add up.
fn only_totals(error: PricingError) -> TotalsError {
    if let PricingError::Totals(error) = error { error } else { TotalsError::TooLarge }
}

/// A line's product, if it is still sold in the cart's currency.
pub fn on_sale<'o>(line: &CartLine, offers: &'o Offers) -> Option<&'o Arc<ProductDetails>> {
    let offer = offers.get(&line.product_id).filter(|offer| offer.sold)?;
    let details = offer.details.as_ref()?;
    (details.price.currency == line.unit_price.currency).then_some(details)
}

fn priced(line: &CartLine, offers: &Offers) -> OrderLine {
    if let Some(details) = on_sale(line, offers) {
        return pricing::line_of(line.product_id, details, line.quantity);
    }
    let known = offers.get(&line.product_id).and_then(|offer| offer.details.as_ref());
    OrderLine {
        product_id: line.product_id,
        seller_id: known.map_or(SellerId(uuid::Uuid::nil()), |known| known.seller_id),
        sku: known.map_or_else(String::new, |known| known.sku.clone()),
        name: known.map_or_else(String::new, |known| known.name.clone()),
        unit_price: line.unit_price.amount,
        quantity: line.quantity,
    }
}

/// What the catalog says now of the products in a user's cart, and the coupon that lies in it.
pub fn offers_of_cart<S: Streams, E>(
    streams: &S,
    user_id: UserId,
) -> Result<(Offers, Option<Coupon>), Halt<E>> {
    let cart = streams.state::<Cart, E>(user_id)?;
    let of_lines = cart.lines.iter().flat_map(|line| {
        [StreamId::of::<Product>(line.product_id), StreamId::of::<Inventory>(line.product_id)]
    });
    let of_coupon = cart.coupon.iter().map(StreamId::of::<Coupon>);
    streams.need(&of_lines.chain(of_coupon).collect::<Vec<_>>())?;
    let mut offers = Offers::with_capacity(cart.lines.len());
    for line in &cart.lines {
        let product = streams.state::<Product, E>(line.product_id)?;
        let (details, sold) = (product.details.clone(), product.on_sale().is_some());
        let stock = streams.state::<Inventory, E>(line.product_id)?.available();
        offers.insert(line.product_id, Offer { details, sold, stock });
    }
    let coupon = cart.coupon.as_ref().map(|code| streams.state::<Coupon, E>(code)).transpose()?;
    Ok((offers, coupon.cloned()))
}
