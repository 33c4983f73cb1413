//! The pool by which everything goes but appends.

use event_store::sqlstate::{self, READ_ONLY_SQL_TRANSACTION};
use event_store::{Checkpoint, Head, connect};
use sqlx::PgPool;

use crate::harness::test;

/// As after a failover, when the address has led to a standby for a while.
#[tokio::test]
async fn connections_to_a_server_that_takes_no_writes_are_given_up() {
    test(async |database| {
        let checkpoint = Checkpoint::named("reader");
        database.read_only(true).await;
        let pool = connect::pool_with(database.app(), 2).await.unwrap();
        drop((pool.acquire().await.unwrap(), pool.acquire().await.unwrap()));
        let error = checkpoint.store(&pool, &Head::EMPTY).await.unwrap_err();
        assert!(sqlstate::is(&error, READ_ONLY_SQL_TRANSACTION), "{error}");
        assert_eq!(checkpoint.load(&pool).await.unwrap(), Head::EMPTY, "it reads");
        database.read_only(false).await;
        while checkpoint.store(&pool, &Head::EMPTY).await.is_err() {
            tokio::task::yield_now().await;
        }
        // The other one with the first that was found out.
        for connection in [&mut pool.acquire().await.unwrap(), &mut pool.acquire().await.unwrap()] {
            checkpoint.store(&mut **connection, &Head::EMPTY).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_to_a_server_that_takes_writes_is_kept() {
    test(async |database| {
        let pool = connect::pool_with(database.app(), 1).await.unwrap();
        let first = serving(&pool).await;
        for _ in 0..10 {
            assert_eq!(serving(&pool).await, first);
        }
    })
    .await;
}

/// Guards against a page that is compiled for longer than it is read, because it was planned for a tenth of all rows.
#[tokio::test]
async fn a_statement_is_planned_once_and_not_compiled() {
    test(async |database| {
        let pool = connect::pool_with(database.app(), 1).await.unwrap();
        for (setting, wanted) in [("plan_cache_mode", "force_generic_plan"), ("jit", "off")] {
            let show = format!("SHOW {setting}");
            let found: String = sqlx::query_scalar(&show).fetch_one(&pool).await.unwrap();
            assert_eq!(found, wanted, "{setting}");
        }
    })
    .await;
}

/// Who of Postgres serves the pool's connection.
async fn serving(pool: &PgPool) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await.unwrap()
}
