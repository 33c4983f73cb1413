//! Rules 13 and 18: what the rules refuse, what Postgres refuses, and what it should refuse and doesn't.

use std::fmt::Write;

use domain::Streams;
use event_store::{Failure, Metadata, Submission};
use sha2::{Digest, Sha256};

use crate::harness::test;
use crate::process::{Process, position};
use crate::proxy::{At, Proxy};
use crate::shop::{Stock, StockCommand, StockError};

#[tokio::test]
async fn rule_13_a_refused_command_does_not_touch_its_neighbours() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::behind(database, &proxy).await;
        let mut gate = proxy.gate("append_group", At::Request);
        let first = x.stock("first", StockCommand::Receive(1));
        gate.reached().await;
        let sent = [
            x.stock("a", StockCommand::Receive(2)),
            x.stock("a", StockCommand::Reserve(3)),
            x.stock("a", StockCommand::Reserve(2)),
        ];
        gate.pass();
        first.await.unwrap();
        let [good, bad, next] = sent;
        good.await.unwrap();
        assert_eq!(bad.await, Err(Failure::Refused(StockError::Short(2))));
        next.await.unwrap();
        assert_eq!(database.types("a").await, ["Received", "Reserved"]);
    })
    .await;
}

/// Of receive, bad receive, reserve the third spends stock that never came.
#[tokio::test]
async fn rule_13_a_command_that_postgres_refuses_does_not_touch_its_neighbours() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::behind(database, &proxy).await;
        assert_eq!((x.on_hand("a").await, x.on_hand("b").await), (0, 0));
        // The first group holds the door for the others, which are decided together.
        let mut gate = proxy.gate("append_group", At::Request);
        let first = x.stock("b", StockCommand::Receive(1));
        gate.reached().await;
        let receive = x.stock("a", StockCommand::Receive(2));
        let bad = x.stock("a", StockCommand::ReceiveAs(5, "Received\0".to_owned()));
        let too_many = x.stock("a", StockCommand::Reserve(7));
        let reserve = x.stock("a", StockCommand::Reserve(2));
        let other = x.stock("b", StockCommand::Receive(1));
        gate.pass();
        first.await.unwrap();
        receive.await.unwrap();
        assert_eq!(bad.await, Err(Failure::Unstorable("22021".to_owned())));
        assert_eq!(too_many.await, Err(Failure::Refused(StockError::Short(2))));
        reserve.await.unwrap();
        other.await.unwrap();
        assert_eq!(database.types("a").await, ["Received", "Reserved"]);
        assert_eq!(database.types("b").await, ["Received", "Received"]);
        // Afterwards groups are shared again.
        let mut gate = proxy.gate("append_group", At::Request);
        let first = x.stock("a", StockCommand::Receive(1));
        gate.reached().await;
        let others: Vec<_> = (0..5).map(|_| x.stock("a", StockCommand::Receive(1))).collect();
        let groups = database.number("SELECT count(*) FROM log_groups").await;
        gate.pass();
        first.await.unwrap();
        for other in others {
            other.await.unwrap();
        }
        assert_eq!(database.number("SELECT count(*) FROM log_groups").await, groups + 2);
        database.verify().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_13_of_several_bad_commands_each_is_found() {
    test(async |database| {
        let x = Process::start(database).await;
        // Longer than what an index takes, and nothing that compresses: 54000.
        let mut long = String::new();
        for place in 0..200 {
            write!(long, "{}", hex::encode(Sha256::digest(format!("{place}")))).unwrap();
        }
        let sent: Vec<_> = (0..40)
            .map(|place| match place % 10 {
                3 => x.stock("a", StockCommand::ReceiveAs(100, "\0".to_owned())),
                7 => x.stock(&long, StockCommand::Receive(1)),
                _ => x.stock("a", StockCommand::Receive(1)),
            })
            .collect();
        for (place, sent) in sent.into_iter().enumerate() {
            let answer = sent.await;
            match place % 10 {
                3 => assert_eq!(answer, Err(Failure::Unstorable("22021".to_owned()))),
                7 => assert_eq!(answer, Err(Failure::Unstorable("54000".to_owned()))),
                _ => assert!(position(&answer) > 0),
            }
        }
        assert_eq!(x.on_hand("a").await, 32);
        assert_eq!(database.head().await.position, 32);
    })
    .await;
}

#[tokio::test]
async fn rule_13_a_command_that_postgres_refuses_under_the_lock_does_not_touch_its_neighbours() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        assert_eq!(x.on_hand("a").await, 0);
        let mut gate = proxy.gate("append_group", At::Request);
        let receive = x.stock("a", StockCommand::Receive(2));
        gate.reached().await;
        let bad = x.stock("a", StockCommand::ReceiveAs(5, "\0".to_owned()));
        let reserve = x.stock("a", StockCommand::Reserve(3));
        y.stock("a", StockCommand::Receive(1)).await.unwrap();
        gate.pass();
        receive.await.unwrap();
        assert_eq!(bad.await, Err(Failure::Unstorable("22021".to_owned())));
        reserve.await.unwrap();
        assert_eq!(x.on_hand("a").await, 0);
    })
    .await;
}

#[tokio::test]
async fn rule_18_a_nul_that_json_would_take_does_not_get_into_the_log() {
    test(async |database| {
        let x = Process::start(database).await;
        let note = |text: &str| x.stock("a", StockCommand::Note(text.to_owned()));
        let (good, bad, next) = (note("before"), note("a\0b"), note("after"));
        good.await.unwrap();
        assert_eq!(bad.await, Err(Failure::Unstorable("22P05".to_owned())));
        next.await.unwrap();
        let metadata = Metadata::default().with(Metadata::CORRELATION_ID, "\0");
        let noted = x.send(Submission { metadata, ..Submission::default() }, |decision| {
            decision.execute::<Stock, StockError>("a", StockCommand::Receive(1))
        });
        assert_eq!(noted.await, Err(Failure::Unstorable("22P05".to_owned())));
        // What only looks like one is text as any other.
        note("\\u0000 \\\\u0000").await.unwrap();
        // Every later reader can read it.
        assert_eq!(
            database.number("SELECT count(payload::jsonb) + count(metadata::jsonb) FROM events").await,
            6
        );
        let process = Process::start(database).await;
        process.stock("a", StockCommand::Receive(1)).await.unwrap();
    })
    .await;
}
