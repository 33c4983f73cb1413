//! Rule 19: a checkpoint notices that the log is another one. And reads by position and as of a moment.

use chrono::{DateTime, Utc};
use domain::{Record, Streams};
use event_store::{AsOf, Checkpoint, Hash, Head, Histories, LogError, Submission};
use futures::future::join_all;

use crate::harness::test;
use crate::process::Process;
use crate::shop::{Stock, StockCommand, StockError, StockEvent};

#[tokio::test]
async fn rule_19_a_checkpoint_stops_where_the_log_differs() {
    test(async |database| {
        let first = database.append(&[("a", 1), ("a", 2)]).await.head();
        let second = database.append(&[("a", 3)]).await.head();
        let third = database.append(&[("a", 4), ("a", 5)]).await.head();
        let log = database.log();
        for head in [Head::EMPTY, first, second, third] {
            assert_eq!(log.read_after(&head, 100).await.unwrap().head, third);
        }
        let other = Hash([9; 32]);
        for unknown in [
            Head { position: 0, hash: other },
            Head { position: 2, hash: other },
            Head { position: 2, hash: second.hash },
            Head { position: 4, hash: third.hash },
            Head { position: 5, hash: other },
            Head { position: 6, hash: third.hash },
        ] {
            let refused = log.read_after(&unknown, 100).await;
            assert!(
                matches!(refused, Err(LogError::Diverged(at)) if at == unknown),
                "{unknown}: {refused:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn rule_19_a_checkpoint_stops_at_a_log_that_was_rewritten() {
    test(async |database| {
        let x = Process::start(database).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        let checkpoint = Checkpoint::named("reader");
        let batch = database.log().read_after(&Head::EMPTY, 100).await.unwrap();
        checkpoint.store(&database.pool, &batch.head).await.unwrap();
        // A standby that had not got the second is promoted, and goes on.
        database
            .tamper("DELETE FROM events WHERE position = 2; DELETE FROM log_groups WHERE last_position = 2")
            .await;
        let kept = checkpoint.load(&database.pool).await.unwrap();
        assert!(matches!(database.log().read_after(&kept, 100).await, Err(LogError::Diverged(_))));
        database.append(&[("b", 1)]).await;
        database.append(&[("b", 2)]).await;
        assert!(matches!(database.log().read_after(&kept, 100).await, Err(LogError::Diverged(_))));
        assert!(Checkpoint::all(&database.pool).await.unwrap().contains(&("reader".to_owned(), kept)));
        // A consumer that has never been anywhere starts at the beginning.
        assert_eq!(Checkpoint::named("new").load(&database.pool).await.unwrap(), Head::EMPTY);
        assert_eq!(database.log().read_after(&Head::EMPTY, 100).await.unwrap().events.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn rule_19_a_batch_is_whole_groups() {
    test(async |database| {
        let first = database.append(&[("a", 1), ("a", 2), ("a", 3)]).await.head();
        let second = database.append(&[("a", 4)]).await.head();
        let third = database.append(&[("a", 5)]).await.head();
        let read = async |after: Head, at_most| {
            let batch = database.log().read_after(&after, at_most).await.unwrap();
            (batch.events.len(), batch.head)
        };
        assert_eq!(read(Head::EMPTY, 1).await, (3, first));
        assert_eq!(read(Head::EMPTY, 3).await, (3, first));
        assert_eq!(read(Head::EMPTY, 4).await, (4, second));
        assert_eq!(read(first, 1).await, (1, second));
        assert_eq!(read(first, 2).await, (2, third));
        assert_eq!(read(third, 2).await, (0, third));
        assert_eq!(database.log().group_of(2).await.unwrap(), Some(first));
        assert_eq!(database.log().group_of(6).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_read_as_of_a_position_and_as_of_a_time() {
    test(async |database| {
        let x = Process::start(database).await;
        let at = |year: i32| -> DateTime<Utc> { format!("{year}-01-01T00:00:00Z").parse().unwrap() };
        for year in [2010, 2012, 2011] {
            let submission = Submission { occurred_at: Some(at(year)), ..Submission::default() };
            x.send(submission, |decision| {
                decision.execute::<Stock, StockError>("a", StockCommand::Receive(1))
            })
            .await
            .unwrap();
        }
        let sequences = async |as_of| {
            let events = database.log().read_stream_as_of("stock", "a", as_of).await.unwrap();
            events.into_iter().map(|event| event.sequence).collect::<Vec<_>>()
        };
        assert_eq!(sequences(AsOf::Position(2)).await, [1, 2]);
        assert_eq!(sequences(AsOf::Position(0)).await, [0_i64; 0]);
        assert_eq!(sequences(AsOf::Time(at(2010))).await, [1]);
        assert_eq!(sequences(AsOf::Time(at(2011))).await, [1, 3]);
    })
    .await;
}

/// What a stock was given, in order.
#[derive(Debug, Default)]
struct Received(Vec<i64>);

impl Record for Received {
    type Of = Stock;

    fn apply(&mut self, event: &StockEvent, _at: DateTime<Utc>) {
        if let StockEvent::Received { quantity } = event {
            self.0.push(*quantity);
        }
    }
}

#[tokio::test]
async fn streams_that_are_read_together_are_each_whole_and_asked_for_twice_twice() {
    test(async |database| {
        let x = Process::start(database).await;
        for (of, quantity) in [("a", 1), ("b", 2), ("a", 3)] {
            x.stock(of, StockCommand::Receive(quantity)).await.unwrap();
        }
        let histories = Histories::start(database.pool.clone());
        let told = join_all(["a", "none", "a", "a", "b"].map(|of| histories.told::<Received>(of))).await;
        let told: Vec<_> =
            told.into_iter().map(|told| told.map(|it| (it.record.0, it.position)).unwrap()).collect();
        let (a, b, none) = ((vec![1, 3], 3), (vec![2], 2), (Vec::new(), 0));
        assert_eq!(told, [a.clone(), none, a.clone(), a, b]);
    })
    .await;
}

#[test]
fn a_head_is_written_position_and_hash() {
    let head = Head { position: 12, hash: Hash([0xab; 32]) };
    assert_eq!(head.to_string(), format!("12:{}", "ab".repeat(32)));
    assert_eq!(head.to_string().parse(), Ok(head));
    for wrong in [
        "",
        "12",
        ":",
        "-1:00",
        "12:abcd",
        &format!("12:{}", "zz".repeat(32)),
        &format!("-12:{}", "ab".repeat(32)),
    ] {
        assert!(wrong.parse::<Head>().is_err(), "{wrong}");
    }
}
