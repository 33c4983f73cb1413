//! Rules 4 and 5: outcomes that nobody knows, and processes that stop in the middle.

use std::time::Duration;

use event_store::Failure;
use event_store::decider::Config;

use crate::harness::test;
use crate::process::{Process, Setup, is_unanswered, position};
use crate::proxy::{At, Proxy};
use crate::shop::StockCommand;

/// Where the connection is lost, and whether the group was in the log then.
async fn lost(statement: &'static str, at: At, contended: bool) {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        if contended {
            // X loses a race, and so its next groups go under the lock.
            y.stock("b", StockCommand::Receive(1)).await.unwrap();
            x.stock("a", StockCommand::Receive(1)).await.unwrap();
        }
        let before = database.head().await.position;
        let mut gate = proxy.gate(statement, at);
        let first = x.stock("a", StockCommand::Receive(10));
        gate.reached().await;
        let second = x.stock("a", StockCommand::Receive(100));
        gate.cut();
        assert_eq!(position(&first.await), before + 1);
        assert_eq!(position(&second.await), before + 2);
        let expected = 111 + i64::from(contended);
        assert_eq!((x.on_hand("a").await, y.on_hand("a").await), (expected, expected));
        database.verify().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_04_the_connection_is_lost_before_the_append() {
    lost("append_group", At::Request, false).await;
}

#[tokio::test]
async fn rule_04_the_connection_is_lost_after_the_commit() {
    lost("append_group", At::Answer, false).await;
}

#[tokio::test]
async fn rule_04_the_connection_is_lost_while_the_lock_is_taken() {
    lost("lock_and_missed", At::Answer, true).await;
}

#[tokio::test]
async fn rule_04_the_connection_is_lost_after_the_append_under_the_lock() {
    lost("append_group", At::Answer, true).await;
}

#[tokio::test]
async fn rule_04_the_connection_is_lost_before_the_commit_under_the_lock() {
    lost("COMMIT", At::Request, true).await;
}

#[tokio::test]
async fn rule_04_the_connection_is_lost_after_the_commit_under_the_lock() {
    lost("COMMIT", At::Answer, true).await;
}

/// A client died while its append waited for the lock; a look-up without the lock finds nothing, and a moment later the
/// group is there.
#[tokio::test]
async fn rule_04_an_orphaned_append_still_waits_for_the_lock_and_gets_it() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::behind(database, &proxy).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        let holder = database.hold_lock().await;
        let mut gate = proxy.gate("append_group", At::Sent);
        let mut sent = x.stock("a", StockCommand::Receive(1));
        gate.reached().await;
        database.until_waiting(1).await;
        gate.orphan();
        // The second asks after the orphan, and no answer goes out before it knows.
        database.until_waiting(2).await;
        assert!(is_unanswered(&mut sent));
        drop(holder);
        assert_eq!(position(&sent.await), 2);
        database.until("SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'").await;
        assert_eq!(database.types("a").await, ["Received", "Received"]);
        assert_eq!(x.on_hand("a").await, 2);
    })
    .await;
}

#[tokio::test]
async fn rule_04_an_orphaned_append_that_never_gets_the_lock() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::behind(database, &proxy).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        let holder = database.hold_lock().await;
        let mut gate = proxy.gate("append_group", At::Sent);
        let sent = x.stock("a", StockCommand::Receive(1));
        gate.reached().await;
        database.until_waiting(1).await;
        database
            .tamper(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            )
            .await;
        database.until_waiting(0).await;
        gate.cut();
        database.until_waiting(1).await;
        drop(holder);
        assert_eq!(position(&sent.await), 2);
        assert_eq!(database.types("a").await, ["Received", "Received"]);
    })
    .await;
}

/// Whoever takes the group's place before the look-up makes its absence final.
#[tokio::test]
async fn rule_04_a_lost_append_whose_place_is_taken_is_decided_again() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        x.stock("a", StockCommand::Receive(3)).await.unwrap();
        let mut gate = proxy.gate("append_group", At::Request);
        let sent = x.stock("a", StockCommand::Reserve(2));
        gate.reached().await;
        y.stock("a", StockCommand::Reserve(1)).await.unwrap();
        gate.cut();
        assert_eq!(position(&sent.await), 3);
        assert_eq!(y.on_hand("a").await, 0);
    })
    .await;
}

/// While the outcome is unknown nobody is told anything, however impatient the decider is.
#[tokio::test]
async fn rule_04_no_answer_while_the_outcome_is_unknown() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let config = Config { patience: Duration::ZERO, ..Config::default() };
        let x = Process::with(database, Setup { config, append: Some(&proxy), ..Setup::default() }).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        let mut gate = proxy.gate("append_group", At::Answer);
        let mut sent = x.stock("a", StockCommand::Receive(1));
        gate.reached().await;
        // It is in the log, but each connection that could tell is cut, again and again.
        let mut next = proxy.gate("append_group", At::Answer);
        gate.cut();
        for _ in 0..5 {
            next.reached().await;
            assert!(is_unanswered(&mut sent));
            let following = proxy.gate("append_group", At::Answer);
            next.cut();
            next = following;
        }
        next.pass();
        assert_eq!(position(&sent.await), 2);
        assert_eq!(database.head().await.position, 2);
    })
    .await;
}

#[tokio::test]
async fn rule_04_what_is_certainly_not_in_the_log_is_given_up() {
    test(async |database| {
        let config = Config { patience: Duration::from_millis(50), ..Config::default() };
        let x = Process::with(database, Setup { config, ..Setup::default() }).await;
        // For a while the server takes no writes, as one that is a standby now.
        database.read_only(true).await;
        assert_eq!(x.stock("a", StockCommand::Receive(1)).await, Err(Failure::Unavailable));
        let (first, second) =
            (x.stock("a", StockCommand::Receive(1)), x.stock("b", StockCommand::Receive(1)));
        assert_eq!((first.await, second.await), (Err(Failure::Unavailable), Err(Failure::Unavailable)));
        database.read_only(false).await;
        assert_eq!(position(&x.stock("a", StockCommand::Receive(1)).await), 1);
        assert_eq!((x.on_hand("a").await, x.on_hand("b").await), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn rule_05_a_frozen_process_that_holds_the_lock_does_not_stop_the_others() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::behind(database, &proxy).await;
        let config = Config { patience: Duration::from_secs(5), ..Config::default() };
        let y = Process::with(database, Setup { config, ..Setup::default() }).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        y.stock("a", StockCommand::Receive(1)).await.unwrap();
        let mut gate = proxy.gate("lock_and_missed", At::Answer);
        let frozen = x.stock("a", StockCommand::Receive(1));
        gate.reached().await;
        // X has the lock and is heard of no more; Y waits for no longer than Postgres waits for X.
        let waiting = y.stock("a", StockCommand::Receive(1));
        database.until_waiting(1).await;
        assert_eq!(position(&waiting.await), 3);
        // X wakes up, finds its transaction gone, and does it again.
        gate.pass();
        assert_eq!(position(&frozen.await), 4);
    })
    .await;
}

#[tokio::test]
async fn rule_05_a_connection_that_falls_silent_is_given_up() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let config = Config {
            silence: Duration::from_millis(500),
            patience: Duration::from_secs(60),
            ..Config::default()
        };
        let x = Process::with(database, Setup { config, append: Some(&proxy), ..Setup::default() }).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        for (turn, at) in [At::Request, At::Answer].into_iter().enumerate() {
            let mut gate = proxy.gate("append_group", at);
            let sent = x.stock("a", StockCommand::Receive(1));
            gate.reached().await;
            drop(gate); // frozen
            assert_eq!(position(&sent.await), i64::try_from(turn).unwrap() + 2);
        }
        let mut gate = proxy.gate("FROM log_groups", At::Request);
        let asked = x.stock("a", StockCommand::Reserve(50));
        gate.reached().await;
        drop(gate);
        assert!(matches!(asked.await, Err(Failure::Refused(_))));
        database.verify().await.unwrap();
    })
    .await;
}
