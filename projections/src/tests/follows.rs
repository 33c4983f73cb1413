//! Projectors at work.

use event_store::Head;

use super::{build, published, rows};
use crate::generation::Generation;
use crate::runner::source::PublicBatch;
use crate::runner::{BatchStep, BatchTaken, advance, connection::connect, start};
use crate::status::{State, status};
use crate::testing::log::{append, append_all, reached, source};
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 7, products: 20, orders: 60, most_lines: 5 };
const ALL: [&str; 5] = ["order_history", "seller_stats", "catalog", "coupons", "reviews"];

#[tokio::test(flavor = "multi_thread")]
async fn live_rows_are_those_of_one_large_batch() {
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(2), &[&published(SHOP.history())]).await;

    let projectors = start(&database.app, &source(&database.app));
    let head = append_all(&database.app, Head::EMPTY, SHOP.history()).await;
    reached(projectors.positions(), &ALL, head.position).await;

    assert_eq!(rows(&database.owner, None).await, rows(&database.owner, Some(Generation(2))).await);
    for consumer in status(&database.app, None).await.unwrap() {
        assert_eq!((consumer.position, consumer.lag_events, consumer.lag_ms), (head.position, 0, 0));
        assert_eq!((consumer.state, consumer.error), (State::Following, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_counts_once_though_the_projector_ends_in_the_middle() {
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(2), &[&published(SHOP.history())]).await;

    let source = source(&database.app);
    let mut head = Head::EMPTY;
    for group in SHOP.history() {
        let projectors = start(&database.app, &source);
        head = append(&database.app, head, group).await;
        if head.position % 2 == 0 {
            reached(projectors.positions(), &ALL[..1], head.position).await;
        }
        drop(projectors);
        if head.position > 600 {
            break;
        }
    }
    let rest = SHOP.history().scan(0, |position, group| {
        *position += i64::try_from(group.len()).unwrap();
        Some((*position, group))
    });
    let rest = rest.filter(|(position, _)| *position > head.position).map(|(_, group)| group);
    head = append_all(&database.app, head, rest).await;
    let projectors = start(&database.app, &source);
    reached(projectors.positions(), &ALL, head.position).await;

    assert_eq!(rows(&database.owner, None).await, rows(&database.owner, Some(Generation(2))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_work_without_counting_twice() {
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(2), &[&published(SHOP.history())]).await;

    let first = start(&database.app, &source(&database.app));
    let second = start(&database.app, &source(&database.app));
    let groups: Vec<_> = SHOP.history().collect();
    let (before, after) = groups.split_at(groups.len() / 2);
    let head = append_all(&database.app, Head::EMPTY, before.to_vec()).await;
    // Who stands by knows the position too, from the checkpoint.
    reached(first.positions(), &ALL, head.position).await;
    reached(second.positions(), &ALL, head.position).await;
    drop(first);
    let head = append_all(&database.app, head, after.to_vec()).await;
    reached(second.positions(), &ALL, head.position).await;

    assert_eq!(rows(&database.owner, None).await, rows(&database.owner, Some(Generation(2))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_differs_stops_every_projector() {
    let database = TestDatabase::new().await;
    let head = append_all(&database.app, Head::EMPTY, SHOP.history().take(5)).await;
    sqlx::query("UPDATE checkpoints SET position = $1, hash = $2")
        .bind(head.position)
        .bind(&[9_u8; 32][..])
        .execute(&database.owner)
        .await
        .unwrap();
    let mut projectors = start(&database.app, &source(&database.app));
    projectors.ended().await;
    for consumer in status(&database.app, None).await.unwrap() {
        assert_eq!(consumer.state, State::Failed);
        assert!(consumer.error.unwrap().contains("the log differs"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_that_can_not_begin_stands_where_its_checkpoint_is() {
    let database = TestDatabase::new().await;
    let head = append_all(&database.app, Head::EMPTY, SHOP.history().take(5)).await;
    Generation(1).checkpoint("catalog").store(&database.app, &head).await.unwrap();
    sqlx::query("REVOKE ALL ON partition_offsets FROM daybook_app").execute(&database.owner).await.unwrap();
    let mut projectors = start(&database.app, &source(&database.app));
    projectors.ended().await;
    let stands = "SELECT position FROM consumer_failures WHERE name = 'catalog@1'";
    let position: i64 = sqlx::query_scalar(stands).fetch_one(&database.owner).await.unwrap();
    assert_eq!(position, head.position);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_not_applied_from_another_checkpoint() {
    let database = TestDatabase::new().await;
    append_all(&database.app, Head::EMPTY, SHOP.history().take(25)).await;
    let source = source(&database.app);
    let batch = source.read_after(Head::EMPTY).await.unwrap();
    let model = crate::registry::find("order_history").unwrap();
    let mut db = connect(&database.app).await.unwrap();
    let step = BatchStep { model, generation: Generation(1), from: Head::EMPTY, batch: &batch };
    assert_eq!(advance(&mut db, &step).await.unwrap(), BatchTaken::Applied);
    let once = rows(&database.owner, None).await;
    assert_eq!(advance(&mut db, &step).await.unwrap(), BatchTaken::Stale);
    assert_eq!(rows(&database.owner, None).await, once);
    let open: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
    .fetch_one(&database.app)
    .await
    .unwrap();
    assert_eq!(open, 0, "neither leaves a transaction");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_behind_gets_at_once_what_others_have_read_by_and_by() {
    let database = TestDatabase::new().await;
    let source = source(&database.app);
    let (mut head, mut read) = (Head::EMPTY, Vec::new());
    for group in SHOP.history().take(9) {
        head = append(&database.app, head, group).await;
        let after = read.last().map_or(Head::EMPTY, |batch: &std::sync::Arc<PublicBatch>| batch.head);
        read.push(source.read_after(after).await.unwrap());
    }
    // The log goes on, but where the others have come to is where all go on together.
    append(&database.app, head, SHOP.history().nth(9).unwrap()).await;
    for behind in 0..7 {
        let after = if behind == 0 { Head::EMPTY } else { read[behind - 1].head };
        let batch = source.read_after(after).await.unwrap();
        let events: Vec<_> = read[behind..].iter().flat_map(|batch| batch.events.clone()).collect();
        assert_eq!((batch.head, &batch.events), (head, &events));
    }
}
