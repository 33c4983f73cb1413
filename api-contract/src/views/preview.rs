//! What an order would come to.

use domain::coupon::CouponCode;
use domain::decisions::{BesideLine, Preview};
use domain::ids::{ProductId, SellerId};
use domain::order::OrderLine;
use domain::{Currency, Minor, Money};
use serde::Serialize;
use utoipa::ToSchema;

use super::changes::Then;
use crate::amount::Amount;

/// What an order would come to now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewView {
    items: Vec<PreviewItemView>,
    item_count: u64,
    #[schema(value_type = String)]
    currency: Currency,
    subtotal: Amount,
    discount: Amount,
    tax: Amount,
    shipping_cost: Amount,
    /// The same.
    shipping: Amount,
    total: Amount,
    #[schema(value_type = Option<String>)]
    coupon_code: Option<CouponCode>,
    /// What has changed since things were put into the cart, and what stands in the way of an order.
    changes: Vec<String>,
}

/// One line of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PreviewItemView {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    product_name: String,
    sku: String,
    #[schema(value_type = Uuid)]
    seller_id: SellerId,
    /// The catalog's price now.
    price: Amount,
    /// The price when it was put into the cart.
    added_price: Amount,
    price_changed: bool,
    quantity: u32,
    subtotal: Amount,
    available_stock: u64,
    /// Whether there is any.
    in_stock: bool,
    /// What has changed since it was put into the cart, in words.
    changes: Vec<String>,
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        let Preview { priced, beside } = preview;
        let currency = priced.currency;
        let amount = |minor: Minor| Amount(Money::new(minor, currency));
        let lines = priced.lines.into_iter().zip(beside);
        let items: Vec<_> = lines.map(|(line, beside)| PreviewItemView::of(line, beside, currency)).collect();
        Self {
            item_count: items.iter().map(|item| u64::from(item.quantity)).sum(),
            changes: items.iter().flat_map(|item| item.changes.clone()).collect(),
            items,
            currency,
            subtotal: amount(priced.totals.subtotal),
            discount: amount(priced.totals.discount),
            tax: amount(priced.totals.tax),
            shipping_cost: amount(priced.totals.shipping),
            shipping: amount(priced.totals.shipping),
            total: amount(priced.totals.total),
            coupon_code: priced.coupon,
        }
    }
}

impl PreviewItemView {
    fn of(line: OrderLine, beside: BesideLine, currency: Currency) -> Self {
        let price = Money::new(line.unit_price, currency);
        let added_price = beside.added_price.unwrap_or(price);
        let then = Then {
            name: &line.name,
            for_sale: true,
            quantity: line.quantity,
            available: beside.available,
            added_price,
            price,
        };
        Self {
            price_changed: then.price_changed(),
            changes: then.changes(),
            product_id: line.product_id,
            seller_id: line.seller_id,
            price: price.into(),
            added_price: added_price.into(),
            quantity: line.quantity,
            subtotal: Amount(Money::new(line.total().unwrap_or_default(), currency)),
            available_stock: beside.available,
            in_stock: beside.available > 0,
            product_name: line.name,
            sku: line.sku,
        }
    }
}
