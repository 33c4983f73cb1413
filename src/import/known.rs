//! What the log already has, many streams at a time.

use std::collections::HashMap;

use domain::Decide;
use domain::aggregate::{Stored, parse_event};
use sqlx::PgPool;

use super::ImportError;

/// The states of these streams of one aggregate, as far as they have events.
///
/// They are as old as this statement. Whoever decides by them has the decider look once more.
pub async fn states<A: Stored>(pool: &PgPool, ids: &[String]) -> Result<HashMap<String, A>, ImportError> {
    let mut states: HashMap<String, A> = HashMap::new();
    if ids.is_empty() {
        return Ok(states);
    }
    let rows = sqlx::query!(
        r#"SELECT aggregate_id, event_type, event_version, payload::text AS "payload!"
           FROM events WHERE aggregate_type = $1 AND aggregate_id = ANY($2) ORDER BY aggregate_id, sequence"#,
        <A as Decide>::TYPE,
        ids,
    )
    .fetch_all(pool)
    .await?;
    let upcasters = A::upcasters();
    for row in rows {
        let event = parse_event::<A>(&upcasters, &row.event_type, &row.event_version, &row.payload)
            .map_err(ImportError::Unreadable)?;
        states.entry(row.aggregate_id).or_default().evolve(&event);
    }
    Ok(states)
}
