//! `GET /audit/{…}/{id}/events`: every event of a stream, page by page.

use api_contract::openapi::{Envelope, PageOf, PageParams};
use api_contract::{ApiError, Page, Paging, Query, Success};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use event_store::Hash;

use super::history::{EventView, HistoryError};
use super::subject::{Named, Subject};
use super::{Audit, Auditor};

/// Every event of a stream.
#[utoipa::path(
    get, path = "/audit/{kind}/{id}/events", operation_id = "listAuditEvents", tag = "audit",
    security(("bearer" = [])),
    params(
        ("kind" = inline(Subject), Path, description = "What kind of thing"),
        ("id" = String, Path, description = "Its id; of an order also its number, of a product its SKU"),
        PageParams,
    ),
    responses((status = 200, description = "Its events, in order", body = Envelope<PageOf<EventView>>)),
)]
pub async fn events(
    State(Audit { log, finder }): State<Audit>,
    Auditor: Auditor,
    Named { subject, word }: Named,
    query: Query,
) -> Result<Response, ApiError> {
    let paging = query.read(|f| Paging::read(f, 20))?;
    let id = finder.find(subject, &word).await?;
    let stream = subject.aggregate_type();
    let count = log.stream_length(stream, &id).await.map_err(identity::failed)?;
    if count == 0 {
        return Err(HistoryError::Unknown { subject, id }.into());
    }
    // Sequences begin at 1 and have no gap: a page's offset is the sequence before it.
    let events = log
        .read_stream_after(stream, &id, paging.offset(), paging.limit())
        .await
        .map_err(identity::failed)?;
    let positions: Vec<_> = events.iter().map(|event| event.position).collect();
    let groups = log.groups_of(&positions).await.map_err(identity::failed)?;
    let view = |(event, group): (_, Option<Hash>)| EventView::of(event, group).map_err(identity::failed);
    let hashes = groups.into_iter().map(|group| group.map(|group| group.hash));
    let items = events.iter().zip(hashes).map(view).collect::<Result<Vec<_>, _>>()?;
    Ok(Success::new(Page::new(items, paging, count.unsigned_abs())).into_response())
}
