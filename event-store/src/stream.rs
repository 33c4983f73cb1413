//! Reading one stream piece by piece, and the links of the chain that its events belong to: an auditor's reads.

use crate::head::{Hash, Head};
use crate::log::{Log, LogError};
use crate::recorded::Recorded;

impl Log {
    /// How many events a stream has; 0 where there is no such stream.
    pub async fn stream_length(&self, aggregate_type: &str, aggregate_id: &str) -> Result<i64, LogError> {
        // A stream's sequence begins at 1 and has no gap.
        let last = sqlx::query_scalar!(
            "SELECT sequence FROM events WHERE aggregate_type = $1 AND aggregate_id = $2
             ORDER BY sequence DESC LIMIT 1",
            aggregate_type,
            aggregate_id,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(last.unwrap_or(0))
    }

    /// At most so many of one stream's events after a sequence, in order.
    pub async fn read_stream_after(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        sequence: i64,
        at_most: i64,
    ) -> Result<Vec<Recorded>, LogError> {
        let events = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload::text AS "payload!", metadata::text AS "metadata!"
               FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3
               ORDER BY sequence LIMIT $4"#,
            aggregate_type,
            aggregate_id,
            sequence,
            at_most,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(events)
    }

    /// For each of these positions, in their order, the end of the group that holds it. Nothing stands for a position
    /// that is in no group: beyond the head, or of an event that was put in by hand.
    pub async fn groups_of(&self, positions: &[i64]) -> Result<Vec<Option<Head>>, LogError> {
        let rows = sqlx::query!(
            r#"SELECT g.last_position AS "last_position?", g.hash AS "hash?"
               FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(position, place)
               LEFT JOIN LATERAL (SELECT first_position, last_position, hash FROM log_groups
                                  WHERE last_position >= wanted.position ORDER BY last_position LIMIT 1) AS g
                    ON g.first_position <= wanted.position
               ORDER BY wanted.place"#,
            positions,
        )
        .fetch_all(self.pool())
        .await?;
        let head = |position, hash: Vec<u8>| Ok(Head { position, hash: Hash::try_from(hash.as_slice())? });
        rows.into_iter()
            .map(|row| row.last_position.zip(row.hash).map(|(p, h)| head(p, h)).transpose())
            .collect()
    }
}
