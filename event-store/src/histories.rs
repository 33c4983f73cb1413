//! Streams that many requests read at the same time.

use std::fmt::Display;
use std::iter::Peekable;

use domain::aggregate::{Stored, parse_event};
use domain::{Decide, Record};
use sqlx::{PgConnection, PgPool};

use crate::log::{LogError, Told};
use crate::recorded::Recorded;
use crate::together::{NotAnswered, Question, Together};

/// Reads whole streams, together with those that others read. For streams that stay short: an order's, a payment's. Cheap to
/// clone.
#[derive(Clone, Debug)]
pub struct Histories(Together<Wanted>);

/// Why a stream could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Postgres said so.
    #[error(transparent)]
    NotAnswered(#[from] NotAnswered),
    /// An event that this build can't read.
    #[error("a stream can't be told")]
    Unreadable(#[source] LogError),
}

impl Histories {
    /// One that reads by this pool.
    pub fn start(pool: PgPool) -> Self {
        Self(Together::start(pool))
    }

    /// What a stream tells now, as [`crate::Log::told`] says.
    pub async fn told<R>(&self, id: impl Display) -> Result<Told<R>, HistoryError>
    where
        R: Record,
        R::Of: Stored,
    {
        let (aggregate_type, upcasters) = (<R::Of as Decide>::TYPE, R::Of::upcasters());
        let rows = self.0.ask(Wanted { aggregate_type, aggregate_id: id.to_string() }).await?;
        let mut told = Told::<R>::default();
        for row in rows {
            let event = parse_event::<R::Of>(&upcasters, &row.event_type, &row.event_version, &row.payload);
            let event =
                event.map_err(|error| HistoryError::Unreadable(LogError::Unreadable(row.position, error)))?;
            told.record.apply(&event, row.occurred_at());
            told.position = row.position;
        }
        Ok(told)
    }
}

/// A stream.
#[derive(Debug)]
struct Wanted {
    aggregate_type: &'static str,
    aggregate_id: String,
}

impl Wanted {
    /// Takes its events off the rows of all, which come in the order of the questions. Where the same stream was asked for
    /// twice it comes twice, and the second time its sequence begins anew.
    fn take(&self, rows: &mut Peekable<impl Iterator<Item = Recorded>>) -> Vec<Recorded> {
        let mut last = 0;
        let mut next = |row: &Recorded| {
            let next = row.aggregate_type == self.aggregate_type
                && row.aggregate_id == self.aggregate_id
                && row.sequence > last;
            last = row.sequence;
            next
        };
        std::iter::from_fn(|| rows.next_if(&mut next)).collect()
    }
}

impl Question for Wanted {
    type Answer = Vec<Recorded>;

    async fn ask(together: &[Self], db: &mut PgConnection) -> Result<Vec<Self::Answer>, sqlx::Error> {
        let rows = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, known.aggregate_type, known.aggregate_id, event_type,
                      event_version, payload::text AS "payload!", metadata::text AS "metadata!"
               FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked(aggregate_type, aggregate_id, place)
               CROSS JOIN LATERAL (
                   SELECT * FROM events
                   WHERE events.aggregate_type = asked.aggregate_type AND events.aggregate_id = asked.aggregate_id
                   ORDER BY sequence) AS known
               ORDER BY asked.place, sequence"#,
            &together.iter().map(|wanted| wanted.aggregate_type).collect::<Vec<_>>() as _,
            &together.iter().map(|wanted| wanted.aggregate_id.as_str()).collect::<Vec<_>>() as _,
        )
        .fetch_all(db)
        .await?;
        let mut rows = rows.into_iter().peekable();
        Ok(together.iter().map(|wanted| wanted.take(&mut rows)).collect())
    }
}
