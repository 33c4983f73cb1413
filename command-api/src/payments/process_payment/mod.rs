//! `POST /payments/process`: an order is paid. The attempt goes into the log, the process manager takes it to its
//! gateway, and this waits for what comes of it.
//!
//! A customer who comes back from a page of the gateway's sends the same again: then the gateway is asked what it
//! knows by now. With another method the attempt that waits for them is given up, and the other one is charged.

mod outcome;
mod request;

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::{PaymentRecord, PaymentView};
use api_contract::{ApiError, Fingerprint, IdempotencyKey, JsonBody, Role};
use axum::extract::State;
use axum::response::Response;
use domain::Halt;
use domain::decisions::{AttemptPaymentError, Attempted, attempt_payment};
use domain::ids::PaymentId;
use domain::payment::PaymentError;
use event_store::{Accepted, Decision, Remembered};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::outcome::{Decided, answer, awaits_customer, unsettled};
use self::request::{Process, Wish};
use super::standing::{Standing, settled, settled_again};
use super::{attempt_refusal, is_open};
use crate::command::{Caller, decide, replayed_or};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(process))
}

/// Pays an order.
///
/// Waits for the gateway's answer up to a bound, and answers `processing` after it.
#[utoipa::path(
    post, path = "/payments/process", operation_id = "processPayment", tag = "payments",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Charges once, however often it is sent",
            min_length = 1, max_length = 255)),
    request_body = Process,
    responses(
        (status = 200, description = "Paid; or requires_action with paymentUrl; or processing", body = Envelope<PaymentView>),
        (status = 402, description = "Declined; the order stays pending and may be paid by another method", body = Refusal),
        (status = 409, description = "The order can't be paid now", body = Refusal),
    ),
)]
async fn process(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Customer, Role::Seller, Role::Admin])?;
    let (request, fingerprint) = body.read_keyed(|f| Process::read(f, &shop.gateways))?;
    let wish = match Wish::of(&shop, &caller, request).await {
        Ok(wish) => wish,
        Err(refusal) => {
            let submission = caller.keyed(&key, fingerprint);
            return again(&shop, &caller, replayed_or(&shop.decider, submission, refusal).await?).await;
        }
    };
    // Giving up an attempt that waits for the customer makes room for the next one, once.
    for _ in 0..2 {
        match attempt(&shop, &caller, &wish, &key, fingerprint).await? {
            Accepted::Done { value: Decided::Attempted(attempted), position } => {
                shop.poke.notify_one();
                return made(&shop, attempted, position).await.map_err(ApiError::after_acceptance);
            }
            Accepted::Done { value: Decided::AwaitsCustomer { payment_id, same }, .. } => {
                if let Some(standing) = come_back(&shop, &caller, payment_id, same).await? {
                    return answer(&shop, payment_id, standing).await;
                }
            }
            Accepted::Replayed(before) => return again(&shop, &caller, before).await,
        }
    }
    Err(ApiError::conflict(PaymentError::AttemptUnderWay.to_string()))
}

/// What comes of an attempt that was made at this position.
async fn made(shop: &Shop, attempted: Attempted, position: i64) -> Result<Response, ApiError> {
    let Attempted { payment_id, attempt } = attempted;
    let done = |record: &PaymentRecord| !is_open(record, Some(attempt));
    answer(shop, payment_id, settled(shop, payment_id, position, done).await?).await
}

/// How the attempt stands that waited for the customer; nothing where it was given up, and made room.
async fn come_back(
    shop: &Shop,
    caller: &Caller,
    payment_id: PaymentId,
    same: bool,
) -> Result<Option<Standing>, ApiError> {
    let because = caller.submission().metadata;
    if same {
        shop.settlement.refresh(payment_id, &because).await.map_err(unsettled)?;
    } else {
        shop.settlement.abandon(payment_id, &because).await.map_err(unsettled)?;
    }
    let standing = Standing::read(shop, payment_id).await?;
    let is_over = same || standing.payment.record.payment.captured.is_some();
    Ok(is_over.then_some(standing))
}

/// How the payment of a request that was sent before now stands. It was accepted then.
async fn again(shop: &Shop, caller: &Caller, before: Remembered) -> Result<Response, ApiError> {
    let now = async {
        let payment_id: PaymentId = before.resource.parse().map_err(ApiError::internal)?;
        let because = caller.submission().metadata;
        shop.settlement.refresh(payment_id, &because).await.map_err(unsettled)?;
        let done = |record: &PaymentRecord| !is_open(record, None);
        answer(shop, payment_id, settled_again(shop, payment_id, done).await?).await
    };
    now.await.map_err(ApiError::after_acceptance)
}

async fn attempt(
    shop: &Shop,
    caller: &Caller,
    wish: &Wish,
    key: &IdempotencyKey,
    fingerprint: Fingerprint,
) -> Result<Accepted<Decided>, ApiError> {
    let (caller, wish) = (caller.clone(), wish.clone());
    let submission = caller.keyed(key, fingerprint);
    let decision = move |streams: &mut Decision<'_>| {
        let command = wish.command(streams, &caller)?;
        match attempt_payment(streams, &command) {
            Ok(attempted) => {
                streams.remember(200, attempted.payment_id);
                Ok(Decided::Attempted(attempted))
            }
            Err(Halt::Refused(under_way @ AttemptPaymentError::Payment(PaymentError::AttemptUnderWay))) => {
                awaits_customer(streams, &command)?.ok_or_else(|| Halt::Refused(attempt_refusal(&under_way)))
            }
            Err(halt) => Err(halt.map(|error| attempt_refusal(&error))),
        }
    };
    decide(&shop.decider, submission, decision).await
}
