//! A cart.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::cart::{Cart, CartEvent, CartLine};
use domain::ids::{ProductId, UserId};
use domain::order::{OrderLine, TotalsError, totals};
use domain::product::ProductDetails;
use domain::{Currency, Decide, Money};
use rust_decimal::Decimal;
use serde::Serialize;

use super::Record;
use crate::amount::Amount;
use crate::envelope::Timestamp;

/// A cart, when each product went in, and when it last changed.
#[derive(Clone, Debug, Default)]
pub struct CartRecord {
    /// The cart.
    pub cart: Cart,
    /// When each product was first put in.
    pub added_at: BTreeMap<ProductId, DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// How many events it has.
    pub version: u64,
}

impl Record for CartRecord {
    type Of = Cart;

    fn apply(&mut self, event: &CartEvent, at: DateTime<Utc>) {
        self.cart.evolve(event);
        let Self { cart, added_at, .. } = self;
        added_at.retain(|product_id, _| cart.line(*product_id).is_some());
        for line in &cart.lines {
            added_at.entry(line.product_id).or_insert(at);
        }
        self.updated_at = Some(at);
        self.version += 1;
    }
}

/// A cart as a client reads it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CartView {
    id: UserId,
    user_id: UserId,
    items: Vec<CartItemView>,
    item_count: u64,
    currency: Currency,
    subtotal: Amount,
    discount: Amount,
    tax: Amount,
    total: Amount,
    coupon_code: Option<String>,
    updated_at: Option<Timestamp>,
}

/// One product in a cart.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CartItemView {
    id: ProductId,
    product_id: ProductId,
    product_name: String,
    product_image: Option<String>,
    sku: String,
    /// The catalog's price now: what would be paid.
    price: Amount,
    /// The price when it was put in.
    added_price: Amount,
    currency: Currency,
    quantity: u32,
    subtotal: Amount,
    added_at: Option<Timestamp>,
    /// Whether it is still sold, in the cart's currency.
    for_sale: bool,
}

impl CartView {
    /// A cart with today's names and prices. `products` are those for sale; a product that isn't among them keeps the
    /// price that it had.
    pub fn of(
        user_id: UserId,
        record: &CartRecord,
        products: &HashMap<ProductId, Arc<ProductDetails>>,
        tax_rate: Decimal,
        shop_currency: Currency,
    ) -> Result<Self, TotalsError> {
        let currency = record.cart.currency().unwrap_or(shop_currency);
        let lines: Vec<OrderLine> = record.cart.lines.iter().map(|line| priced(line, products)).collect();
        let totals = totals(&lines, 0, tax_rate, 0)?;
        let amount = |minor| Amount(Money::new(minor, currency));
        let items: Vec<CartItemView> = record
            .cart
            .lines
            .iter()
            .zip(lines)
            .map(|(line, priced)| {
                let product = on_sale(line, products);
                let subtotal = amount(priced.total().unwrap_or_default());
                CartItemView {
                    id: line.product_id,
                    product_id: line.product_id,
                    product_name: priced.name,
                    product_image: product.and_then(|product| picture(product)),
                    sku: priced.sku,
                    price: amount(priced.unit_price),
                    added_price: line.unit_price.into(),
                    currency,
                    quantity: line.quantity,
                    subtotal,
                    added_at: record.added_at.get(&line.product_id).copied().map(Timestamp),
                    for_sale: product.is_some(),
                }
            })
            .collect();
        Ok(Self {
            id: user_id,
            user_id,
            item_count: items.iter().map(|item| u64::from(item.quantity)).sum(),
            items,
            currency,
            subtotal: amount(totals.subtotal),
            discount: amount(totals.discount),
            tax: amount(totals.tax),
            total: amount(totals.total),
            coupon_code: None,
            updated_at: record.updated_at.map(Timestamp),
        })
    }

    /// One of its items.
    pub fn item(&self, product_id: ProductId) -> Option<&CartItemView> {
        self.items.iter().find(|item| item.product_id == product_id)
    }
}

fn on_sale<'p>(
    line: &CartLine,
    products: &'p HashMap<ProductId, Arc<ProductDetails>>,
) -> Option<&'p Arc<ProductDetails>> {
    products.get(&line.product_id).filter(|product| product.price.currency == line.unit_price.currency)
}

fn priced(line: &CartLine, products: &HashMap<ProductId, Arc<ProductDetails>>) -> OrderLine {
    let product = on_sale(line, products);
    OrderLine {
        product_id: line.product_id,
        seller_id: product.map_or(uuid::Uuid::nil().into(), |product| product.seller_id),
        sku: product.map_or_else(String::new, |product| product.sku.clone()),
        name: product.map_or_else(String::new, |product| product.name.clone()),
        unit_price: product.map_or(line.unit_price.amount, |product| product.price.amount),
        quantity: line.quantity,
    }
}

fn picture(product: &ProductDetails) -> Option<String> {
    let primary = product.images.iter().find(|image| image.is_primary);
    primary.or(product.images.first()).map(|image| image.url.clone())
}
