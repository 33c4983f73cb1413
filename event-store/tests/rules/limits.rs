//! Rule 16: bounds, callers that go away, and shutdown.

use std::time::Duration;

use domain::Streams;
use event_store::decider::Config;
use event_store::{Failure, Submission};
use futures::FutureExt;

use crate::harness::{Database, test};
use crate::process::{Process, Sent, Setup, position};
use crate::proxy::{At, Gate, Proxy};
use crate::shop::{Stock, StockCommand, StockError};

/// A process whose first command stands before the log, so that nothing else is answered.
async fn blocked(database: &Database, proxy: &Proxy, config: Config) -> (Process, Gate, Sent) {
    let config = Config { patience: Duration::from_secs(20), ..config };
    let x = Process::with(database, Setup { config, append: Some(proxy), ..Setup::default() }).await;
    assert_eq!(x.on_hand("a").await, 0);
    let mut gate = proxy.gate("append_group", At::Request);
    let first = x.stock("a", StockCommand::Receive(1));
    gate.reached().await;
    (x, gate, first)
}

fn sized(process: &Process, bytes: usize) -> Sent {
    process.send(Submission { bytes, ..Submission::default() }, |decision| {
        decision.execute::<Stock, StockError>("a", StockCommand::Receive(1))
    })
}

#[tokio::test]
async fn rule_16_a_queue_that_is_full_by_count_is_busy() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let config = Config { max_commands: 3, ..Config::default() };
        let (x, gate, first) = blocked(database, &proxy, config).await;
        let (second, third) = (sized(&x, 1), sized(&x, 1));
        assert_eq!(sized(&x, 1).await, Err(Failure::Busy));
        gate.pass();
        for accepted in [first, second, third] {
            accepted.await.unwrap();
        }
        sized(&x, 1).await.unwrap();
        assert_eq!(database.head().await.position, 4);
    })
    .await;
}

#[tokio::test]
async fn rule_16_a_queue_that_is_full_by_bytes_is_busy() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let config = Config { max_bytes: 10_000, ..Config::default() };
        let (x, gate, first) = blocked(database, &proxy, config).await;
        let second = sized(&x, 9_000);
        assert_eq!(sized(&x, 2_000).await, Err(Failure::Busy));
        let third = sized(&x, 500);
        gate.pass();
        for accepted in [first, second, third] {
            accepted.await.unwrap();
        }
        // A command larger than all is alone, not refused for ever.
        sized(&x, 1_000_000).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_16_a_bound_smaller_than_any_command_takes_one_at_a_time() {
    test(async |database| {
        let x = Process::with(
            database,
            Setup { config: Config { max_bytes: 10, ..Config::default() }, ..Setup::default() },
        )
        .await;
        sized(&x, 1).await.unwrap();
    })
    .await;
}

async fn largest_group(database: &Database) -> i64 {
    database.number("SELECT max(last_position - first_position + 1) FROM log_groups").await
}

#[tokio::test]
async fn rule_16_groups_are_bounded_by_count() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let config = Config { group_events: 4, ..Config::default() };
        let (x, gate, _first) = blocked(database, &proxy, config).await;
        let sent: Vec<_> = (0..30).map(|_| sized(&x, 1)).collect();
        gate.pass();
        for sent in sent {
            sent.await.unwrap();
        }
        assert_eq!(largest_group(database).await, 4);
        // A command that makes more has a group of its own.
        x.stock("a", StockCommand::ReceiveEach(50)).await.unwrap();
        assert_eq!(largest_group(database).await, 50);
    })
    .await;
}

#[tokio::test]
async fn rule_16_groups_are_bounded_by_bytes() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let config = Config { group_bytes: 30_000, ..Config::default() };
        let (x, gate, _first) = blocked(database, &proxy, config).await;
        let sent: Vec<_> = (0..10).map(|_| x.stock("a", StockCommand::Note("x".repeat(10_000)))).collect();
        gate.pass();
        for sent in sent {
            sent.await.unwrap();
        }
        assert_eq!(largest_group(database).await, 3);
    })
    .await;
}

#[tokio::test]
async fn rule_16_an_accepted_command_runs_though_its_caller_has_gone() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, gate, first) = blocked(database, &proxy, Config::default()).await;
        drop(first);
        drop(x.stock("a", StockCommand::Receive(1)));
        let last = x.stock("a", StockCommand::Receive(1));
        gate.pass();
        assert_eq!(position(&last.await), 3);
    })
    .await;
}

#[tokio::test]
async fn rule_16_shutdown_answers_everything_that_was_accepted() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let config = Config { group_events: 5, ..Config::default() };
        let (x, gate, first) = blocked(database, &proxy, config).await;
        // Some are decided, some wait for a load, some wait for their turn.
        let sent: Vec<_> =
            (0..60).map(|turn| x.stock(&format!("{}", turn % 20), StockCommand::Receive(1))).collect();
        let Process { decider, task, .. } = x;
        let draining = tokio::spawn(task.drain());
        let late = async || {
            decider
                .submit(Submission::default(), |decision| {
                    decision.execute::<Stock, StockError>("late", StockCommand::Receive(1))
                })
                .await
        };
        // Until it takes no more: `drain` has begun then.
        while late().now_or_never() != Some(Err(Failure::Stopped)) {
            tokio::task::yield_now().await;
        }
        gate.pass();
        first.await.unwrap();
        let mut positions = Vec::new();
        for sent in sent {
            positions.push(position(&sent.await));
        }
        draining.await.unwrap();
        positions.sort_unstable();
        positions.dedup();
        assert_eq!(positions.len(), 60);
        assert_eq!(late().await, Err(Failure::Stopped));
    })
    .await;
}

#[tokio::test]
async fn rule_16_a_decider_that_nobody_holds_ends_when_it_is_done() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, gate, first) = blocked(database, &proxy, Config::default()).await;
        let last = x.stock("a", StockCommand::Receive(1));
        let Process { decider, mut task, .. } = x;
        drop((decider, first, last));
        gate.pass();
        task.ended().await;
        assert_eq!(database.head().await.position, 2);
    })
    .await;
}
