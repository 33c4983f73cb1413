//! Writes rows of many requests with one statement, and without waiting for the disk.
//!
//! While one statement is on its way, the rows of the requests that come meanwhile gather for the next. Nobody waits for
//! the flush of its commit: the append that names a row commits later in the same write-ahead log, so the flush that
//! makes the append durable makes the row durable before it. A row that a crash takes away is named by nothing.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgPool};
use tokio::sync::{mpsc, oneshot};

use super::Rows;

/// How many requests' rows are written together at most.
const MOST: usize = 256;

/// Writes rows, together with those of others who ask at the same time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keeper(mpsc::Sender<Request>);

#[derive(Debug)]
struct Request {
    rows: Rows,
    written: oneshot::Sender<Result<(), sqlx::Error>>,
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

    /// Writes these rows. The log may name them from then on.
    pub async fn keep(&self, rows: Rows) -> Result<(), sqlx::Error> {
        if rows.ids.is_empty() {
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
        if together.len() > 1 && insert(&pool, together.iter().map(|request| &request.rows)).await.is_ok() {
            for request in together.drain(..) {
                let _ = request.written.send(Ok(())); // Whoever gave up waiting needs no answer.
            }
        }
        // One alone; or what was written was not what all of them asked for, so each gets an answer of its own.
        for request in together.drain(..) {
            let written = insert(&pool, [&request.rows]).await;
            let _ = request.written.send(written);
        }
    }
}

async fn insert<'a>(pool: &PgPool, rows: impl IntoIterator<Item = &'a Rows>) -> Result<(), sqlx::Error> {
    let (mut ids, mut subjects, mut purposes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut keep_until, mut bodies) = (Vec::new(), Vec::new());
    for rows in rows {
        subjects.resize(subjects.len() + rows.ids.len(), rows.subject.map(|subject| subject.0));
        ids.extend_from_slice(&rows.ids);
        purposes.extend_from_slice(&rows.purposes);
        keep_until.extend_from_slice(&rows.keep_until);
        bodies.extend_from_slice(&rows.bodies);
    }
    sqlx::query!(
        // What is there already is of this very request: the answer to the first time was lost.
        "WITH unnamed AS (INSERT INTO personal_unnamed (id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING)
         INSERT INTO personal (id, subject, purpose, keep_until, body)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::jsonb[])
         ON CONFLICT (id) DO NOTHING",
        &ids,
        &subjects as _,
        &purposes as _,
        &keep_until as _,
        &bodies,
    )
    .execute(pool)
    .await?;
    Ok(())
}
