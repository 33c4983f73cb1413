//! `POST /orders`: from the cart, or from items. Never charges.

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::{OrderRecord, OrderView, PaymentBrief, PersonalBodies};
use api_contract::{
    ApiError, BoxError, EventPosition, Fields, IdempotencyKey, JsonBody, Role, Success, Version,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use domain::coupon::CouponCode;
use domain::decisions::{OrderSource, PlaceOrder, place_order};
use domain::ids::{OrderId, PaymentId, PersonalId};
use domain::order::Order;
use domain::payment::{Payment, PaymentStatus};
use domain::{StreamId, Streams as _};
use event_store::{Accepted, Decision, Remembered, Submission};
use futures::future::OptionFuture;
use identity::addresses::Address;
use identity::personal::{Purpose, Rows};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::address::Place;
use super::items::{self, OrderItemBody};
use super::order_at;
use crate::command::{Caller, decide, now, replayed_or};
use crate::coupons;
use crate::payments::method;
use crate::shop::Shop;

const MESSAGE: &str = "Order created successfully";

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(place))
}

/// An order: of the cart, if no items are named.
#[derive(ToSchema)]
#[schema(as = NewOrder, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes the body")]
struct NewOrderBody {
    #[schema(min_items = 1, max_items = 200)]
    items: Option<Vec<OrderItemBody>>,
    /// One of it and `shippingAddress` is required.
    #[schema(value_type = Option<Uuid>)]
    shipping_address_id: Option<String>,
    /// One that isn't stored.
    shipping_address: Option<Address>,
    /// The shipping address, if none is given.
    #[schema(value_type = Option<Uuid>)]
    billing_address_id: Option<String>,
    billing_address: Option<Address>,
    /// A stored method, or a gateway's token.
    #[schema(max_length = 100, example = "tok_visa")]
    payment_method_id: Option<String>,
    /// A word for it.
    #[schema(max_length = 50, example = "card")]
    payment_method: Option<String>,
    /// Of the cart its own counts where none is named.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,50}$", example = "SAVE20")]
    coupon_code: Option<String>,
    #[schema(min_length = 1, max_length = 2000)]
    notes: Option<String>,
}

struct NewOrder {
    source: OrderSource,
    shipping: Place,
    billing: Option<Place>,
    payment_method: Option<String>,
    coupon: Option<CouponCode>,
    notes: Option<String>,
}

impl NewOrder {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let source = items::source(f);
        let shipping = Place::read(f, "shippingAddressId", "shippingAddress", true);
        let billing = Place::read(f, "billingAddressId", "billingAddress", false);
        let method_id = method::read(f);
        let word = f.field("paymentMethod").parse(1..=50, method::word_rule);
        let coupon = coupons::code(f.field("couponCode"));
        let notes = f.field("notes").text(1..=2_000);
        Some(Self { source, shipping: shipping?, billing, payment_method: method_id.or(word), coupon, notes })
    }
}

/// What is kept of a person for it.
struct Kept {
    shipping: (PersonalId, Address),
    billing: (PersonalId, Address),
    notes: Option<(PersonalId, String)>,
}

/// Places an order: prices are frozen, stock is reserved, the coupon is redeemed, or nothing of it happens.
///
/// It never charges: `POST /payments/process` does.
#[utoipa::path(
    post, path = "/orders", operation_id = "placeOrder", tag = "orders", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the same answer comes again", min_length = 1, max_length = 255)),
    request_body = NewOrderBody,
    responses(
        (status = 201, description = "The order, pending; one of 0 is confirmed at once", body = Envelope<OrderView>),
        (status = 409, description = "Not enough in stock, an empty cart, more than one currency, a coupon that takes nothing off", body = Refusal),
    ),
)]
async fn place(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Customer, Role::Seller, Role::Admin])?;
    let (request, fingerprint) = body.read_keyed(NewOrder::read)?;
    let now = now();
    let (shipping, billing) = match named(&shop, &caller, &request).await {
        Ok(named) => named,
        Err(refusal) => {
            let submission = caller.keyed(&key, fingerprint);
            return again(&shop, replayed_or(&shop.decider, submission, refusal).await?).await;
        }
    };
    let (kept, number) = tokio::try_join!(keep(&shop, &caller, shipping, billing, request.notes), async {
        shop.order_numbers.next(now).await.map_err(identity::failed)
    },)?;

    let (order_id, payment_id) = (OrderId(Uuid::now_v7()), PaymentId(Uuid::now_v7()));
    let ship_to = kept.shipping.1.region();
    let ttl = TimeDelta::from_std(shop.rules.reservation_ttl).map_err(ApiError::internal)?;
    let lines = match &request.source {
        OrderSource::Cart => 20,
        OrderSource::Items(items) => items.len(),
    };
    let command = PlaceOrder {
        order_id,
        number,
        customer_id: Some(caller.principal.user),
        source: request.source,
        coupon: request.coupon,
        at: now,
        payment_id,
        tax_rate: shop.rules.tax_rates.rate(&ship_to),
        ship_to,
        shipping_address: Some(kept.shipping.0),
        billing_address: Some(kept.billing.0),
        notes: kept.notes.as_ref().map(|(id, _)| *id),
        payment_method: request.payment_method,
        expires_at: Some(now + ttl),
    };
    let submission = Submission {
        occurred_at: Some(now),
        fresh: vec![StreamId::of::<Order>(order_id), StreamId::of::<Payment>(payment_id)],
        bytes: 2048 + 512 * lines,
        ..caller.keyed(&key, fingerprint)
    };
    let named = command.coupon.is_some();
    let decision = move |streams: &mut Decision<'_>| {
        place_order(streams, &command)
            .map_err(|halt| halt.map(|error| items::refusal(&error, &command.source, named)))?;
        streams.remember(201, order_id);
        let status = streams.state::<Payment, ApiError>(payment_id)?.status();
        let version = streams.version::<Order, ApiError>(order_id)?;
        Ok((streams.state::<Order, ApiError>(order_id)?.clone(), version, status))
    };
    match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (order, version, status), position } => {
            let record = OrderRecord::placed_at(order, version, now);
            let brief = PaymentBrief { id: payment_id, status: status.as_str() };
            let page = if status == PaymentStatus::Pending { shop.gateways.page(payment_id) } else { None };
            placed(order_id, &record, &kept, brief, page, position)
        }
        Accepted::Replayed(before) => again(&shop, before).await,
    }
}

/// Where it goes and whom it is billed to, if not there. What is named must be the caller's.
async fn named(
    shop: &Shop,
    caller: &Caller,
    request: &NewOrder,
) -> Result<(Address, Option<Address>), ApiError> {
    let user = caller.principal.user;
    if let Some(method) = &request.payment_method {
        method::require_known(shop.log.pool(), user, method).await?;
    }
    let owner = (&shop.addresses, user);
    let billing =
        OptionFuture::from(request.billing.clone().map(|place| place.resolve(owner, "billingAddressId")));
    let shipping = request.shipping.clone().resolve(owner, "shippingAddressId");
    let (shipping, billing) = tokio::join!(shipping, billing);
    let (shipping, billing) = (shipping?, billing.transpose()?);
    Ok((shipping, billing))
}

/// The answer that was given before.
async fn again(shop: &Shop, before: Remembered) -> Result<Response, ApiError> {
    let id: OrderId = before.resource.parse().map_err(ApiError::internal)?;
    let again = order_at(shop, id, before.position, MESSAGE).await?;
    Ok((StatusCode::CREATED, again).into_response())
}

/// Writes what is kept of a person, before the log names it.
async fn keep(
    shop: &Shop,
    caller: &Caller,
    shipping: Address,
    billing: Option<Address>,
    notes: Option<String>,
) -> Result<Kept, ApiError> {
    let mut rows = Rows::of(caller.principal.user);
    let shipping_id = rows.add(Purpose::ShippingAddress, json(&shipping)?);
    // Where none is named it is billed to where it goes, and one row says both: an invoice keeps either as long.
    let (billing_id, billing) = match billing {
        Some(billing) => (rows.add(Purpose::BillingAddress, json(&billing)?), billing),
        None => (shipping_id, shipping.clone()),
    };
    let notes = notes.map(|notes| (rows.add(Purpose::OrderNotes, notes.as_str().into()), notes));
    shop.personal.keep(rows).await?;
    Ok(Kept { shipping: (shipping_id, shipping), billing: (billing_id, billing), notes })
}

fn json(body: &impl Serialize) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(body).map_err(ApiError::internal)
}

fn placed(
    id: OrderId,
    record: &OrderRecord,
    kept: &Kept,
    payment: PaymentBrief,
    page: Option<String>,
    position: i64,
) -> Result<Response, ApiError> {
    let raw = |body: serde_json::Value| serde_json::value::to_raw_value(&body).map_err(ApiError::internal);
    let mut bodies = PersonalBodies::new();
    for (id, address) in [&kept.shipping, &kept.billing] {
        bodies.insert(*id, raw(json(address)?)?);
    }
    if let Some((id, notes)) = &kept.notes {
        bodies.insert(*id, raw(notes.as_str().into())?);
    }
    let view = OrderView::of(id, record, &bodies, Some(payment))
        .ok_or_else(|| ApiError::internal(BoxError::from("an order that was placed is none")))?
        .payable_at(page);
    let answer = Success::new(view).message(MESSAGE);
    Ok((StatusCode::CREATED, Version(record.version), EventPosition(position), answer).into_response())
}
