//! `POST /orders/{id}/cancel`: until it is shipped, by its customer or an admin. Money that was captured goes back.

use api_contract::openapi::{Envelope, Refusal, UnchangedParams};
use api_contract::views::OrderView;
use api_contract::{ApiError, IdempotencyKey, IfMatch, JsonBody, PathId, Role};
use axum::extract::State;
use axum::response::Response;
use domain::decisions::{CancelOrder, CancelOrderError, cancel_order};
use domain::ids::{OrderId, RefundId};
use domain::order::{CancelCause, Order, OrderError};
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision, Submission};
use identity::personal::Purpose;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{customer, order_at, visible};
use crate::command::{Caller, decide, now};
use crate::remark;
use crate::shop::Shop;

const MESSAGE: &str = "Order cancelled successfully";

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(cancel))
}

/// Why.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it says what is read")]
struct Cancel {
    /// In the customer's words.
    #[schema(min_length = 1, max_length = 500, pattern = r"^[^\x00]*\S[^\x00]*$")]
    reason: Option<String>,
}

/// Gives an order up that was not shipped: its stock is for sale again, and what was captured goes back.
#[utoipa::path(
    post, path = "/orders/{id}/cancel", operation_id = "cancelOrder", tag = "orders", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The order's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The request counts once for it"),
        UnchangedParams,
    ),
    request_body = Option<Cancel>,
    responses(
        (status = 200, description = "The order, cancelled", body = Envelope<OrderView>),
        (status = 409, description = "It was shipped, in part or whole, or is cancelled already", body = Refusal),
        (status = 412, description = "It has changed since this version", body = Refusal),
    ),
)]

async fn cancel(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(order_id): PathId<OrderId>,
    key: IdempotencyKey,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let (reason, fingerprint) = body.read_keyed(|f| Some(f.field("reason").text(1..=500)))?;
    let reason = remark::keep(&shop, order_id, customer, Purpose::CancelReason, reason.as_deref()).await?;

    let at = now();
    let refund_id = RefundId(Uuid::now_v7());
    let submission = Submission { occurred_at: Some(at), ..caller.keyed(&key, fingerprint) };
    let decision = move |streams: &mut Decision<'_>| {
        let own = |placed: &domain::order::OrderPlaced| placed.customer_id == Some(caller.principal.user);
        let order = visible(streams, order_id, |placed| own(placed) || caller.principal.is(Role::Admin))?;
        let by_customer = order.placed.as_deref().is_some_and(own);
        if_match.check(streams.version::<Order, ApiError>(order_id)?).map_err(Halt::Refused)?;
        let cause = if by_customer { CancelCause::Customer } else { CancelCause::Staff };
        let command = CancelOrder { order_id, cause, reason, at, refund_id };
        cancel_order(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        streams.remember(200, order_id);
        Ok(())
    };
    let position = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (), position } => position,
        Accepted::Replayed(before) => before.position,
    };
    shop.poke.notify_one();
    order_at(&shop, order_id, position, MESSAGE).await
}

/// How a refusal to give an order up is answered.
pub(super) fn refusal(error: &CancelOrderError) -> ApiError {
    match error {
        CancelOrderError::Order(OrderError::NotPlaced) => ApiError::not_found("Order"),
        CancelOrderError::Order(_)
        | CancelOrderError::Inventory(_)
        | CancelOrderError::Coupon(_)
        | CancelOrderError::Payment(_) => ApiError::conflict(error.to_string()),
    }
}
