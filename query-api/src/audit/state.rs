//! `GET /audit/{…}/{id}?asOf=`: the state at a moment, and what changed since the one before.

use api_contract::{ApiError, PathText, Query, Success};
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::history::{History, StateView, Told};
use super::subject::Subject;
use super::{Audit, Auditor, as_of};
use crate::history::failed;

/// The handler of one kind of stream.
pub async fn state(
    subject: Subject,
    State(Audit { log, finder }): State<Audit>,
    Auditor: Auditor,
    PathText(word): PathText,
    query: Query,
) -> Result<Response, ApiError> {
    let moment = query.read(|f| {
        let moment = f.field("asOf");
        Some(moment.parse(1..=40, |text| as_of::parse(text).map_err(|error| error.to_string().into())))
    })?;
    let id = finder.find(subject, &word).await?;
    let history = History::read(&log, subject, &id, moment, Told::Last).await?;
    Ok(Success::new(StateView::of(&history).map_err(failed)?).into_response())
}
