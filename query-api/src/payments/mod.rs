//! Payments.

use api_contract::openapi::{Envelope, FreshnessParams};
use api_contract::views::{PaymentRecord, PaymentView};
use api_contract::{ApiError, MinPosition, PathId, Principal, Role, Success, Version};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::ids::PaymentId;
use identity::payment_methods::{self, StoredMethod};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::freshness::Freshness;
use crate::history::Records;

#[derive(Clone)]
struct Payments {
    records: Records,
    pool: PgPool,
    freshness: Freshness,
}

/// The routes.
pub fn router(records: Records, pool: PgPool, freshness: Freshness) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(get_payment)).routes(routes!(list_methods)).with_state(Payments {
        records,
        pool,
        freshness,
    })
}

/// A payment with its refunds: its customer's, or an admin's.
#[utoipa::path(
    get, path = "/payments/{id}", operation_id = "getPayment", tag = "payments", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The payment's id"), FreshnessParams),
    responses((status = 200, description = "The payment", body = Envelope<PaymentView>)),
)]
async fn get_payment(
    State(payments): State<Payments>,
    principal: Principal,
    min: MinPosition,
    PathId(id): PathId<PaymentId>,
) -> Result<impl IntoResponse, ApiError> {
    payments.freshness.folded(min).await?;
    let record: PaymentRecord = payments.records.told(id).await?;
    let customer = record.payment.opened.as_ref().and_then(|opened| opened.customer_id);
    if customer != Some(principal.user) && !principal.is(Role::Admin) {
        return Err(ApiError::not_found("Payment"));
    }
    let bodies = payments.records.bodies(record.personal()).await?;
    let view = PaymentView::of(id, &record, &bodies).ok_or_else(|| ApiError::not_found("Payment"))?;
    Ok((Version(record.version), Success::new(view)).into_response())
}

/// The caller's stored payment methods, the default first.
#[utoipa::path(
    get, path = "/payments/methods", operation_id = "listPaymentMethods", tag = "payments",
    security(("bearer" = [])),
    responses((status = 200, description = "The methods", body = Envelope<Vec<StoredMethod>>)),
)]
async fn list_methods(
    State(payments): State<Payments>,
    principal: Principal,
) -> Result<impl IntoResponse, ApiError> {
    let methods = payment_methods::all(&payments.pool, principal.user).await.map_err(identity::failed)?;
    Ok(Success::new(methods))
}
