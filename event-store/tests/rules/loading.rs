//! Rules 11 and 12: loads that events overtake, ids that are not fresh, and a cache that is too small.

use std::time::Duration;

use domain::{StreamId, Streams};
use event_store::decider::Config;
use event_store::{Failure, Submission};

use crate::harness::test;
use crate::process::{Process, Setup, value};
use crate::proxy::{At, Proxy};
use crate::shop::{CouponCommand, Stock, StockCommand, StockError};

/// X loads the coupon, and before or after the load has read it Y withdraws it and X hears of that.
async fn overtaken(at: At) {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::with(database, Setup { load: Some(&proxy), ..Setup::default() }).await;
        let y = Process::start(database).await;
        y.coupon("c", CouponCommand::Issue).await.unwrap();
        x.stock("a", StockCommand::Receive(5)).await.unwrap();
        y.on_hand("a").await;

        let mut load = proxy.gate_holding("FROM events", "coupon", at);
        let redeem = x.redeem("c", "a");
        load.reached().await;
        y.coupon("c", CouponCommand::Withdraw).await.unwrap();
        // This makes X catch up: the withdrawal passes by while the coupon is not cached.
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        load.pass();
        assert_eq!(redeem.await, Err(Failure::Refused(StockError::NoCoupon)));
        assert_eq!(database.types("a").await, ["Received", "Received"]);
    })
    .await;
}

#[tokio::test]
async fn rule_11_an_event_that_overtakes_a_load_counts() {
    overtaken(At::Answer).await;
}

#[tokio::test]
async fn rule_11_an_event_that_overtakes_the_asking_counts() {
    overtaken(At::Request).await;
}

#[tokio::test]
async fn rule_11_an_event_that_the_load_has_seen_is_not_applied_twice() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::with(database, Setup { load: Some(&proxy), ..Setup::default() }).await;
        let y = Process::start(database).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        y.stock("b", StockCommand::Receive(3)).await.unwrap();

        let mut load = proxy.gate_holding("FROM events", "b", At::Request);
        let reserve = x.stock("b", StockCommand::Reserve(8));
        load.reached().await;
        y.stock("b", StockCommand::Receive(4)).await.unwrap();
        x.stock("a", StockCommand::Receive(1)).await.unwrap(); // X keeps what passes; the load will see it too
        load.pass();
        assert_eq!(reserve.await, Err(Failure::Refused(StockError::Short(7))));
        assert_eq!(x.on_hand("b").await, 7);
        x.stock("b", StockCommand::Reserve(7)).await.unwrap();
        assert_eq!(database.types("b").await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn rule_11_a_load_that_is_ahead_of_the_decider_is_not_applied_twice() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        y.stock("b", StockCommand::ReceiveEach(3)).await.unwrap();
        // X's load sees what X has not heard of yet.
        x.stock("b", StockCommand::Reserve(2)).await.unwrap();
        assert_eq!((x.on_hand("b").await, y.on_hand("b").await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn rule_11_after_a_rewritten_log_what_was_known_is_loaded_again() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        x.stock("a", StockCommand::Receive(5)).await.unwrap();
        x.stock("b", StockCommand::Receive(5)).await.unwrap();
        // Restored from a backup: the last group is gone, and another process went on from there.
        database
            .tamper("DELETE FROM events WHERE position = 2; DELETE FROM log_groups WHERE last_position = 2;")
            .await;
        y.stock("b", StockCommand::Receive(1)).await.unwrap();
        assert_eq!(x.stock("b", StockCommand::Reserve(5)).await, Err(Failure::Refused(StockError::Short(1))));
        database.verify().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_11_a_fresh_id_that_is_not_fresh_is_loaded() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        y.stock("a", StockCommand::Receive(5)).await.unwrap();
        y.stock("b", StockCommand::Receive(5)).await.unwrap();
        assert_eq!(x.on_hand("b").await, 5); // X is at the log's end
        let fresh = || Submission { fresh: vec![StreamId::of::<Stock>("a")], ..Submission::default() };
        let (reserve, neighbour) = (
            x.send(fresh(), |decision| {
                decision.execute::<Stock, StockError>("a", StockCommand::Receive(1))?;
                decision.state::<Stock, StockError>("a").map(|stock| stock.on_hand)
            }),
            x.stock("b", StockCommand::Reserve(1)),
        );
        assert_eq!(value(reserve.await), 6);
        neighbour.await.unwrap();
        // And one that is.
        let fresh = Submission { fresh: vec![StreamId::of::<Stock>("new")], ..Submission::default() };
        let made =
            x.send(fresh, |decision| decision.execute::<Stock, StockError>("new", StockCommand::Receive(2)));
        made.await.unwrap();
        assert_eq!((x.on_hand("a").await, x.on_hand("new").await, y.on_hand("new").await), (6, 2, 2));
    })
    .await;
}

#[tokio::test]
async fn rule_12_nothing_that_is_needed_is_evicted() {
    test(async |database| {
        let config = Config { cache: 2, patience: Duration::from_secs(20), ..Config::default() };
        let x = Process::with(database, Setup { config: config.clone(), ..Setup::default() }).await;
        let y = Process::with(database, Setup { config, ..Setup::default() }).await;
        // Each command needs five of twelve, in a cache of two, while another process needs them too.
        let mut sent = Vec::new();
        for turn in 0..240_u32 {
            let process = if turn % 2 == 0 { &x } else { &y };
            sent.push(process.send(Submission::default(), move |decision| {
                for place in 0..5 {
                    let id = (turn * 7 + place * 5) % 12;
                    decision.execute::<Stock, StockError>(id, StockCommand::Receive(1))?;
                }
                Ok(())
            }));
        }
        for sent in sent {
            sent.await.unwrap();
        }
        let mut total = 0;
        for id in 0..12 {
            let id = id.to_string();
            let stored = i64::try_from(database.types(&id).await.len()).unwrap();
            assert_eq!((x.on_hand(&id).await, y.on_hand(&id).await), (stored, stored), "{id}");
            total += stored;
        }
        assert_eq!(total, 240 * 5);
    })
    .await;
}

#[tokio::test]
async fn rule_12_what_a_waiting_command_has_loaded_stays_until_it_is_decided() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let config = Config { cache: 1, patience: Duration::from_secs(20), ..Config::default() };
        let x = Process::with(database, Setup { config, load: Some(&proxy), ..Setup::default() }).await;
        x.stock("a", StockCommand::Receive(5)).await.unwrap();
        x.coupon("c", CouponCommand::Issue).await.unwrap();
        for filler in 0..5 {
            x.stock(&format!("filler-{filler}"), StockCommand::Receive(1)).await.unwrap();
        }
        // The command has the coupon and waits for the stock, while others come and go.
        let mut load = proxy.gate_holding("FROM events", "a-stock", At::Answer);
        let redeem = x.redeem("c", "a-stock");
        load.reached().await;
        // From here on nobody may load the coupon again.
        let again = proxy.gate_holding("FROM events", "coupon", At::Request);
        for filler in 5..20 {
            x.stock(&format!("filler-{filler}"), StockCommand::Receive(1)).await.unwrap();
        }
        load.pass();
        assert_eq!(redeem.await, Err(Failure::Refused(StockError::Short(0))));
        again.unreached();
    })
    .await;
}
