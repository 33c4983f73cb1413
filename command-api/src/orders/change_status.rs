//! `PATCH` and `PUT /orders/{id}/status`: staff takes an order one step on, or gives it up.

use std::borrow::Cow;

use api_contract::{ApiError, Fields, IfMatch, JsonBody, PathId, Role};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::patch;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::decisions::{
    AdvanceOrder, AdvanceOrderError, AttemptPaymentError, CancelOrder, ConfirmManually, Step, advance_order,
    cancel_order, confirm_manually,
};
use domain::ids::{OrderId, PersonalId, RefundId};
use domain::order::{CancelCause, Lines, Order, OrderError, OrderStatus, Parcel};
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision, Submission};
use identity::personal::{self, Purpose, Rows};
use uuid::Uuid;

use super::{cancel, order_at, visible};
use crate::command::{Caller, decide, now};
use crate::shop::Shop;

pub(super) fn route() -> Router<Shop> {
    Router::new().route("/orders/{id}/status", patch(change).put(change))
}

/// The words for a status; S4's `paid` is `confirmed`.
const STATUSES: [(&str, OrderStatus); 7] = [
    ("pending", OrderStatus::Pending),
    ("confirmed", OrderStatus::Confirmed),
    ("paid", OrderStatus::Confirmed),
    ("processing", OrderStatus::Processing),
    ("shipped", OrderStatus::Shipped),
    ("delivered", OrderStatus::Delivered),
    ("cancelled", OrderStatus::Cancelled),
];

#[derive(Clone)]
struct ChangeStatus {
    status: OrderStatus,
    note: Option<String>,
    tracking_number: Option<String>,
    carrier: Option<String>,
    estimated_delivery: Option<DateTime<Utc>>,
}

impl ChangeStatus {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let status = f.field("status").required().one_of(&STATUSES);
        let note = f.field("note").text(1..=1_000);
        let tracking_number = f.field("trackingNumber").text(1..=100);
        let carrier = f.field("carrier").text(1..=100);
        let estimated_delivery = f.field("estimatedDelivery").parse(1..=40, moment);
        Some(Self { status: status?, note, tracking_number, carrier, estimated_delivery })
    }
}

/// A moment, or a day.
fn moment(text: &str) -> Result<DateTime<Utc>, Cow<'static, str>> {
    let moment = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).ok();
    let day = text.parse().ok().map(|day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc());
    moment
        .or(day)
        .ok_or_else(|| "must be a time in RFC 3339 (2025-11-05T00:00:00Z) or a day (2025-11-05)".into())
}

async fn change(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(order_id): PathId<OrderId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    // A seller's step for the lines of the shop: it comes with the seller's part of an order.
    caller.principal.require(&[Role::Admin])?;
    let request = body.read(ChangeStatus::read)?;
    let mut rows = Rows::default();
    let purpose = match request.status {
        OrderStatus::Cancelled => Purpose::CancelReason,
        OrderStatus::Pending
        | OrderStatus::Confirmed
        | OrderStatus::Processing
        | OrderStatus::Shipped
        | OrderStatus::Delivered => Purpose::StatusNote,
    };
    let note = rows.text(purpose, request.note.as_deref());
    personal::keep(shop.log.pool(), caller.principal.user, &rows).await.map_err(identity::failed)?;

    let at = now();
    let refund_id = RefundId(Uuid::now_v7());
    let submission = Submission { occurred_at: Some(at), ..caller.submission() };
    let decision = move |streams: &mut Decision<'_>| {
        visible(streams, order_id, |_| true)?;
        if_match.check(streams.version::<Order, ApiError>(order_id)?).map_err(Halt::Refused)?;
        take(streams, order_id, &request, note, at, refund_id)
    };
    let position = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (), position } => position,
        Accepted::Replayed(before) => before.position,
    };
    shop.poke.notify_one();
    order_at(&shop, order_id, position, "Order status updated").await
}

/// Takes the step that leads to the status.
fn take(
    streams: &mut Decision<'_>,
    order_id: OrderId,
    request: &ChangeStatus,
    note: Option<PersonalId>,
    at: DateTime<Utc>,
    refund_id: RefundId,
) -> Result<(), Halt<ApiError>> {
    let step = match request.status {
        OrderStatus::Pending => {
            let is = streams.state::<Order, ApiError>(order_id)?.status;
            return Err(Halt::Refused(ApiError::conflict(
                OrderError::WrongStatus { is, to: OrderStatus::Pending }.to_string(),
            )));
        }
        OrderStatus::Confirmed => {
            return confirm_manually(streams, &ConfirmManually { order_id })
                .map(|_| ())
                .map_err(|halt| halt.map(|error| confirm_refusal(&error)));
        }
        OrderStatus::Cancelled => {
            let command = CancelOrder { order_id, cause: CancelCause::Staff, reason: note, at, refund_id };
            return cancel_order(streams, &command)
                .map(|_| ())
                .map_err(|halt| halt.map(|error| cancel::refusal(&error)));
        }
        OrderStatus::Processing => Step::Processing { note },
        OrderStatus::Shipped => Step::Shipped(Parcel {
            tracking_number: request.tracking_number.clone(),
            carrier: request.carrier.clone(),
            estimated_delivery: request.estimated_delivery,
            note,
        }),
        OrderStatus::Delivered => Step::Delivered { note },
    };
    advance_order(streams, &AdvanceOrder { order_id, lines: Lines::All, step })
        .map(|_| ())
        .map_err(|halt| halt.map(|error| advance_refusal(&error)))
}

fn confirm_refusal(error: &AttemptPaymentError) -> ApiError {
    match error {
        AttemptPaymentError::UnknownOrder => ApiError::not_found("Order"),
        AttemptPaymentError::NotPending { status } => ApiError::conflict(
            OrderError::WrongStatus { is: *status, to: OrderStatus::Confirmed }.to_string(),
        ),
        AttemptPaymentError::WrongAmount { .. }
        | AttemptPaymentError::Payment(_)
        | AttemptPaymentError::Order(_) => ApiError::conflict(error.to_string()),
    }
}

fn advance_refusal(error: &AdvanceOrderError) -> ApiError {
    match error {
        AdvanceOrderError::Order(OrderError::NotPlaced) => ApiError::not_found("Order"),
        AdvanceOrderError::Order(_) | AdvanceOrderError::Inventory(_) => {
            ApiError::conflict(error.to_string())
        }
    }
}
