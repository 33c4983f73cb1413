//! `POST /orders/{id}/cancel`: until it is shipped, by its customer or an admin. Money that was captured goes back.

use api_contract::{ApiError, IdempotencyKey, IfMatch, JsonBody, PathId, Role};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::decisions::{CancelOrder, CancelOrderError, cancel_order};
use domain::ids::{OrderId, RefundId};
use domain::order::{CancelCause, Order, OrderError};
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision, Submission};
use identity::personal::{self, Purpose, Rows};
use uuid::Uuid;

use super::{order_at, visible};
use crate::command::{Caller, decide, now};
use crate::shop::Shop;

const MESSAGE: &str = "Order cancelled successfully";

pub(super) fn route() -> Router<Shop> {
    Router::new().route("/orders/{id}/cancel", post(cancel))
}

async fn cancel(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(order_id): PathId<OrderId>,
    key: IdempotencyKey,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let (reason, fingerprint) = body.read_keyed(|f| Some(f.field("reason").text(1..=500)))?;
    let mut rows = Rows::default();
    let reason = rows.text(Purpose::CancelReason, reason.as_deref());
    personal::keep(shop.log.pool(), caller.principal.user, &rows).await.map_err(identity::failed)?;

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
