//! `POST /orders/checkout`: what an order would come to. Changes nothing.

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::PreviewView;
use api_contract::{ApiError, Fields, JsonBody, Role, Success};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::coupon::CouponCode;
use domain::decisions::{OrderSource, PreviewOrder, preview_order};
use event_store::{Accepted, Decision};
use identity::addresses::Address;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::address::Place;
use super::items::{self, OrderItemBody};
use crate::command::{Caller, decide, now};
use crate::shop::Shop;
use crate::{coupons, tax};

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(preview))
}

/// An order that is thought of: of the cart, if no items are named.
#[derive(ToSchema)]
#[schema(as = OrderPreview, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes the body")]
struct PreviewBody {
    #[schema(min_items = 1, max_items = 200)]
    items: Option<Vec<OrderItemBody>>,
    /// A stored address; its place gives the tax. Without an address it is the default address's, else the shop's.
    #[schema(value_type = Option<Uuid>)]
    shipping_address_id: Option<String>,
    /// One that isn't stored, in its place.
    shipping_address: Option<Address>,
    /// Of the cart its own counts where none is named.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,50}$")]
    coupon_code: Option<String>,
}

struct Preview {
    source: OrderSource,
    shipping: Option<Place>,
    coupon: Option<CouponCode>,
}

impl Preview {
    fn read(f: &mut Fields<'_, '_>) -> Self {
        let source = items::source(f);
        let shipping = Place::read(f, "shippingAddressId", "shippingAddress", false);
        let coupon = coupons::code(f.field("couponCode"));
        Self { source, shipping, coupon }
    }
}

/// Says what an order would come to now, with what has changed since things were put into the cart.
#[utoipa::path(
    post, path = "/orders/checkout", operation_id = "previewOrder", tag = "orders", security(("bearer" = [])),
    request_body = PreviewBody,
    responses(
        (status = 200, description = "What it would come to", body = Envelope<PreviewView>),
        (status = 409, description = "It can't be ordered: an empty cart, a product that is no longer sold, a coupon that takes nothing off", body = Refusal),
    ),
)]
async fn preview(
    State(shop): State<Shop>,
    caller: Caller,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    caller.principal.require(&[Role::Customer, Role::Seller, Role::Admin])?;
    let request = body.read(|f| Some(Preview::read(f)))?;
    let user = caller.principal.user;
    let tax_rate = match request.shipping {
        Some(place) => {
            let address = place.resolve((&shop.addresses, user), "shippingAddressId").await?;
            shop.rules.tax_rates.rate(&address.region())
        }
        None => tax::rate_at_home(&shop, user).await?,
    };
    let (source, coupon) = (request.source, request.coupon);
    let named = coupon.is_some();
    let command = PreviewOrder { customer_id: Some(user), source, coupon, tax_rate, at: now() };
    let decision = move |streams: &mut Decision<'_>| {
        preview_order(streams, &command)
            .map_err(|halt| halt.map(|error| items::pricing_refusal(&error, &command.source, named)))
    };
    match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value, position: _ } => Ok(Success::new(PreviewView::from(value))),
        Accepted::Replayed(_) => Err(ApiError::not_found("Preview")),
    }
}
