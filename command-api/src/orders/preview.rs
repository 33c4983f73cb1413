//! `POST /orders/checkout`: what an order would come to. Changes nothing.

use api_contract::{Amount, ApiError, Fields, JsonBody, Role, Success};
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use domain::decisions::{OrderSource, PreviewOrder, Priced, preview_order};
use domain::ids::{ProductId, SellerId};
use domain::order::Region;
use domain::{Currency, Money};
use event_store::{Accepted, Decision};
use serde::Serialize;

use super::address::Place;
use super::items;
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> Router<Shop> {
    Router::new().route("/orders/checkout", post(preview))
}

struct Preview {
    source: OrderSource,
    shipping: Option<Place>,
}

impl Preview {
    fn read(f: &mut Fields<'_, '_>) -> Self {
        let source = items::source(f);
        let shipping = Place::read(f, "shippingAddressId", "shippingAddress", false);
        Self { source, shipping }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviewAnswer {
    items: Vec<PreviewItem>,
    currency: Currency,
    subtotal: Amount,
    discount: Amount,
    tax: Amount,
    shipping_cost: Amount,
    total: Amount,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviewItem {
    product_id: ProductId,
    product_name: String,
    sku: String,
    seller_id: SellerId,
    price: Amount,
    quantity: u32,
    subtotal: Amount,
}

async fn preview(
    State(shop): State<Shop>,
    caller: Caller,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    caller.principal.require(&[Role::Customer, Role::Seller, Role::Admin])?;
    let request = body.read(|f| Some(Preview::read(f)))?;
    let owner = (shop.log.pool(), caller.principal.user);
    let ship_to = match request.shipping {
        Some(place) => place.resolve(owner, "shippingAddressId").await?.region(),
        None => Region::default(),
    };
    let command = PreviewOrder {
        customer_id: Some(caller.principal.user),
        source: request.source,
        tax_rate: shop.rules.tax_rates.rate(&ship_to),
    };
    let decision = move |streams: &mut Decision<'_>| {
        preview_order(streams, &command)
            .map_err(|halt| halt.map(|error| items::pricing_refusal(&error, &command.source)))
    };
    match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value, position: _ } => Ok(Success::new(PreviewAnswer::from(value))),
        Accepted::Replayed(_) => Err(ApiError::not_found("Preview")),
    }
}

impl From<Priced> for PreviewAnswer {
    fn from(priced: Priced) -> Self {
        let Priced { lines, currency, totals } = priced;
        let amount = |minor| Amount(Money::new(minor, currency));
        let items = lines.into_iter().map(|line| PreviewItem {
            product_id: line.product_id,
            seller_id: line.seller_id,
            price: amount(line.unit_price),
            quantity: line.quantity,
            subtotal: amount(line.total().unwrap_or_default()),
            product_name: line.name,
            sku: line.sku,
        });
        Self {
            items: items.collect(),
            currency,
            subtotal: amount(totals.subtotal),
            discount: amount(totals.discount),
            tax: amount(totals.tax),
            shipping_cost: amount(totals.shipping),
            total: amount(totals.total),
        }
    }
}
