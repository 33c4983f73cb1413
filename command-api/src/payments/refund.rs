//! `POST /payments/{id}/refund`: money goes back, all that is left or a part.

use std::time::Duration;

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::{PaymentRecord, RefundView};
use api_contract::{
    ApiError, BoxError, Code, EventPosition, Fields, IdempotencyKey, IfMatch, JsonBody, PathId, Role,
    Success, Version,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::decisions::{RefundOf, RequestRefund, request_refund};
use domain::ids::{PaymentId, RefundId, UserId};
use domain::payment::{Payment, PaymentError, RefundPhase};
use domain::{Halt, Money, Streams as _};
use event_store::{Accepted, Decision};
use identity::personal::Purpose;
use rust_decimal::Decimal;
use tracing::warn;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::refusal;
use super::standing::{Standing, settled, settled_again};
use crate::command::{Caller, decide};
use crate::gateway::Gateways;
use crate::history::{Told, bodies};
use crate::remark;
use crate::settlement::pending;
use crate::shop::Shop;

/// How often somebody who waits looks whether their refund is pending at its gateway.
const LOOK: Duration = Duration::from_millis(250);

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(refund))
}

/// What is to go back.
#[derive(ToSchema)]
struct NewRefund {
    /// How much; without it all that is left.
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, nullable = false)]
    amount: Option<Decimal>,
    /// Why.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    reason: Option<String>,
}

impl NewRefund {
    fn read(f: &mut Fields<'_, '_>) -> Self {
        let amount = f.field("amount").decimal(Decimal::ZERO..=Decimal::from(i64::MAX));
        let reason = f.field("reason").text(1..=500);
        if amount.is_some_and(|amount| amount.is_zero()) {
            f.violation("amount", Code::ValidationError, "amount must be above 0");
        }
        Self { amount, reason }
    }
}

/// Gives money of a payment back, all that is left or a part.
#[utoipa::path(
    post, path = "/payments/{id}/refund", operation_id = "refundPayment", tag = "payments",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The payment's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Refunds once, however often it is sent",
         min_length = 1, max_length = 255),
        ("If-Match" = Option<String>, Header, description = "The payment's version, as ETag answered it"),
    ),
    request_body = NewRefund,
    responses(
        (status = 200, description = "Refunded, or pending at the gateway", body = Envelope<RefundView>),
        (status = 402, description = "The gateway refused; to a repeated key also that the money has come back since",
         body = Refusal),
        (status = 409, description = "More than is left, or nothing was captured", body = Refusal),
        (status = 412, description = "It has changed since this version", body = Refusal),
    ),
)]
async fn refund(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(payment_id): PathId<PaymentId>,
    key: IdempotencyKey,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Admin])?;
    let (request, fingerprint) = body.read_keyed(|f| Some(NewRefund::read(f)))?;
    let reason = request.reason.as_deref();
    let reason = remark::keep(&shop, payment_id, customer, Purpose::RefundReason, reason).await?;

    let refund_id = RefundId(Uuid::now_v7());
    let gateways = shop.gateways.clone();
    let decision = move |streams: &mut Decision<'_>| {
        let payment = streams.state::<Payment, ApiError>(payment_id)?;
        let of = part(payment, request.amount, &gateways).map_err(Halt::Refused)?;
        if_match.check(streams.version::<Payment, ApiError>(payment_id)?).map_err(Halt::Refused)?;
        let command = RequestRefund { payment_id, refund_id, of, reason };
        let refused = |error| refused(error, request.amount);
        request_refund(streams, &command).map_err(|halt| halt.map(refused))?;
        // The payment is in the path: what has to be remembered is which of its refunds this was.
        streams.remember(200, refund_id);
        Ok(())
    };
    let (refund_id, payment) = match decide(&shop.decider, caller.keyed(&key, fingerprint), decision).await? {
        Accepted::Done { value: (), position } => {
            shop.poke.notify_one();
            let settled = settled(&shop, payment_id, position, |record| !is_open(record, refund_id));
            (refund_id, or_pending(&shop, payment_id, refund_id, settled).await?)
        }
        Accepted::Replayed(before) => {
            let id: RefundId = before.resource.parse().map_err(ApiError::internal)?;
            let settled = settled_again(&shop, payment_id, |record| !is_open(record, id));
            (id, or_pending(&shop, payment_id, id, settled).await?)
        }
    };
    answer(&shop, payment_id, refund_id, &payment).await
}

/// Whose payment it is; a guest's is nobody's.
fn customer(payment: &Payment) -> Option<UserId> {
    payment.opened.as_ref().and_then(|opened| opened.customer_id)
}

/// The payment once its refund is settled, or as it is when the refund is known to stay pending at its gateway.
async fn or_pending(
    shop: &Shop,
    payment_id: PaymentId,
    refund_id: RefundId,
    settled: impl Future<Output = Result<Standing, ApiError>>,
) -> Result<Told<PaymentRecord>, ApiError> {
    let standing = tokio::select! {
        biased;
        standing = settled => standing,
        () = shop.outcomes.pending(refund_id) => Standing::read(shop, payment_id).await,
        () = noted(shop, refund_id) => Standing::read(shop, payment_id).await,
    };
    Ok(standing.map_err(ApiError::after_acceptance)?.payment)
}

/// Waits until a refund is noted as pending. The log doesn't say so: where another process asks gateways, this is how one
/// learns of it.
async fn noted(shop: &Shop, refund_id: RefundId) {
    loop {
        match pending::is_noted(shop.log.pool(), refund_id).await {
            Ok(true) => return,
            Ok(false) => {}
            // The answer comes a moment later, or with the end of the time that there is.
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "pending refunds could not be read");
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How a refusal is answered: what is above the rest is the amount, if one was given.
fn refused(error: PaymentError, amount: Option<Decimal>) -> ApiError {
    let is_of_amount = amount.is_some() && matches!(error, PaymentError::RefundAboveCapture { .. });
    let refusal = refusal(error);
    if is_of_amount { refusal.field("amount") } else { refusal }
}

/// How much is to go back, in the payment's currency: an amount that the gateway of the capture takes.
fn part(payment: &Payment, amount: Option<Decimal>, gateways: &Gateways) -> Result<RefundOf, ApiError> {
    let opened = payment.opened.as_ref().ok_or_else(|| refusal(PaymentError::NotOpened))?;
    let Some(amount) = amount else { return Ok(RefundOf::All) };
    let money = Money::parse(&amount.to_string(), opened.amount.currency);
    let money = money.map_err(|error| ApiError::invalid("amount", format!("amount {error}")))?;
    let too_fine = payment.captured.as_deref().and_then(|capture| gateways.too_fine(&capture.gateway, money));
    match too_fine {
        Some(message) => Err(ApiError::invalid("amount", message)),
        None => Ok(RefundOf::Amount(money.amount)),
    }
}

fn is_open(record: &PaymentRecord, refund_id: RefundId) -> bool {
    record.payment.refund(refund_id).is_some_and(|refund| refund.phase == RefundPhase::Requested)
}

/// How the refund stands now.
async fn answer(
    shop: &Shop,
    payment_id: PaymentId,
    refund_id: RefundId,
    payment: &Told<PaymentRecord>,
) -> Result<Response, ApiError> {
    let Told { record, position } = payment;
    let headers = (Version(record.version), EventPosition(*position));
    if let Some(RefundPhase::Failed { code }) = record.payment.refund(refund_id).map(|refund| &refund.phase) {
        let failed = ApiError::new(Code::PaymentFailed, format!("The refund was refused: {code}"));
        return Ok((headers, failed).into_response());
    }
    let bodies = bodies(&shop.log, &record.personal()).await.map_err(ApiError::after_acceptance)?;
    let view = RefundView::of(payment_id, refund_id, record, &bodies)
        .ok_or_else(|| ApiError::internal(BoxError::from("a refund that was requested is none")))?;
    let message = if is_open(record, refund_id) {
        "The refund is being processed"
    } else {
        "Refund processed successfully"
    };
    Ok((headers, Success::new(view).message(message)).into_response())
}
