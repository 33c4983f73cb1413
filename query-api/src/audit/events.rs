//! `GET /audit/{…}/{id}/events`: every event of a stream, page by page.

use api_contract::{ApiError, Page, Paging, PathText, Query, Success};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use event_store::Hash;

use super::history::{EventView, HistoryError};
use super::subject::Subject;
use super::{Audit, Auditor};
use crate::history::failed;

/// The handler of one kind of stream.
pub async fn events(
    subject: Subject,
    State(Audit { log, finder }): State<Audit>,
    Auditor: Auditor,
    PathText(word): PathText,
    query: Query,
) -> Result<Response, ApiError> {
    let paging = query.read(|f| Paging::read(f, 20))?;
    let id = finder.find(subject, &word).await?;
    let stream = subject.aggregate_type();
    let count = log.stream_length(stream, &id).await.map_err(failed)?;
    if count == 0 {
        return Err(HistoryError::Unknown { subject, id }.into());
    }
    // Sequences begin at 1 and have no gap: a page's offset is the sequence before it.
    let events = log.read_stream_after(stream, &id, paging.offset(), paging.limit()).await.map_err(failed)?;
    let positions: Vec<_> = events.iter().map(|event| event.position).collect();
    let groups = log.groups_of(&positions).await.map_err(failed)?;
    let view = |(event, group): (_, Option<Hash>)| EventView::of(event, group).map_err(failed);
    let hashes = groups.into_iter().map(|group| group.map(|group| group.hash));
    let items = events.iter().zip(hashes).map(view).collect::<Result<Vec<_>, _>>()?;
    Ok(Success::new(Page::new(items, paging, count.unsigned_abs())).into_response())
}
