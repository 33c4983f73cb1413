//! A history in the log, through the function that appends.

use std::sync::Arc;

use event_store::{Hash, Head, Log, LogWatch};
use sqlx::PgPool;
use uuid::Uuid;

use super::happened::Happened;
use super::until::HANGS;
use crate::Positions;
use crate::runner::source::{EventSource, LogSource};

/// Appends a group after `head` and answers the new head. Its hash is arbitrary: nobody here verifies the chain.
pub(crate) async fn append(app: &PgPool, head: Head, group: Vec<Happened>) -> Head {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    let new = Head { position: head.position + i64::try_from(group.len()).unwrap(), hash: Hash(hash) };
    let columns: Vec<_> = group.iter().map(|event| event.event.columns()).collect();
    let metadata = |event: &Happened| format!(r#"{{"occurred_at":"{}"}}"#, event.occurred_at.to_rfc3339());
    let outcome: String = sqlx::query_scalar(
        "SELECT append_group($1, $2, $3, clock_timestamp(), $4, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                             '{}'::bytea[], '{}'::bytea[], '{}'::smallint[], '{}'::text[], '{}'::bigint[])",
    )
    .bind(head.position)
    .bind(&head.hash.0[..])
    .bind(Uuid::now_v7())
    .bind(&hash[..])
    .bind(group.iter().map(|event| event.event.aggregate_type()).collect::<Vec<_>>())
    .bind(group.iter().map(Happened::stream).collect::<Vec<_>>())
    .bind(group.iter().map(|event| event.sequence).collect::<Vec<_>>())
    .bind(group.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(columns.iter().map(|columns| columns.0.as_str()).collect::<Vec<_>>())
    .bind(columns.iter().map(|columns| columns.1.as_str()).collect::<Vec<_>>())
    .bind(columns.iter().map(|columns| columns.2.as_str()).collect::<Vec<_>>())
    .bind(group.iter().map(metadata).collect::<Vec<_>>())
    .fetch_one(app)
    .await
    .expect("the group is appended");
    assert_eq!(outcome, "appended");
    new
}

/// Appends groups one after another.
pub(crate) async fn append_all(
    app: &PgPool,
    mut head: Head,
    groups: impl IntoIterator<Item = Vec<Happened>>,
) -> Head {
    for group in groups {
        head = append(app, head, group).await;
    }
    head
}

/// The log as projectors get it.
pub(crate) fn source(app: &PgPool) -> Arc<dyn EventSource> {
    Arc::new(LogSource::new(Log::new(app.clone()), LogWatch::start(app.clone())))
}

/// Waits until all of these read models have come to a position, for as long as they move.
pub(crate) async fn reached(positions: &Positions, models: &[&str], position: i64) {
    for model in models {
        let mut before = -1;
        loop {
            let at = positions.wait_for(model, position, HANGS).await;
            if at >= position {
                break;
            }
            assert!(at > before, "{model} hangs at {at}, before {position}");
            before = at;
        }
    }
}
