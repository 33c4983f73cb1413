//! Many that wait for a read model that another process feeds.

use event_store::{Hash, Head};
use futures::future::join_all;
use sqlx::postgres::PgPoolOptions;

use super::*;
use crate::generation::Generation;
use crate::testing::TestDatabase;
use crate::testing::until::HANGS;

async fn comes_to(database: &TestDatabase, position: i64) {
    let head = Head { position, hash: Hash([7; 32]) };
    Generation(1).checkpoint("catalog").store(&database.app, &head).await.unwrap();
}

/// Guards against as many questions at once as there are reads that wait: a pool has room for few.
#[tokio::test(flavor = "multi_thread")]
async fn one_asks_for_all_that_wait() {
    let database = TestDatabase::new().await;
    comes_to(&database, 1).await;
    let options = database.app.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new().max_connections(24).connect_lazy_with(options);
    let positions = Positions::new(pool.clone());
    let waiting = join_all((0..200).map(|_| positions.wait_for("catalog", 2, HANGS)));
    let arriving = async {
        // They have asked, and were told that it isn't there yet.
        let mut seen = positions.known["catalog"].position.subscribe();
        seen.wait_for(|seen| *seen == 1).await.unwrap();
        comes_to(&database, 2).await;
    };
    let (arrived, ()) = tokio::join!(waiting, arriving);
    assert_eq!(arrived, [2; 200]);
    assert_eq!(pool.size(), 1, "connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_on_goes_on_asking_when_the_one_that_asked_is_gone() {
    let database = TestDatabase::new().await;
    comes_to(&database, 1).await;
    let positions = Positions::new(database.app.clone());
    let mut first = Box::pin(positions.wait_for("catalog", 2, HANGS));
    let asks = async {
        let mut seen = positions.known["catalog"].position.subscribe();
        seen.wait_for(|seen| *seen == 1).await.unwrap();
    };
    tokio::select! {
        at = &mut first => panic!("it is not at 2: {at}"),
        () = asks => {}
    }
    let second = positions.wait_for("catalog", 3, HANGS);
    let arriving = async {
        drop(first); // a client that hung up
        comes_to(&database, 3).await;
    };
    assert_eq!(tokio::join!(second, arriving), (3, ()));
}

#[tokio::test]
async fn past_the_bound_it_is_where_it_is() {
    let database = TestDatabase::new().await;
    let positions = Positions::new(database.app.clone());
    positions.publish("catalog", 4);
    assert_eq!(positions.wait_for("catalog", 9, Duration::ZERO).await, 4);
    assert_eq!(positions.wait_for("catalog", 4, Duration::ZERO).await, 4);
    assert_eq!(positions.wait_for("nonsense", 1, HANGS).await, 0);
}

/// Guards against a read that is answered with rows of before its position, since a crash took back what was not on the disk.
#[tokio::test]
async fn what_is_fed_again_is_waited_for_again() {
    let database = TestDatabase::new().await;
    let positions = Positions::new(database.app.clone());
    positions.publish("catalog", 4);
    positions.begin("catalog", 2);
    assert_eq!(positions.wait_for("catalog", 4, Duration::ZERO).await, 2);
    positions.publish("catalog", 5);
    assert_eq!(positions.wait_for("catalog", 4, HANGS).await, 5);
}
