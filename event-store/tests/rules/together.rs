//! Questions of many, put to Postgres by one statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_store::{NotAnswered, Question, Together};
use futures::future::join_all;
use sqlx::{PgConnection, PgPool};

use crate::harness::test;

/// A hundred, divided into so many parts. Statements are counted.
struct HundredBy {
    parts: i32,
    statements: Arc<AtomicUsize>,
}

impl Question for HundredBy {
    type Answer = i32;

    async fn ask(together: &[Self], db: &mut PgConnection) -> Result<Vec<i32>, sqlx::Error> {
        together[0].statements.fetch_add(1, Ordering::Relaxed);
        let parts: Vec<i32> = together.iter().map(|it| it.parts).collect();
        let divide =
            "SELECT 100 / parts FROM unnest($1::int[]) WITH ORDINALITY AS asked(parts, place) ORDER BY place";
        sqlx::query_scalar(divide).bind(parts).fetch_all(db).await
    }
}

/// Who asks.
struct Asker {
    together: Together<HundredBy>,
    statements: Arc<AtomicUsize>,
}

impl Asker {
    fn by(pool: &PgPool) -> Self {
        Self { together: Together::start(pool.clone()), statements: Arc::default() }
    }

    async fn ask(&self, parts: i32) -> Result<i32, NotAnswered> {
        self.together.ask(HundredBy { parts, statements: Arc::clone(&self.statements) }).await
    }

    /// The answers to questions that are there at once.
    async fn ask_all(&self, parts: impl IntoIterator<Item = i32>) -> Vec<Option<i32>> {
        let answers = join_all(parts.into_iter().map(|parts| self.ask(parts))).await;
        answers.into_iter().map(Result::ok).collect()
    }
}

#[tokio::test]
async fn each_has_the_answer_to_its_own_question_and_one_statement_has_asked_all() {
    test(async |database| {
        let asker = Asker::by(&database.pool);
        // Not more than one turn of a task sends: tokio lets others run after some.
        let answers = asker.ask_all(1..=30).await;
        assert_eq!(answers, (1..=30).map(|parts| Some(100 / parts)).collect::<Vec<_>>());
        assert_eq!(asker.statements.load(Ordering::Relaxed), 1);
    })
    .await;
}

#[tokio::test]
async fn what_postgres_says_against_one_question_fails_no_other() {
    test(async |database| {
        assert_eq!(Asker::by(&database.pool).ask_all([4, 0, 5]).await, [Some(25), None, Some(20)]);
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_fails_nobody_who_comes_after_it() {
    test(async |database| {
        let asker = Asker::by(&database.pool);
        assert_eq!(asker.ask(4).await.unwrap(), 25);
        let mut other = database.pool.acquire().await.unwrap();
        let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                   WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()";
        sqlx::query(end).execute(&mut *other).await.unwrap();
        // The one that is lost answers nobody, but says so: those who were asked by it may be asked once more.
        let _ = asker.ask(4).await;
        assert_eq!(asker.ask_all([4; 30]).await, [Some(25); 30]);
    })
    .await;
}

#[tokio::test]
async fn a_closed_pool_answers_nobody() {
    test(async |database| {
        let asker = Asker::by(&database.pool);
        assert_eq!(asker.ask(4).await.unwrap(), 25);
        let _closing = database.pool.close(); // It is closed from here on; what was lent is given back later.
        assert!(asker.ask(4).await.is_err());
    })
    .await;
}
