//! Questions of many requests, put to Postgres by one statement.
//!
//! While a statement is on its way, the questions that come meanwhile gather for the next; so each is asked after it came, and
//! sees what was committed before. For as long as there are questions one connection of the pool is kept: a pool asks each
//! connection that is given back whether it still lives, and that round trip costs as much as a small statement.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::silence::within;
use crate::sqlstate::{self, Class};

/// How many questions are put together at most.
const MOST: usize = 256;

/// After how long without a question the connection goes back to the pool, and after how long with questions all the time.
const IDLE: Duration = Duration::from_secs(1);
const LENT: Duration = Duration::from_secs(60);

/// How long Postgres may be silent.
const SILENCE: Duration = Duration::from_secs(10);

/// Something that is asked of Postgres.
pub trait Question: Sized + Send + Sync + 'static {
    /// What it is answered.
    type Answer: Send + 'static;

    /// Answers questions, each in its place.
    fn ask(
        together: &[Self],
        db: &mut PgConnection,
    ) -> impl Future<Output = Result<Vec<Self::Answer>, sqlx::Error>> + Send;
}

/// Asks questions of one kind together with those of others. Cheap to clone.
pub struct Together<Q: Question>(mpsc::Sender<Asked<Q>>);

impl<Q: Question> Clone for Together<Q> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: Question> fmt::Debug for Together<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}

struct Asked<Q: Question> {
    question: Q,
    answer: oneshot::Sender<Result<Q::Answer, NotAnswered>>,
}

/// Postgres failed the statement.
#[derive(Clone, Debug)]
pub struct NotAnswered(Arc<sqlx::Error>);

impl fmt::Display for NotAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a question was not answered")
    }
}

impl Error for NotAnswered {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl From<sqlx::Error> for NotAnswered {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl<Q: Question> Together<Q> {
    /// Asks by connections of this pool, one at a time. Its task ends with the last clone.
    pub fn start(pool: PgPool) -> Self {
        let (sender, asked) = mpsc::channel(4 * MOST);
        tokio::spawn(answer_all(pool, asked));
        Self(sender)
    }

    /// The answer, once it is there.
    pub async fn ask(&self, question: Q) -> Result<Q::Answer, NotAnswered> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Asked { question, answer }).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        answered.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }
}

/// The connection that is kept.
struct Kept {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

async fn answer_all<Q: Question>(pool: PgPool, mut asked: mpsc::Receiver<Asked<Q>>) {
    let mut kept = None;
    let mut together = Vec::with_capacity(MOST);
    loop {
        let came = if let Ok(came) = timeout(IDLE, asked.recv_many(&mut together, MOST)).await {
            came
        } else {
            kept = None;
            asked.recv_many(&mut together, MOST).await
        };
        if came == 0 {
            return;
        }
        let (questions, askers): (Vec<_>, Vec<_>) =
            together.drain(..).map(|Asked { question, answer }| (question, answer)).unzip();
        match answers(&pool, &mut kept, &questions).await {
            Ok(answers) => {
                for (asker, answer) in askers.into_iter().zip(answers) {
                    // Whoever gave up waiting needs no answer.
                    let _ = asker.send(Ok(answer));
                }
            }
            // Postgres says something against one of them: each is told what it says of its own.
            Err(sqlx::Error::Database(_)) if questions.len() > 1 => {
                for (question, asker) in questions.into_iter().zip(askers) {
                    let answer = answers(&pool, &mut kept, &[question]).await;
                    let answer = answer.and_then(|mut one| one.pop().ok_or(sqlx::Error::RowNotFound));
                    let _ = asker.send(answer.map_err(NotAnswered::from));
                }
            }
            Err(error) => {
                let error = NotAnswered::from(error);
                for asker in askers {
                    let _ = asker.send(Err(error.clone()));
                }
            }
        }
    }
}

async fn answers<Q: Question>(
    pool: &PgPool,
    kept: &mut Option<Kept>,
    questions: &[Q],
) -> Result<Vec<Q::Answer>, sqlx::Error> {
    // Nobody asks by a pool that is closed.
    if pool.is_closed() || kept.as_ref().is_some_and(|kept| kept.since.elapsed() > LENT) {
        *kept = None;
    }
    let open = match kept.as_mut() {
        Some(open) => open,
        None => kept.insert(Kept { connection: living(pool).await?, since: Instant::now() }),
    };
    let answered = within(SILENCE, Q::ask(questions, &mut open.connection)).await;
    if answered.as_ref().is_err_and(|error| !is_about_a_question(error))
        && let Some(suspect) = kept.take()
    {
        // Not given back: the pool would ask it whether it lives, and wait as long, or lend it again.
        drop(suspect.connection.detach());
    }
    answered
}

/// A connection that answers. It serves many for long, so a round trip more costs nothing.
async fn living(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    for _ in 0..pool.size() {
        let mut connection = pool.acquire().await?;
        if within(SILENCE, connection.ping()).await.is_ok() {
            return Ok(connection);
        }
        drop(connection.detach());
    }
    pool.acquire().await
}

/// A data exception, or an integrity constraint violation: it says nothing against the connection.
fn is_about_a_question(error: &sqlx::Error) -> bool {
    let classes = [Class::DATA_EXCEPTION, Class::INTEGRITY_CONSTRAINT_VIOLATION];
    sqlstate::of(error).is_some_and(|said| classes.into_iter().any(|class| class.has(&said)))
}
