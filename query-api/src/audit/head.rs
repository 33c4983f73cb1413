//! `GET /audit/head`: where the log ends, to be written down.

use api_contract::{ApiError, Success};
use axum::extract::State;
use event_store::Head;
use serde::Serialize;

use super::{Audit, Auditor};
use crate::history::failed;

/// A head: the two halves of what `daybook audit verify --head` takes.
#[derive(Debug, Serialize)]
pub struct HeadView {
    position: i64,
    hash: String,
}

impl From<Head> for HeadView {
    fn from(head: Head) -> Self {
        Self { position: head.position, hash: head.hash.to_string() }
    }
}

/// The handler.
pub async fn head(State(audit): State<Audit>, Auditor: Auditor) -> Result<Success<HeadView>, ApiError> {
    Ok(Success::new(audit.log.head().await.map_err(failed)?.into()))
}
