//! What items cost: the one place where a cart, a preview and an order get their amounts from.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::cart::{self, Cart};
use crate::coupon::{Coupon, CouponCode, CouponError};
use crate::ids::{ProductId, UserId};
use crate::inventory::Inventory;
use crate::order::{OrderLine, Totals, TotalsError, totals};
use crate::product::{Product, ProductDetails};
use crate::{Currency, Halt, Money, StreamId, Streams};

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
    /// The coupon that gives the discount.
    pub coupon: Option<CouponCode>,
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
    /// The coupon takes nothing off.
    #[error(transparent)]
    Coupon(#[from] CouponError),
    /// There is no total.
    #[error(transparent)]
    Totals(#[from] TotalsError),
}

/// A coupon that is to be used, by whom and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voucher<'a> {
    pub(super) code: &'a CouponCode,
    pub(super) coupon: &'a Coupon,
    pub(super) user_id: UserId,
    pub(super) at: DateTime<Utc>,
}

/// What lines come to, with the coupon's discount. A coupon that takes nothing off is a refusal, so that nobody pays
/// more than they were shown.
pub(super) fn price(
    lines: Vec<OrderLine>,
    currency: Currency,
    voucher: Option<Voucher<'_>>,
    tax_rate: Decimal,
) -> Result<Priced, PricingError> {
    // Shipping profiles will give the shipping.
    let plain = totals(&lines, 0, tax_rate, 0)?;
    let Some(Voucher { code, coupon, user_id, at }) = voucher else {
        return Ok(Priced { lines, currency, totals: plain, coupon: None });
    };
    let discount = coupon.discount_on(Money::new(plain.subtotal, currency), user_id, at)?;
    let totals = totals(&lines, discount, tax_rate, 0)?;
    Ok(Priced { lines, currency, totals, coupon: Some(code.clone()) })
}

/// An order, or the thought of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) source: &'a OrderSource,
    pub(super) customer_id: Option<UserId>,
    /// The coupon that was named; of the cart its own counts where none was.
    pub(super) coupon: Option<&'a CouponCode>,
    pub(super) tax_rate: Decimal,
    pub(super) at: DateTime<Utc>,
}

impl Wanted<'_> {
    /// The streams that are known before any is loaded: of an order from items, all.
    pub(super) fn streams<E: From<PricingError>>(&self) -> Result<Vec<StreamId>, Halt<E>> {
        let mut known: Vec<StreamId> = self.coupon.iter().map(StreamId::of::<Coupon>).collect();
        match (self.source, self.customer_id) {
            (OrderSource::Cart, Some(user)) => known.push(StreamId::of::<Cart>(user)),
            (OrderSource::Cart, None) => {}
            // Refused here before anything is loaded, if it must be.
            (OrderSource::Items(items), _) => known.extend(streams_of(&merged(items).map_err(refuse)?)),
        }
        Ok(known)
    }

    /// What it comes to at this moment.
    pub(super) fn price<S: Streams, E: From<PricingError>>(&self, streams: &S) -> Result<Priced, Halt<E>> {
        let basket = self.basket(streams)?;
        let mut needed: Vec<StreamId> = streams_of(&basket.items).collect();
        needed.extend(basket.coupon.iter().map(StreamId::of::<Coupon>));
        streams.need(&needed)?;
        let (lines, currency) = lines(streams, &basket)?;
        let voucher = match &basket.coupon {
            None => None,
            Some(code) => {
                let user_id = self.customer_id.ok_or_else(|| refuse(CouponError::NoAccount.into()))?;
                let coupon = streams.state::<Coupon, E>(code)?;
                Some(Voucher { code, coupon, user_id, at: self.at })
            }
        };
        price(lines, currency, voucher, self.tax_rate).map_err(refuse)
    }

    fn basket<S: Streams, E: From<PricingError>>(&self, streams: &S) -> Result<Basket, Halt<E>> {
        match (self.source, self.customer_id) {
            (OrderSource::Cart, None) => Err(refuse(PricingError::EmptyCart)),
            (OrderSource::Cart, Some(user)) => {
                let cart = streams.state::<Cart, E>(user)?;
                if cart.lines.is_empty() {
                    return Err(refuse(PricingError::EmptyCart));
                }
                let item =
                    |line: &cart::CartLine| Item { product_id: line.product_id, quantity: line.quantity };
                Ok(Basket {
                    items: cart.lines.iter().map(item).collect(),
                    currency: cart.currency(),
                    coupon: self.coupon.or(cart.coupon.as_ref()).cloned(),
                })
            }
            (OrderSource::Items(items), _) => Ok(Basket {
                items: merged(items).map_err(refuse)?,
                currency: None,
                coupon: self.coupon.cloned(),
            }),
        }
    }
}

/// What is to be bought.
struct Basket {
    items: Vec<Item>,
    /// The cart's: what it has shown in one currency isn't sold in another.
    currency: Option<Currency>,
    coupon: Option<CouponCode>,
}

fn refuse<E: From<PricingError>>(error: PricingError) -> Halt<E> {
    Halt::Refused(E::from(error))
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
fn streams_of(items: &[Item]) -> impl Iterator<Item = StreamId> {
    items.iter().flat_map(|item| {
        [StreamId::of::<Product>(item.product_id), StreamId::of::<Inventory>(item.product_id)]
    })
}

/// The items at the catalog's prices, which must have one currency.
fn lines<S: Streams, E: From<PricingError>>(
    streams: &S,
    basket: &Basket,
) -> Result<(Vec<OrderLine>, Currency), Halt<E>> {
    let mut lines = Vec::with_capacity(basket.items.len());
    let mut currency = basket.currency;
    for &Item { product_id, quantity } in &basket.items {
        let product = streams.state::<Product, E>(product_id)?;
        let details = product.on_sale().ok_or_else(|| refuse(PricingError::UnknownProduct { product_id }))?;
        if *currency.get_or_insert(details.price.currency) != details.price.currency {
            return Err(refuse(PricingError::MixedCurrencies));
        }
        lines.push(line_of(product_id, details, quantity));
    }
    Ok((lines, currency.ok_or_else(|| refuse(PricingError::NoItems))?))
}

/// A product at its price now.
pub(super) fn line_of(product_id: ProductId, details: &ProductDetails, quantity: u32) -> OrderLine {
    OrderLine {
        product_id,
        seller_id: details.seller_id,
        sku: details.sku.clone(),
        name: details.name.clone(),
        unit_price: details.price.amount,
        quantity,
    }
}
