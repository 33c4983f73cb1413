//! `POST /payments/webhooks/{gateway}`: a gateway tells what happened. Who tells is known by the signature; what is
//! told is only the reason to ask the gateway itself, so that events may come twice, late and in any order.

use std::time::Duration;

use api_contract::body::read_body;
use api_contract::openapi::{Envelope, Refusal};
use api_contract::{ApiError, Code, CorrelationId, PathText, Success};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::Utc;
use event_store::Metadata;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::gateway::BadNotice;
use crate::settlement::Unsettled;
use crate::shop::Shop;

/// When a gateway may tell it again, where it could not be taken.
const TRY_AGAIN: Duration = Duration::from_secs(5);

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(hear))
}

/// That it was taken.
#[derive(Serialize, ToSchema)]
struct Received {
    received: bool,
}

/// Takes an event of a payment gateway.
///
/// The body is the gateway's own, signed in `Stripe-Signature` or `Simulator-Signature`; a signature is good for 300
/// seconds. Events of kinds that don't matter are taken and ignored.
#[utoipa::path(
    post, path = "/payments/webhooks/{gateway}", operation_id = "receivePaymentWebhook", tag = "payments",
    params(
        ("gateway" = String, Path, description = "`stripe` or `simulator`"),
        ("Stripe-Signature" = Option<String>, Header, description = "`t=…,v1=…`, with `stripe`"),
        ("Simulator-Signature" = Option<String>, Header, description = "`t=…,v1=…`, with `simulator`"),
    ),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "Taken", body = Envelope<Received>),
        (status = 400, description = "The signature doesn't hold", body = Refusal),
    ),
)]
async fn hear(
    State(shop): State<Shop>,
    PathText(name): PathText,
    CorrelationId(correlation_id): CorrelationId,
    headers: HeaderMap,
    body: Body,
) -> Result<Success<Received>, ApiError> {
    let body = read_body(body).await?;
    let gateway = shop.gateways.get(&name).ok_or_else(|| ApiError::not_found("Gateway"))?;
    let notice = gateway.hear(&headers, &body, Utc::now()).map_err(unheard)?;
    let because = notice.because(&name).with(Metadata::CORRELATION_ID, &*correlation_id);
    shop.settlement.heed(&name, &notice, &because).await.map_err(untaken)?;
    Ok(Success::new(Received { received: true }).message("Event received"))
}

fn untaken(unsettled: Unsettled) -> ApiError {
    match unsettled {
        Unsettled::Postgres(error) => identity::failed(error),
        Unsettled::NotAnswered(error) => identity::failed(error),
        other @ (Unsettled::Gateway(_)
        | Unsettled::Pending
        | Unsettled::BeingAsked
        | Unsettled::NoGateway(_)
        | Unsettled::Log(_)) => ApiError::unavailable(TRY_AGAIN).because(other),
    }
}

fn unheard(error: BadNotice) -> ApiError {
    let code = match error {
        BadNotice::Signature => Code::ValidationError,
        BadNotice::Body => Code::InvalidFormat,
    };
    ApiError::new(code, error.to_string())
}
