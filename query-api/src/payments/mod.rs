//! Payments.

use api_contract::views::{PaymentRecord, PaymentView};
use api_contract::{ApiError, MinPosition, PathId, Principal, Role, Success, Version};
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use domain::ids::PaymentId;
use event_store::Log;
use sqlx::PgPool;

use crate::freshness::Freshness;
use crate::history::{bodies, told};

#[derive(Clone)]
struct Payments {
    log: Log,
    pool: PgPool,
    freshness: Freshness,
}

/// The routes.
pub fn router(log: Log, pool: PgPool, freshness: Freshness) -> Router {
    Router::new().route("/payments/{id}", get(get_payment)).with_state(Payments { log, pool, freshness })
}

/// `GET /payments/{id}`: its customer's, or an admin's.
async fn get_payment(
    State(payments): State<Payments>,
    principal: Principal,
    min: MinPosition,
    PathId(id): PathId<PaymentId>,
) -> Result<impl IntoResponse, ApiError> {
    payments.freshness.folded(min).await?;
    let record: PaymentRecord = told(&payments.log, id).await?;
    let customer = record.payment.opened.as_ref().and_then(|opened| opened.customer_id);
    if customer != Some(principal.user) && !principal.is(Role::Admin) {
        return Err(ApiError::not_found("Payment"));
    }
    let bodies = bodies(&payments.pool, &record.personal()).await?;
    let view = PaymentView::of(id, &record, &bodies).ok_or_else(|| ApiError::not_found("Payment"))?;
    Ok((Version(record.version), Success::new(view)).into_response())
}
