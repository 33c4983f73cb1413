//! Rule 20: what a process remembers of the log's end is what Postgres has there.

use domain::Streams as _;
use event_store::{Batch, Decision, Hash, Head, Log, LogError, Metadata, Recorded, Submission};

use crate::harness::{Database, test};
use crate::process::Process;
use crate::proxy::{At, Proxy};
use crate::shop::{Stock, StockCommand, StockError};

/// The log as those read it who follow it in this process.
fn followed(database: &Database, process: &Process) -> Log {
    Log::followed(database.pool.clone(), &process.watch)
}

/// Everything, by batches of so many.
async fn read_all(log: &Log, event_types: Option<&[&str]>, at_most: i64) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    loop {
        let at = batches.last().map_or(Head::EMPTY, |batch| batch.head);
        let batch = match event_types {
            None => log.read_after(&at, at_most).await.unwrap(),
            Some(event_types) => log.read_after_of(event_types, &at, at_most).await.unwrap(),
        };
        if batch.head == at {
            return batches;
        }
        batches.push(batch);
    }
}

/// What stands in batches, whichever way it was cut into them.
fn events(batches: Vec<Batch>) -> Vec<Recorded> {
    batches.into_iter().flat_map(|batch| batch.events).collect()
}

fn positions(batches: Vec<Batch>) -> Vec<i64> {
    events(batches).iter().map(|event| event.position).collect()
}

/// What follows is read the same in this process as from Postgres; that.
async fn read_alike(database: &Database, process: &Process, after: &Head) -> Batch {
    let stored = database.log().read_after(after, 10).await.unwrap();
    let known = followed(database, process).read_after(after, 10).await.unwrap();
    assert_eq!((&known.events, known.head), (&stored.events, stored.head));
    known
}

async fn receive(process: &Process, stocks: &[&str]) {
    let sent: Vec<_> = stocks.iter().map(|id| process.stock(id, StockCommand::Receive(9))).collect();
    for sent in sent {
        sent.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_20_what_is_read_from_memory_is_what_the_log_has() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        for round in 0..10 {
            receive(&x, &["a", "b", "é"]).await;
            x.stock("a", StockCommand::Reserve(1)).await.unwrap();
            if round % 3 == 0 {
                receive(&y, &["a", "c"]).await;
            }
        }
        for process in [&x, &y] {
            for at_most in [1, 2, 7, 1_000] {
                for event_types in [None, Some(["Reserved"].as_slice()), Some(&["Unheard"])] {
                    let stored = read_all(&database.log(), event_types, at_most).await;
                    let known = read_all(&followed(database, process), event_types, at_most).await;
                    // Where what is remembered begins, a batch ends earlier; the events are the same, and so is the end.
                    let ends = |batches: &[Batch]| batches.last().map(|batch| batch.head);
                    assert_eq!(ends(&known), ends(&stored));
                    assert_eq!(events(known), events(stored));
                }
            }
        }
        let reserved = read_all(&followed(database, &x), Some(&["Reserved"]), 1_000).await;
        assert_eq!(events(reserved).len(), 10);
    })
    .await;
}

/// That nothing is read again is the whole use of it: so Postgres has it no more.
#[tokio::test]
async fn rule_20_the_process_that_appended_reads_nothing_back() {
    test(async |database| {
        let x = Process::start(database).await;
        receive(&x, &["a"]).await;
        let first = database.head().await;
        receive(&x, &["b"]).await;
        let last = database.head().await;
        let stored = database.log().read_after(&first, 10).await.unwrap();
        database.tamper("DELETE FROM events WHERE position = 2").await;
        let known = followed(database, &x).read_after(&first, 10).await.unwrap();
        assert_eq!((&known.events, known.head), (&stored.events, last));
    })
    .await;
}

/// Guards who follows in processes that race: a race that is lost costs nothing of what they remember.
#[tokio::test]
async fn rule_20_a_lost_race_is_read_from_memory_too() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        receive(&x, &["a"]).await;
        for _ in 0..2 {
            receive(&y, &["b"]).await;
            // Under the lock it learns of the other's.
            receive(&x, &["a"]).await;
        }
        let stored = events(read_all(&database.log(), None, 10).await);
        database.tamper("DELETE FROM events").await;
        assert_eq!(events(read_all(&followed(database, &x), None, 10).await), stored);
    })
    .await;
}

/// What others appended while this process decided nothing, it doesn't know; it may not skip it either.
#[tokio::test]
async fn rule_20_what_others_append_is_not_skipped() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        receive(&x, &["a"]).await;
        receive(&y, &["b"]).await;
        let read = async || read_all(&followed(database, &x), None, 100).await;
        assert_eq!(positions(read().await), [1, 2]);
        database.append(&[("c", 1), ("c", 2)]).await;
        assert_eq!(positions(read().await), [1, 2, 3, 4]);
        receive(&x, &["a"]).await;
        assert_eq!(positions(read().await), [1, 2, 3, 4, 5]);
    })
    .await;
}

/// Guards against one batch of all that others appended, however many were asked for.
#[tokio::test]
async fn rule_20_much_that_others_append_comes_by_batches_of_the_size_that_was_asked_for() {
    test(async |database| {
        let x = Process::start(database).await;
        receive(&x, &["a"]).await;
        for group in 0..3 {
            let events: Vec<_> = (1..=500).map(|nth| ("c", 500 * group + nth)).collect();
            database.append(&events).await;
        }
        receive(&x, &["a"]).await;
        let known = read_all(&followed(database, &x), None, 500).await;
        let sizes: Vec<_> = known.iter().map(|batch| batch.events.len()).collect();
        assert_eq!(sizes, [1, 500, 500, 500, 1]);
        let stored = read_all(&database.log(), None, 500).await;
        assert!(known.iter().zip(&stored).all(|(known, stored)| known.events == stored.events));
    })
    .await;
}

#[tokio::test]
async fn rule_20_a_checkpoint_that_differs_is_noticed_here_too() {
    test(async |database| {
        let x = Process::start(database).await;
        receive(&x, &["a"]).await;
        let first = database.head().await;
        receive(&x, &["b"]).await;
        let other = Head { position: first.position, hash: Hash([9; 32]) };
        let refused = followed(database, &x).read_after(&other, 10).await;
        assert!(matches!(refused, Err(LogError::Diverged(at)) if at == other), "{refused:?}");
    })
    .await;
}

/// A standby that had not got the second group is promoted.
const LOSE_SECOND: &str =
    "DELETE FROM events WHERE position = 2; DELETE FROM log_groups WHERE last_position = 2";

/// Guards against followers who go on with what is in no log any more.
#[tokio::test]
async fn rule_20_a_group_that_was_lost_is_not_handed_out_when_the_connection_is_gone() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::behind(database, &proxy).await;
        receive(&x, &["a"]).await;
        let first = database.head().await;
        receive(&x, &["b"]).await;
        let mut sending = proxy.gate("append_group", At::Request);
        let sent = x.stock("c", StockCommand::Receive(9));
        sending.reached().await;
        database.tamper(LOSE_SECOND).await;
        let mut sending_again = proxy.gate("append_group", At::Request);
        sending.cut();
        sending_again.reached().await;
        let batch = followed(database, &x).read_after(&first, 10).await.unwrap();
        assert_eq!((batch.events, batch.head), (Vec::new(), first));
        sending_again.pass();
        sent.await.unwrap();
        assert_eq!(read_alike(database, &x, &first).await.events.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn rule_20_a_group_that_was_lost_is_not_handed_out_when_the_log_is_found_to_be_another() {
    test(async |database| {
        let x = Process::start(database).await;
        receive(&x, &["a"]).await;
        let first = database.head().await;
        receive(&x, &["b"]).await;
        database.tamper(LOSE_SECOND).await;
        database.append(&[("c", 1)]).await;
        database.append(&[("c", 2)]).await;
        // It decides nothing that is to be appended, and finds the log's end so.
        assert_eq!(x.on_hand("a").await, 9);
        assert_eq!(read_alike(database, &x, &first).await.events.len(), 2);
    })
    .await;
}

/// Guards who follows in a process that decides nothing after a failover.
#[tokio::test]
async fn rule_20_a_log_that_is_shorter_is_noticed_by_who_watches_it() {
    test(async |database| {
        let x = Process::start(database).await;
        receive(&x, &["a"]).await;
        let first = database.head().await;
        receive(&x, &["b"]).await;
        database.tamper(LOSE_SECOND).await;
        while followed(database, &x).read_after(&first, 10).await.unwrap().head != first {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// One event of this actor's, on behalf of another if one is named.
async fn write(process: &Process, actor: Option<(&str, Option<&str>)>) {
    let mut metadata = Metadata::default();
    if let Some((actor, on_behalf_of)) = actor {
        metadata = metadata.with(Metadata::ACTOR, actor);
        if let Some(other) = on_behalf_of {
            metadata = metadata.with(Metadata::ON_BEHALF_OF, other);
        }
    }
    let submission = Submission { metadata, ..Submission::default() };
    let receive =
        |decision: &mut Decision<'_>| decision.execute::<Stock, StockError>("a", StockCommand::Receive(1));
    process.send(submission, receive).await.unwrap();
}

async fn writers(log: Log, after: i64, until: i64) -> Vec<(String, i64)> {
    let mut writers = log.writers(after, until).await.unwrap();
    writers.sort();
    writers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_20_who_wrote_last_where_is_what_the_log_says() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        for round in 0..6 {
            write(&x, Some(("user:1", None))).await;
            write(&y, Some(("payments", Some("user:2")))).await;
            write(&x, [None, Some(("user:3", None))][round % 2]).await;
        }
        for (after, until) in [(0, 18), (3, 18), (5, 9), (17, 18), (18, 18)] {
            let stored = writers(database.log(), after, until).await;
            let known = writers(followed(database, &x), after, until).await;
            assert_eq!(known, stored, "{after} to {until}");
            assert_eq!(stored.is_empty(), after == until);
        }
    })
    .await;
}
