//! What items cost: the catalog's prices, for an order and for its preview alike.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::cart::{self, Cart};
use crate::ids::{ProductId, UserId};
use crate::inventory::Inventory;
use crate::order::{OrderLine, Totals, TotalsError, totals};
use crate::product::Product;
use crate::{Currency, Halt, StreamId, Streams};

/// Where the items of an order come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderSource {
    /// The customer's cart, which is checked out.
    Cart,
    /// These; the cart stays as it is. A product named more than once is one line.
    Items(Vec<Item>),
}

/// So many of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub product_id: ProductId,
    /// How many.
    pub quantity: u32,
}

/// Lines at the catalog's prices and what they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// One line for each product, in the order in which they were first named.
    pub lines: Vec<OrderLine>,
    /// The currency of every amount.
    pub currency: Currency,
    /// What they come to.
    pub totals: Totals,
}

/// Why items have no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// There is nothing in the cart.
    #[error("the cart is empty")]
    EmptyCart,
    /// No item was named.
    #[error("an order needs at least one item")]
    NoItems,
    /// A quantity has to be at least 1.
    #[error("a quantity must be at least 1")]
    ZeroQuantity {
        /// Of what.
        product_id: ProductId,
    },
    /// More than can be counted.
    #[error("the quantity is too large")]
    QuantityTooLarge {
        /// Of what.
        product_id: ProductId,
    },
    /// There never was such a product, or it was withdrawn.
    #[error("product {product_id} does not exist or is no longer sold")]
    UnknownProduct {
        /// Which.
        product_id: ProductId,
    },
    /// An order has one currency.
    #[error("an order has one currency, these prices have more")]
    MixedCurrencies,
    /// More than [`cart::MOST_LINES`].
    #[error("an order has at most {} different products", cart::MOST_LINES)]
    TooManyLines,
    /// There is no total.
    #[error(transparent)]
    Totals(#[from] TotalsError),
}

/// The items of an order: of the cart or as named, each product once.
pub(super) fn items<S: Streams, E: From<PricingError>>(
    streams: &S,
    source: &OrderSource,
    customer_id: Option<UserId>,
) -> Result<Vec<Item>, Halt<E>> {
    let refuse = |error: PricingError| Halt::Refused(E::from(error));
    match source {
        OrderSource::Cart => {
            let user = customer_id.ok_or_else(|| refuse(PricingError::EmptyCart))?;
            let lines = &streams.state::<Cart, E>(user)?.lines;
            if lines.is_empty() {
                return Err(refuse(PricingError::EmptyCart));
            }
            Ok(lines
                .iter()
                .map(|line| Item { product_id: line.product_id, quantity: line.quantity })
                .collect())
        }
        OrderSource::Items(items) => merged(items).map_err(refuse),
    }
}

fn merged(items: &[Item]) -> Result<Vec<Item>, PricingError> {
    let mut places: HashMap<ProductId, usize> = HashMap::with_capacity(items.len());
    let mut merged: Vec<Item> = Vec::new();
    for item in items {
        let product_id = item.product_id;
        if item.quantity == 0 {
            return Err(PricingError::ZeroQuantity { product_id });
        }
        let place = *places.entry(product_id).or_insert(merged.len());
        match merged.get_mut(place) {
            None => merged.push(*item),
            Some(same) => {
                let sum = same.quantity.checked_add(item.quantity);
                same.quantity = sum.ok_or(PricingError::QuantityTooLarge { product_id })?;
            }
        }
    }
    if merged.is_empty() {
        return Err(PricingError::NoItems);
    }
    if merged.len() > cart::MOST_LINES { Err(PricingError::TooManyLines) } else { Ok(merged) }
}

/// The streams that ordering these items needs.
pub(super) fn streams_of(items: &[Item]) -> impl Iterator<Item = StreamId> {
    items.iter().flat_map(|item| {
        [StreamId::of::<Product>(item.product_id), StreamId::of::<Inventory>(item.product_id)]
    })
}

/// The items at the catalog's prices of this moment.
pub(super) fn price<S: Streams, E: From<PricingError>>(
    streams: &S,
    items: &[Item],
    tax_rate: Decimal,
) -> Result<Priced, Halt<E>> {
    let refuse = |error: PricingError| Halt::Refused(E::from(error));
    let mut lines = Vec::with_capacity(items.len());
    let mut currencies = Vec::with_capacity(items.len());
    for &Item { product_id, quantity } in items {
        let product = streams.state::<Product, E>(product_id)?;
        let details = product.on_sale().ok_or_else(|| refuse(PricingError::UnknownProduct { product_id }))?;
        currencies.push(details.price.currency);
        lines.push(OrderLine {
            product_id,
            seller_id: details.seller_id,
            sku: details.sku.clone(),
            name: details.name.clone(),
            unit_price: details.price.amount,
            quantity,
        });
    }
    let currency = *currencies.first().ok_or_else(|| refuse(PricingError::NoItems))?;
    if currencies.iter().any(|other| *other != currency) {
        return Err(refuse(PricingError::MixedCurrencies));
    }
    // Coupons will give the discount, shipping profiles the shipping.
    let totals = totals(&lines, 0, tax_rate, 0).map_err(|error| refuse(error.into()))?;
    Ok(Priced { lines, currency, totals })
}
