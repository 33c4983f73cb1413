//! Rules 10, 12, 14 and 15: one state at one position, groups that fail, and when answers go out.

use domain::Streams;
use event_store::{Accepted, Failure, Submission};

use crate::harness::test;
use crate::process::{Process, Tries, is_unanswered, position, value};
use crate::proxy::{At, Proxy};
use crate::shop::{Coupon, CouponCommand, Stock, StockCommand, StockError};

#[tokio::test]
async fn rule_10_events_of_other_processes_change_the_cache() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        x.stock("a", StockCommand::Receive(5)).await.unwrap();
        y.stock("a", StockCommand::Reserve(4)).await.unwrap();
        let refused = x.stock("a", StockCommand::Reserve(2)).await;
        assert_eq!(refused, Err(Failure::Refused(StockError::Short(1))));
        x.stock("a", StockCommand::Reserve(1)).await.unwrap();
        assert_eq!(y.on_hand("a").await, 0);
        assert_eq!(database.types("a").await, ["Received", "Reserved", "Reserved"]);
    })
    .await;
}

#[tokio::test]
async fn rule_10_absence_is_state_too() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        x.stock("a", StockCommand::Receive(2)).await.unwrap();
        // X knows now that there is no such coupon.
        assert_eq!(x.redeem("c", "a").await, Err(Failure::Refused(StockError::NoCoupon)));
        y.coupon("c", CouponCommand::Issue).await.unwrap();
        x.redeem("c", "a").await.unwrap();
        y.coupon("c", CouponCommand::Withdraw).await.unwrap();
        assert_eq!(x.redeem("c", "a").await, Err(Failure::Refused(StockError::NoCoupon)));
    })
    .await;
}

#[tokio::test]
async fn rule_12_what_was_decided_on_a_lost_group_is_decided_again() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        assert_eq!((x.on_hand("a").await, x.on_hand("b").await), (0, 0));

        // X decides N, three events, and N+1 on top of it; N is refused once Y has closed b.
        let mut gate = proxy.gate("append_group", At::Request);
        let lost = x.send(Submission::default(), |decision| {
            decision.need::<StockError>(&[])?;
            if decision.state::<Stock, StockError>("b")?.closed {
                return Err(domain::Halt::Refused(StockError::Closed));
            }
            decision.execute::<Stock, StockError>("a", StockCommand::ReceiveEach(3))
        });
        gate.reached().await;
        let tries = Tries::new();
        let counted = tries.clone();
        let mut next = x.send(Submission::default(), move |decision| {
            counted.count();
            decision.execute::<Stock, StockError>("a", StockCommand::Reserve(3))
        });
        tries.reach(1).await;
        assert!(is_unanswered(&mut next));
        y.stock("b", StockCommand::ReceiveEach(2)).await.unwrap();
        y.stock("b", StockCommand::Close).await.unwrap();
        gate.pass();

        assert_eq!(lost.await, Err(Failure::Refused(StockError::Closed)));
        assert_eq!(next.await, Err(Failure::Refused(StockError::Short(0))));
        assert_eq!(tries.so_far(), 2);
        assert_eq!(database.types("a").await, Vec::<String>::new());
        assert_eq!(database.head().await.position, 3);
    })
    .await;
}

#[tokio::test]
async fn rule_12_commands_of_a_lost_group_are_decided_in_the_order_they_came_and_refusals_too() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        x.stock("a", StockCommand::Receive(1)).await.unwrap();

        let mut gate = proxy.gate("append_group", At::Request);
        let first = x.stock("a", StockCommand::Reserve(1));
        gate.reached().await;
        // Refused on a state that will never be: after Y there are five, and after the second none for the third.
        let second = x.stock("a", StockCommand::Reserve(4));
        let third = x.stock("a", StockCommand::Reserve(1));
        y.stock("a", StockCommand::Receive(4)).await.unwrap();
        gate.pass();
        let (first, second) = (first.await, second.await);
        assert_eq!(third.await, Err(Failure::Refused(StockError::Short(0))));
        assert_eq!((position(&first), position(&second)), (3, 4));
    })
    .await;
}

#[tokio::test]
async fn rule_12_a_command_that_now_needs_a_load_does_not_load_under_the_lock() {
    test(async |database| {
        let (append, load) = (Proxy::start(&database.app()).await, Proxy::start(&database.app()).await);
        let setup = crate::process::Setup { append: Some(&append), load: Some(&load), ..Default::default() };
        let (x, y) = (Process::with(database, setup).await, Process::start(database).await);
        y.stock("b", StockCommand::Receive(7)).await.unwrap();
        x.stock("a", StockCommand::Receive(1)).await.unwrap();

        // Once a has two, the command needs b.
        let mut gate = append.gate("append_group", At::Request);
        let moving = x.send(Submission::default(), |decision| {
            if decision.state::<Stock, StockError>("a")?.on_hand == 1 {
                return decision.execute::<Stock, StockError>("a", StockCommand::Note("one".to_owned()));
            }
            decision.execute::<Stock, StockError>("b", StockCommand::Reserve(7))
        });
        gate.reached().await;
        y.stock("a", StockCommand::Receive(1)).await.unwrap();
        let mut loads = load.gate_holding("FROM events", "b", At::Answer);
        gate.pass();
        loads.reached().await;
        // While X loads, the log is free.
        y.stock("a", StockCommand::Receive(1)).await.unwrap();
        loads.pass();
        moving.await.unwrap();
        assert_eq!(database.types("b").await, ["Received", "Reserved"]);
        assert_eq!(database.types("a").await, ["Received"; 3]);
    })
    .await;
}

#[tokio::test]
async fn rule_14_a_command_that_lost_a_race_is_tried_again_under_the_lock() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        assert_eq!((x.on_hand("a").await, y.on_hand("a").await), (0, 0));

        let mut append = proxy.gate("append_group", At::Request);
        let losing = x.stock("a", StockCommand::Receive(1));
        append.reached().await;
        y.stock("a", StockCommand::Receive(1)).await.unwrap();
        // X loses once. Then it stands with what it missed and with the lock: Y has to wait for it.
        let mut locked = proxy.gate("lock_and_missed", At::Answer);
        append.pass();
        locked.reached().await;
        let mut waiting = y.stock("a", StockCommand::Receive(1));
        database.until_waiting(1).await;
        assert!(is_unanswered(&mut waiting));
        locked.pass();
        assert_eq!(position(&losing.await), 2);
        assert_eq!(position(&waiting.await), 3);
    })
    .await;
}

#[tokio::test]
async fn rule_15_no_answer_goes_out_before_its_group_is_in_the_log() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::behind(database, &proxy).await;
        assert_eq!(x.on_hand("a").await, 0);
        let mut gate = proxy.gate("append_group", At::Request);
        let mut first = x.stock("a", StockCommand::Receive(1));
        gate.reached().await;
        // The second is decided on the first, and so is the refusal of the third.
        let tries = Tries::new();
        let mut second = x.stock("a", StockCommand::Reserve(1));
        let counted = tries.clone();
        let mut third = x.send(Submission::default(), move |decision| {
            counted.count();
            decision.execute::<Stock, StockError>("a", StockCommand::Reserve(1))
        });
        tries.reach(1).await;
        assert!(is_unanswered(&mut first) && is_unanswered(&mut second) && is_unanswered(&mut third));

        let mut after = proxy.gate("append_group", At::Answer);
        gate.pass();
        assert_eq!(position(&first.await), 1);
        after.reached().await;
        assert_eq!(database.head().await.position, 2);
        assert!(is_unanswered(&mut second) && is_unanswered(&mut third));
        after.pass();
        assert_eq!(position(&second.await), 2);
        assert_eq!(third.await, Err(Failure::Refused(StockError::Short(0))));
    })
    .await;
}

#[tokio::test]
async fn rule_15_a_refusal_knows_everything_that_was_acknowledged_before() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        assert_eq!(x.on_hand("a").await, 0);
        for total in 1..20 {
            y.stock("a", StockCommand::Receive(1)).await.unwrap();
            // A reservation, and a question.
            assert_eq!(
                x.stock("a", StockCommand::Reserve(50)).await,
                Err(Failure::Refused(StockError::Short(total)))
            );
            assert_eq!(x.on_hand("a").await, total);
        }
    })
    .await;
}

#[tokio::test]
async fn rule_15_a_group_of_refusals_reads_the_head_after_it_is_closed() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        assert_eq!(x.on_hand("a").await, 0);
        let mut gate = proxy.gate("FROM log_groups", At::Request);
        let mut refusal = x.stock("a", StockCommand::Reserve(1));
        gate.reached().await;
        assert!(is_unanswered(&mut refusal));
        y.stock("a", StockCommand::Receive(1)).await.unwrap();
        gate.pass();
        assert_eq!(value(refusal.await), ());
        assert_eq!(database.types("a").await, ["Received", "Reserved"]);
    })
    .await;
}

#[tokio::test]
async fn rule_15_a_command_without_events_is_told_the_head_it_was_decided_on() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        y.stock("a", StockCommand::ReceiveEach(3)).await.unwrap();
        let seen = x.send(Submission::default(), |decision| {
            decision.state::<Coupon, StockError>("c").map(|coupon| coupon.valid)
        });
        assert_eq!(seen.await, Ok(Accepted::Done { value: false, position: 3 }));
    })
    .await;
}

#[tokio::test]
async fn rule_12_a_decision_that_panics_leaves_nothing_behind() {
    test(async |database| {
        let x = Process::start(database).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        let broken = x.send(Submission::default(), |decision| {
            decision.execute::<Stock, StockError>("a", StockCommand::Receive(10))?;
            assert!(decision.state::<Stock, StockError>("a")?.on_hand == 1, "a test's panic");
            Ok(())
        });
        let refused = x.send(Submission::default(), |decision| {
            decision.execute::<Stock, StockError>("a", StockCommand::Receive(10))?;
            decision.execute::<Stock, StockError>("a", StockCommand::Reserve(50))
        });
        assert_eq!(broken.await, Err(Failure::Broken));
        assert_eq!(refused.await, Err(Failure::Refused(StockError::Short(11))));
        assert_eq!(x.on_hand("a").await, 1);
        assert_eq!(database.types("a").await, ["Received"]);
    })
    .await;
}
