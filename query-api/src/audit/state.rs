//! `GET /audit/{…}/{id}?asOf=`: the state at a moment, and what changed since the one before.

use api_contract::openapi::Envelope;
use api_contract::{ApiError, Query, Success};
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::history::{History, StateView, Told};
use super::subject::{Named, Subject};
use super::{Audit, Auditor, as_of};

/// The state at a moment, and what changed since the one before.
#[utoipa::path(
    get, path = "/audit/{kind}/{id}", operation_id = "getAuditState", tag = "audit", security(("bearer" = [])),
    params(
        ("kind" = inline(Subject), Path, description = "What kind of thing"),
        ("id" = String, Path, description = "Its id; of an order also its number, of a product its SKU"),
        ("asOf" = Option<String>, Query, example = "2025-11-02", description =
            "A position (what had been recorded), or a time or a day (what had occurred by then); now if not given"),
    ),
    responses((status = 200, description = "The state in the words of the log", body = Envelope<StateView>)),
)]
pub async fn state(
    State(Audit { log, finder }): State<Audit>,
    Auditor: Auditor,
    Named { subject, word }: Named,
    query: Query,
) -> Result<Response, ApiError> {
    let moment = query.read(|f| {
        let moment = f.field("asOf");
        Some(moment.parse(1..=40, |text| as_of::parse(text).map_err(|error| error.to_string().into())))
    })?;
    let id = finder.find(subject, &word).await?;
    let history = History::read(&log, subject, &id, moment, Told::Last).await?;
    Ok(Success::new(StateView::of(&history).map_err(identity::failed)?).into_response())
}
