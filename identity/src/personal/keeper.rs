//! Writes rows of many requests with one statement, and without waiting for the disk.
//!
//! Nobody waits for the flush of a statement's commit: the append that names a row commits later in the same write-ahead
//! log, so the flush that makes the append durable makes the row durable before it. A row that a crash takes away is named
//! by nothing.
//!
//! Of a user who was erased nothing is kept any more, although their access token lives on for a while:
//! [`crate::standing::erase`] waits for a statement that has one of the user's rows, and this for it.

use std::collections::HashSet;

use api_contract::ApiError;
use event_store::connect::lazy_pool_with;
use event_store::{NotAnswered, Question, Together};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::Rows;

/// Writes rows, together with those of others who ask at the same time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keeper(Together<Rows>);

/// Why rows are not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Whose they would be was erased.
    #[error("the user was erased")]
    Erased,
    /// Postgres said so.
    #[error("keeping personal rows failed")]
    Postgres(#[from] NotAnswered),
}

/// As where the user's own row is missed: a token outlives its user by at most its own life.
impl From<KeepError> for ApiError {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Erased => Self::unauthorized("The account no longer exists"),
            KeepError::Postgres(error) => crate::failed(error),
        }
    }
}

impl Keeper {
    /// One with a connection of its own to the database in which the log is. It ends with its last clone.
    pub fn start(options: &PgConnectOptions) -> Self {
        let options = options.clone().options([("synchronous_commit", "off")]);
        Self(Together::start(lazy_pool_with(options, 1)))
    }

    /// Writes these rows, unless their subject is a user who was erased; without a row, only tells whether that is so. The
    /// log may name them from then on.
    pub async fn keep(&self, rows: Rows) -> Result<(), KeepError> {
        if rows.ids.is_empty() && rows.subject.is_none() {
            return Ok(());
        }
        if self.0.ask(rows).await? { Ok(()) } else { Err(KeepError::Erased) }
    }
}

impl Question for Rows {
    /// Whether they are kept.
    type Answer = bool;

    async fn ask(together: &[Self], db: &mut PgConnection) -> Result<Vec<bool>, sqlx::Error> {
        let erased = insert(db, together).await?;
        let kept = |rows: &Self| rows.subject.is_none_or(|subject| !erased.contains(&subject.0));
        Ok(together.iter().map(kept).collect())
    }
}

/// Writes all rows but those of people who were erased; who they are.
async fn insert(db: &mut PgConnection, together: &[Rows]) -> Result<HashSet<Uuid>, sqlx::Error> {
    let (mut ids, mut subjects, mut purposes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut keep_until, mut bodies, mut people) = (Vec::new(), Vec::new(), Vec::new());
    for rows in together {
        people.extend(rows.subject.map(|subject| subject.0));
        subjects.resize(subjects.len() + rows.ids.len(), rows.subject.map(|subject| subject.0));
        ids.extend_from_slice(&rows.ids);
        purposes.extend_from_slice(&rows.purposes);
        keep_until.extend_from_slice(&rows.keep_until);
        bodies.extend_from_slice(&rows.bodies);
    }
    let erased = sqlx::query_scalar!(
        // The lock is one that erasing a user doesn't pass, and any other change of theirs does. Person by person, so that it is
        // never planned as a look at all users. A subject may be an outside customer, who is no user.
        // What is there already is of this very request: the answer to the first time was lost.
        r#"WITH held AS (
             SELECT known.id, known.erased_at FROM unnest($1::uuid[]) AS asked(id),
                 LATERAL (SELECT id, erased_at FROM users WHERE id = asked.id LIMIT 1 FOR KEY SHARE) known),
         kept AS (
             INSERT INTO personal (id, subject, purpose, keep_until, body)
             SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::jsonb[])
                 AS asked(id, subject, purpose, keep_until, body)
             WHERE subject IS NULL OR subject <> ALL (ARRAY(SELECT id FROM held WHERE erased_at IS NOT NULL))
             ON CONFLICT (id) DO NOTHING
             RETURNING id),
         unnamed AS (INSERT INTO personal_unnamed (id) SELECT id FROM kept ON CONFLICT DO NOTHING)
         SELECT id AS "id!" FROM held WHERE erased_at IS NOT NULL"#,
        &people,
        &ids,
        &subjects as _,
        &purposes as _,
        &keep_until as _,
        &bodies,
    )
    .fetch_all(db)
    .await?;
    Ok(erased.into_iter().collect())
}
