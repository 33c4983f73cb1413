//! `PATCH` and `PUT /orders/{id}/status`: staff takes an order one step on, or gives it up; a seller takes the shop's
//! lines on.

use api_contract::openapi::{Envelope, Refusal, UnchangedParams};
use api_contract::views::{OrderSight, OrderView};
use api_contract::{ApiError, DayOrMoment, Fields, IfMatch, JsonBody, PathId, Principal, Role};
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::decisions::{
    AdvanceOrder, AdvanceOrderError, AttemptPaymentError, CancelOrder, ConfirmManually, Step, advance_order,
    cancel_order, confirm_manually,
};
use domain::ids::{OrderId, PersonalId, RefundId};
use domain::order::{CancelCause, Lines, Order, OrderError, OrderStatus, Parcel};
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision, Submission};
use identity::personal::Purpose;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{cancel, customer, order_seen_by, visible};
use crate::command::{Caller, decide, now};
use crate::remark;
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(change_order_status, put_order_status))
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

/// A step, and what staff says of it. Parcel's data are kept when the step is `shipped`.
#[derive(Clone, ToSchema)]
#[schema(rename_all = "camelCase")]
struct ChangeStatus {
    /// What it is to become.
    #[schema(value_type = StatusWord)]
    status: OrderStatus,
    /// Shown in the history; of a cancellation it is the reason.
    #[schema(min_length = 1, max_length = 1000, pattern = r"^[^\x00]*\S[^\x00]*$")]
    note: Option<String>,
    /// The carrier's number.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00]*\S[^\x00]*$")]
    tracking_number: Option<String>,
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00]*\S[^\x00]*$")]
    carrier: Option<String>,
    #[schema(value_type = Option<DayOrMoment>)]
    estimated_delivery: Option<DateTime<Utc>>,
}

/// A status, as a request may write it: `paid` is `confirmed`.
#[derive(ToSchema)]
#[schema(as = OrderStatusOrPaid, rename_all = "snake_case")]
#[allow(dead_code, reason = "it says what STATUSES has")]
enum StatusWord {
    Pending,
    Confirmed,
    Paid,
    Processing,
    Shipped,
    Delivered,
    Cancelled,
}

impl ChangeStatus {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let status = f.field("status").required().one_of(&STATUSES);
        let note = f.field("note").text(1..=1_000);
        let tracking_number = f.field("trackingNumber").text(1..=100);
        let carrier = f.field("carrier").text(1..=100);
        let estimated_delivery = f.field("estimatedDelivery").parse(1..=40, str::parse::<DayOrMoment>);
        let estimated_delivery = estimated_delivery.map(DayOrMoment::start);
        Some(Self { status: status?, note, tracking_number, carrier, estimated_delivery })
    }

    fn note_is(&self) -> Purpose {
        match self.status {
            OrderStatus::Cancelled => Purpose::CancelReason,
            OrderStatus::Pending
            | OrderStatus::Confirmed
            | OrderStatus::Processing
            | OrderStatus::Shipped
            | OrderStatus::Delivered => Purpose::StatusNote,
        }
    }
}

/// Takes an order one step on.
///
/// An admin's step is for all lines, a seller's for the shop's own; the order has the status of its least advanced line.
/// `confirmed` (or `paid`) is an admin's word that the money came by another way; `cancelled` releases the stock and
/// refunds what was captured.
#[utoipa::path(
    patch, path = "/orders/{id}/status", operation_id = "changeOrderStatus", tag = "orders", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order's id"), UnchangedParams),
    request_body = ChangeStatus,
    responses(
        (status = 200, description = "The order after the step", body = Envelope<OrderView>),
        (status = 409, description = "The step doesn't follow on the status", body = Refusal),
        (status = 412, description = "It has changed since this version", body = Refusal),
    ),
)]
async fn change_order_status(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(order_id): PathId<OrderId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    change(&shop, caller, order_id, if_match, &body).await
}

/// The same as PATCH.
#[utoipa::path(
    put, path = "/orders/{id}/status", operation_id = "putOrderStatus", tag = "orders", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order's id"), UnchangedParams),
    request_body = ChangeStatus,
    responses(
        (status = 200, description = "The order after the step", body = Envelope<OrderView>),
        (status = 409, description = "The step doesn't follow on the status", body = Refusal),
        (status = 412, description = "It has changed since this version", body = Refusal),
    ),
)]
async fn put_order_status(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(order_id): PathId<OrderId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    change(&shop, caller, order_id, if_match, &body).await
}

async fn change(
    shop: &Shop,
    caller: Caller,
    order_id: OrderId,
    if_match: IfMatch,
    body: &JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Admin, Role::Seller])?;
    let request = body.read(ChangeStatus::read)?;
    let note = remark::keep(shop, order_id, customer, request.note_is(), request.note.as_deref()).await?;

    let at = now();
    let submission = Submission { occurred_at: Some(at), ..caller.submission() };
    let reader = caller.principal.clone();
    let taking = Taking { order_id, request, note, at, refund_id: RefundId(Uuid::now_v7()) };
    let decision = move |streams: &mut Decision<'_>| {
        visible(streams, order_id, |placed| OrderSight::of(&caller.principal, placed).is_some())?;
        if_match.check(streams.version::<Order, ApiError>(order_id)?).map_err(Halt::Refused)?;
        match lines(&caller.principal).map_err(Halt::Refused)? {
            Lines::All => taking.as_admin(streams),
            Lines::OfSeller(seller) => taking.as_seller(streams, Lines::OfSeller(seller)),
        }
    };
    let position = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (), position } => position,
        Accepted::Replayed(before) => before.position,
    };
    shop.poke.notify_one();
    order_seen_by(shop, &reader, order_id, position, "Order status updated").await
}

/// Whose lines somebody takes on.
fn lines(principal: &Principal) -> Result<Lines, ApiError> {
    if principal.is(Role::Admin) {
        return Ok(Lines::All);
    }
    principal.shop.map(Lines::OfSeller).ok_or_else(ApiError::forbidden)
}

/// A step that is about to be taken.
struct Taking {
    order_id: OrderId,
    request: ChangeStatus,
    note: Option<PersonalId>,
    at: DateTime<Utc>,
    refund_id: RefundId,
}

impl Taking {
    fn as_admin(&self, streams: &mut Decision<'_>) -> Result<(), Halt<ApiError>> {
        let order_id = self.order_id;
        match self.request.status {
            OrderStatus::Confirmed => confirm_manually(streams, &ConfirmManually { order_id })
                .map(|_| ())
                .map_err(|halt| halt.map(|error| confirm_refusal(&error))),
            OrderStatus::Cancelled => self.cancel(streams),
            OrderStatus::Pending => Err(self.nothing_becomes_pending(streams)),
            OrderStatus::Processing => {
                self.advance(streams, Lines::All, Step::Processing { note: self.note })
            }
            OrderStatus::Shipped => self.advance(streams, Lines::All, Step::Shipped(self.parcel())),
            OrderStatus::Delivered => self.advance(streams, Lines::All, Step::Delivered { note: self.note }),
        }
    }

    /// What is between the shop and its customer is not one seller's: the money, and the lines of others.
    fn as_seller(&self, streams: &mut Decision<'_>, lines: Lines) -> Result<(), Halt<ApiError>> {
        match self.request.status {
            OrderStatus::Confirmed => Err(Halt::Refused(ApiError::forbidden())),
            OrderStatus::Cancelled => {
                let order = streams.state::<Order, ApiError>(self.order_id)?;
                let placed = order.placed.iter().flat_map(|placed| &placed.lines);
                let mut others = placed.filter(|line| Lines::OfSeller(line.seller_id) != lines);
                if others.next().is_some() {
                    let message =
                        "the order has items of other sellers: its customer or an admin can cancel it";
                    return Err(Halt::Refused(ApiError::conflict(message)));
                }
                self.cancel(streams)
            }
            OrderStatus::Pending => Err(self.nothing_becomes_pending(streams)),
            OrderStatus::Processing => self.advance(streams, lines, Step::Processing { note: self.note }),
            OrderStatus::Shipped => self.advance(streams, lines, Step::Shipped(self.parcel())),
            OrderStatus::Delivered => self.advance(streams, lines, Step::Delivered { note: self.note }),
        }
    }

    fn nothing_becomes_pending(&self, streams: &Decision<'_>) -> Halt<ApiError> {
        match streams.state::<Order, ApiError>(self.order_id) {
            Ok(order) => {
                let refusal = OrderError::WrongStatus { is: order.status, to: OrderStatus::Pending };
                Halt::Refused(ApiError::conflict(refusal.to_string()))
            }
            Err(halt) => halt,
        }
    }

    fn cancel(&self, streams: &mut Decision<'_>) -> Result<(), Halt<ApiError>> {
        let command = CancelOrder {
            order_id: self.order_id,
            cause: CancelCause::Staff,
            reason: self.note,
            at: self.at,
            refund_id: self.refund_id,
        };
        cancel_order(streams, &command).map(|_| ()).map_err(|halt| halt.map(|error| cancel::refusal(&error)))
    }

    fn advance(&self, streams: &mut Decision<'_>, lines: Lines, step: Step) -> Result<(), Halt<ApiError>> {
        advance_order(streams, &AdvanceOrder { order_id: self.order_id, lines, step })
            .map(|_| ())
            .map_err(|halt| halt.map(|error| advance_refusal(&error)))
    }

    fn parcel(&self) -> Parcel {
        Parcel {
            tracking_number: self.request.tracking_number.clone(),
            carrier: self.request.carrier.clone(),
            estimated_delivery: self.request.estimated_delivery,
            note: self.note,
        }
    }
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
        // Seen for another reason: a seller's own purchase.
        AdvanceOrderError::Order(OrderError::NothingOfSeller) => ApiError::forbidden(),
        AdvanceOrderError::Order(_) | AdvanceOrderError::Inventory(_) => {
            ApiError::conflict(error.to_string())
        }
    }
}
