//! The pool by which everything goes but appends.

use event_store::sqlstate::{self, READ_ONLY_SQL_TRANSACTION};
use event_store::{Checkpoint, Head, connect};

use crate::harness::test;

/// As after a failover, when the address has led to a standby for a while.
#[tokio::test]
async fn a_connection_to_a_server_that_takes_no_writes_is_given_up() {
    test(async |database| {
        let checkpoint = Checkpoint::named("reader");
        database.read_only(true).await;
        let pool = connect::pool_with(database.app(), 2).await.unwrap();
        let error = checkpoint.store(&pool, &Head::EMPTY).await.unwrap_err();
        assert!(sqlstate::is(&error, READ_ONLY_SQL_TRANSACTION), "{error}");
        assert_eq!(checkpoint.load(&pool).await.unwrap(), Head::EMPTY, "it reads");
        database.read_only(false).await;
        while checkpoint.store(&pool, &Head::EMPTY).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
