//! Writes rows of many requests with one statement, and without waiting for the disk.
//!
//! While one statement is on its way, the rows of the requests that come meanwhile gather for the next. Nobody waits for
//! the flush of its commit: the append that names a row commits later in the same write-ahead log, so the flush that
//! makes the append durable makes the row durable before it. A row that a crash takes away is named by nothing.
//!
//! Of a user who was erased nothing is kept any more, although their access token lives on for a while:
//! [`crate::standing::erase`] waits for a statement that has one of the user's rows, and this for it.

use std::collections::HashSet;

use api_contract::ApiError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgPool};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::Rows;

/// How many requests' rows are written together at most.
const MOST: usize = 256;

/// Writes rows, together with those of others who ask at the same time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keeper(mpsc::Sender<Request>);

#[derive(Debug)]
struct Request {
    rows: Rows,
    written: oneshot::Sender<Result<(), KeepError>>,
}

/// Why rows are not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Whose they would be was erased.
    #[error("the user was erased")]
    Erased,
    /// Postgres said so.
    #[error("keeping personal rows failed")]
    Postgres(#[from] sqlx::Error),
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
        let options = options.clone().options([("synchronous_commit", "off")]).disable_statement_logging();
        let pool =
            PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect_lazy_with(options);
        let (sender, requests) = mpsc::channel(4 * MOST);
        tokio::spawn(write(pool, requests));
        Self(sender)
    }

    /// Writes these rows, unless their subject is a user who was erased; without a row, only tells whether that is so. The
    /// log may name them from then on.
    pub async fn keep(&self, rows: Rows) -> Result<(), KeepError> {
        if rows.ids.is_empty() && rows.subject.is_none() {
            return Ok(());
        }
        let (written, answer) = oneshot::channel();
        self.0.send(Request { rows, written }).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        answer.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }
}

async fn write(pool: PgPool, mut requests: mpsc::Receiver<Request>) {
    let mut together = Vec::with_capacity(MOST);
    while requests.recv_many(&mut together, MOST).await > 0 {
        if together.len() > 1
            && let Ok(erased) = insert(&pool, together.iter().map(|request| &request.rows)).await
        {
            for Request { rows, written } in together.drain(..) {
                let _ = written.send(kept(&rows, &erased)); // Whoever gave up waiting needs no answer.
            }
        }
        // One alone; or what was written was not what all of them asked for, so each gets an answer of its own.
        for Request { rows, written } in together.drain(..) {
            let answer = match insert(&pool, [&rows]).await {
                Ok(erased) => kept(&rows, &erased),
                Err(error) => Err(error.into()),
            };
            let _ = written.send(answer);
        }
    }
}

/// Whether rows are among those that were written, but for these people's.
fn kept(rows: &Rows, erased: &HashSet<Uuid>) -> Result<(), KeepError> {
    match rows.subject {
        Some(subject) if erased.contains(&subject.0) => Err(KeepError::Erased),
        Some(_) | None => Ok(()),
    }
}

/// Writes all rows but those of people who were erased; who they are.
async fn insert<'a>(
    pool: &PgPool,
    rows: impl IntoIterator<Item = &'a Rows>,
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let (mut ids, mut subjects, mut purposes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut keep_until, mut bodies, mut people) = (Vec::new(), Vec::new(), Vec::new());
    for rows in rows {
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
    .fetch_all(pool)
    .await?;
    Ok(erased.into_iter().collect())
}
