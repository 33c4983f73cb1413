//! A cart.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::cart::{Cart, CartEvent, CartLine};
use domain::coupon::{Coupon, CouponCode};
use domain::decisions::{CartQuote, Offers, Quoting, on_sale, quote_cart};
use domain::ids::{ProductId, UserId};
use domain::order::{OrderLine, TotalsError};
use domain::product::ProductDetails;
use domain::{Currency, Decide, Minor, Money};
use serde::Serialize;
use utoipa::ToSchema;

use super::Record;
use super::changes::Then;
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

impl CartRecord {
    /// The record of a cart that has just been changed; nothing where a line is older than its moment, which then
    /// stands in the stream alone.
    pub fn changed(cart: &Cart, version: u64, at: DateTime<Utc>) -> Option<Self> {
        let moment = |line: &CartLine| Some((line.product_id, line.added_at?));
        let added_at = cart.lines.iter().map(moment).collect::<Option<_>>()?;
        Some(Self { cart: cart.clone(), added_at, updated_at: Some(at), version })
    }
}

impl Record for CartRecord {
    type Of = Cart;

    const ANEW: &'static [&'static str] = &["CartCleared", "CartCheckedOut"];

    fn after(events: u64) -> Self {
        Self { version: events, ..Self::default() }
    }

    fn apply(&mut self, event: &CartEvent, at: DateTime<Utc>) {
        self.cart.evolve(event);
        let Self { cart, added_at, .. } = self;
        added_at.retain(|product_id, _| cart.line(*product_id).is_some());
        for line in &cart.lines {
            added_at.entry(line.product_id).or_insert(line.added_at.unwrap_or(at));
        }
        self.updated_at = Some(at);
        self.version += 1;
    }
}

/// A cart as a client reads it: with the prices and the stock of now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartView {
    #[schema(value_type = Uuid)]
    id: UserId,
    #[schema(value_type = Uuid)]
    user_id: UserId,
    items: Vec<CartItemView>,
    /// How many units are in it.
    item_count: u64,
    /// The same.
    total_items: u64,
    #[schema(value_type = String)]
    currency: Currency,
    subtotal: Amount,
    discount: Amount,
    tax: Amount,
    total: Amount,
    shipping_cost: Amount,
    /// As a decimal fraction, for example `0.05`.
    tax_rate: String,
    #[schema(value_type = Option<String>)]
    coupon_code: Option<CouponCode>,
    /// Why the coupon takes nothing off, if it doesn't. An order with it is refused until it is taken out.
    coupon_problem: Option<String>,
    /// What has changed since things were put in, and what stands in the way of an order.
    changes: Vec<String>,
    updated_at: Option<Timestamp>,
}

/// One product in a cart.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartItemView {
    #[schema(value_type = Uuid)]
    id: ProductId,
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    product_name: String,
    /// The same.
    name: String,
    product_image: Option<String>,
    /// The same.
    image_url: Option<String>,
    sku: String,
    /// The catalog's price now: what would be paid.
    price: Amount,
    /// The price when it was put in.
    added_price: Amount,
    price_changed: bool,
    #[schema(value_type = String)]
    currency: Currency,
    quantity: u32,
    subtotal: Amount,
    /// The same.
    item_total: Amount,
    added_at: Option<Timestamp>,
    /// Whether it is still sold, in the cart's currency.
    for_sale: bool,
    available_stock: u64,
    /// Whether there is any.
    in_stock: bool,
    /// What has changed since it was put in, in words.
    changes: Vec<String>,
}

impl CartView {
    /// A cart with what the catalog says of its products now, and the coupon that lies in it.
    pub fn of(
        record: &CartRecord,
        offers: &Offers,
        coupon: Option<&Coupon>,
        quoting: Quoting,
    ) -> Result<Self, TotalsError> {
        let cart = &record.cart;
        let CartQuote { priced, coupon_problem } = quote_cart(cart, offers, coupon, quoting)?;
        let currency = priced.currency;
        let amount = |minor: Minor| Amount(Money::new(minor, currency));
        let lines = cart.lines.iter().zip(priced.lines);
        let items: Vec<CartItemView> =
            lines.map(|(line, now)| CartItemView::of(line, now, record, offers, currency)).collect();
        let coupon_problem = coupon_problem.map(|problem| problem.to_string());
        let mut changes: Vec<String> = items.iter().flat_map(|item| item.changes.clone()).collect();
        if let (Some(code), Some(problem)) = (&cart.coupon, &coupon_problem) {
            changes.push(format!("Coupon {code} takes nothing off: {problem}"));
        }
        let item_count = items.iter().map(|item| u64::from(item.quantity)).sum();
        Ok(Self {
            id: quoting.user_id,
            user_id: quoting.user_id,
            items,
            item_count,
            total_items: item_count,
            currency,
            subtotal: amount(priced.totals.subtotal),
            discount: amount(priced.totals.discount),
            tax: amount(priced.totals.tax),
            total: amount(priced.totals.total),
            shipping_cost: amount(priced.totals.shipping),
            tax_rate: quoting.tax_rate.normalize().to_string(),
            coupon_code: cart.coupon.clone(),
            coupon_problem,
            changes,
            updated_at: record.updated_at.map(Timestamp),
        })
    }

    /// One of its items.
    pub fn item(&self, product_id: ProductId) -> Option<&CartItemView> {
        self.items.iter().find(|item| item.product_id == product_id)
    }

    /// What a product in it comes to; nothing of what isn't in it.
    pub fn subtotal_of(&self, product_id: ProductId) -> Amount {
        let none = Amount(Money::new(0, self.currency));
        self.item(product_id).map_or(none, |item| item.subtotal)
    }

    /// Subtotal, discount, tax and total.
    pub fn amounts(&self) -> [Amount; 4] {
        [self.subtotal, self.discount, self.tax, self.total]
    }
}

impl CartItemView {
    fn of(line: &CartLine, now: OrderLine, record: &CartRecord, offers: &Offers, currency: Currency) -> Self {
        let offer = offers.get(&line.product_id);
        let price = Money::new(now.unit_price, currency);
        let available = offer.map_or(0, |offer| offer.stock);
        let then = Then {
            name: &now.name,
            for_sale: on_sale(line, offers).is_some(),
            quantity: line.quantity,
            available,
            added_price: line.unit_price,
            price,
        };
        let image = offer.and_then(|offer| offer.details.as_deref()).and_then(picture);
        let subtotal = Amount(Money::new(now.total().unwrap_or_default(), currency));
        Self {
            id: line.product_id,
            product_id: line.product_id,
            price_changed: then.price_changed(),
            changes: then.changes(),
            for_sale: then.for_sale,
            name: now.name.clone(),
            product_name: now.name,
            product_image: image.clone(),
            image_url: image,
            sku: now.sku,
            price: price.into(),
            added_price: line.unit_price.into(),
            currency,
            quantity: line.quantity,
            subtotal,
            item_total: subtotal,
            added_at: record.added_at.get(&line.product_id).copied().map(Timestamp),
            available_stock: available,
            in_stock: available > 0,
        }
    }
}

fn picture(product: &ProductDetails) -> Option<String> {
    let primary = product.images.iter().find(|image| image.is_primary);
    primary.or(product.images.first()).map(|image| image.url.clone())
}

#[cfg(test)]
mod tests;
