//! `GET /audit/head`: where the log ends, to be written down.

use api_contract::openapi::Envelope;
use api_contract::{ApiError, Success};
use axum::extract::State;
use event_store::Head;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Audit, Auditor};

/// A head: the two halves of what `daybook audit verify --head` takes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogHead)]
pub struct HeadView {
    #[schema(minimum = 0)]
    position: i64,
    /// SHA-256 in hexadecimal.
    hash: String,
}

impl From<Head> for HeadView {
    fn from(head: Head) -> Self {
        Self { position: head.position, hash: head.hash.to_string() }
    }
}

/// Where the log ends, and the chain's hash there.
#[utoipa::path(
    get, path = "/audit/head", operation_id = "getAuditHead", tag = "audit", security(("bearer" = [])),
    responses((status = 200, description = "The log's end", body = Envelope<HeadView>)),
)]
pub async fn head(State(audit): State<Audit>, Auditor: Auditor) -> Result<Success<HeadView>, ApiError> {
    Ok(Success::new(audit.log.head().await.map_err(identity::failed)?.into()))
}
