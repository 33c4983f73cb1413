//! Questions of many, put to Postgres by one statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_store::{Question, Together};
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

/// The answers to all, and how many statements that took.
async fn ask(pool: &PgPool, parts: impl IntoIterator<Item = i32>) -> (Vec<Option<i32>>, usize) {
    let (together, statements) = (Together::start(pool.clone()), Arc::<AtomicUsize>::default());
    let questions = parts.into_iter().map(|parts| HundredBy { parts, statements: Arc::clone(&statements) });
    let answers = join_all(questions.map(|question| together.ask(question))).await;
    (answers.into_iter().map(Result::ok).collect(), statements.load(Ordering::Relaxed))
}

#[tokio::test]
async fn each_has_the_answer_to_its_own_question_and_one_statement_has_asked_all() {
    test(async |database| {
        // Not more than one turn of a task sends: tokio lets others run after some.
        let (answers, statements) = ask(&database.pool, 1..=30).await;
        assert_eq!(answers, (1..=30).map(|parts| Some(100 / parts)).collect::<Vec<_>>());
        assert_eq!(statements, 1);
    })
    .await;
}

#[tokio::test]
async fn what_postgres_says_against_one_question_fails_no_other() {
    test(async |database| {
        let (answers, _) = ask(&database.pool, [4, 0, 5]).await;
        assert_eq!(answers, [Some(25), None, Some(20)]);
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_fails_nobody_who_comes_after_it() {
    test(async |database| {
        let (together, statements) = (Together::start(database.pool.clone()), Arc::<AtomicUsize>::default());
        let question = || HundredBy { parts: 4, statements: Arc::clone(&statements) };
        assert_eq!(together.ask(question()).await.unwrap(), 25);
        let mut other = database.pool.acquire().await.unwrap();
        let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                   WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()";
        sqlx::query(end).execute(&mut *other).await.unwrap();
        // The one that is lost answers nobody, but says so: those who were asked by it may be asked once more.
        let _ = together.ask(question()).await;
        let answers = join_all((0..30).map(|_| together.ask(question()))).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn a_closed_pool_answers_nobody() {
    test(async |database| {
        let (together, statements) = (Together::start(database.pool.clone()), Arc::<AtomicUsize>::default());
        let question = || HundredBy { parts: 4, statements: Arc::clone(&statements) };
        assert_eq!(together.ask(question()).await.unwrap(), 25);
        let _closing = database.pool.close(); // It is closed from here on; what was lent is given back later.
        assert!(together.ask(question()).await.is_err());
    })
    .await;
}
