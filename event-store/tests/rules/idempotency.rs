//! Rule 17: idempotency keys.

use domain::Streams;
use event_store::{Accepted, Failure, IdempotencyKey, Remembered, Submission};

use crate::harness::{Database, test};
use crate::process::{Process, Setup, Tries, position};
use crate::proxy::{At, Proxy};
use crate::shop::{Stock, StockCommand, StockError};

#[expect(clippy::unnecessary_wraps, reason = "as it is submitted")]
fn key(key: u8, fingerprint: u8) -> Option<IdempotencyKey> {
    Some(IdempotencyKey { key: [key; 32], fingerprint: [fingerprint; 32] })
}

#[expect(clippy::unnecessary_wraps, reason = "as it is answered")]
fn replayed(position: i64) -> Result<Accepted<()>, Failure<StockError>> {
    Ok(Accepted::Replayed(Remembered { status: 201, resource: "a".to_owned(), position }))
}

async fn stored_keys(database: &Database) -> i64 {
    database.number("SELECT count(*) FROM idempotency_keys").await
}

#[tokio::test]
async fn rule_17_a_second_command_with_the_key_is_answered_from_what_is_stored() {
    test(async |database| {
        let x = Process::start(database).await;
        x.stock("b", StockCommand::Receive(1)).await.unwrap();
        let first = x.keyed("a", StockCommand::ReceiveEach(3), key(1, 1)).await;
        assert_eq!(position(&first), 4);
        assert_eq!(x.keyed("a", StockCommand::ReceiveEach(3), key(1, 1)).await, replayed(4));
        assert_eq!(x.keyed("a", StockCommand::ReceiveEach(4), key(1, 2)).await, Err(Failure::KeyReused));
        assert_eq!(database.head().await.position, 4);
    })
    .await;
}

#[tokio::test]
async fn rule_17_two_commands_with_one_key_in_one_group() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::behind(database, &proxy).await;
        assert_eq!(x.on_hand("a").await, 0);
        let mut gate = proxy.gate("append_group", At::Request);
        let holding = x.stock("a", StockCommand::Receive(1));
        gate.reached().await;
        let tries = Tries::new();
        let keyed = |key| {
            let tries = tries.clone();
            x.send(Submission { key, ..Submission::default() }, move |decision| {
                tries.count();
                decision.remember(201, "a");
                decision.execute::<Stock, StockError>("a", StockCommand::Receive(1))
            })
        };
        let sent = [keyed(key(1, 1)), keyed(key(1, 1)), keyed(key(1, 9)), keyed(key(2, 1))];
        // The first and the last are decided; what is between them is answered without.
        tries.reach(2).await;
        gate.pass();
        holding.await.unwrap();
        let [first, second, third, fourth] = sent;
        assert_eq!(position(&first.await), 2);
        assert_eq!(second.await, replayed(2));
        assert_eq!(third.await, Err(Failure::KeyReused));
        assert_eq!(position(&fourth.await), 3);
        assert_eq!(stored_keys(database).await, 2);
        // The decider knew without asking Postgres, which would have refused the group.
        assert_eq!(database.number("SELECT count(*) FROM log_groups").await, 2);
        assert_eq!(tries.so_far(), 2);
    })
    .await;
}

#[tokio::test]
async fn rule_17_one_key_at_two_deciders() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        for turn in 1..30 {
            let (first, second) = tokio::join!(
                x.keyed("a", StockCommand::Receive(1), key(turn, 1)),
                y.keyed("a", StockCommand::Receive(1), key(turn, 1)),
            );
            let done =
                [&first, &second].into_iter().filter(|a| matches!(a, Ok(Accepted::Done { .. }))).count();
            let replays = [&first, &second].into_iter().filter(|a| **a == replayed(turn.into())).count();
            assert_eq!((done, replays), (1, 1), "{first:?} {second:?}");
        }
        assert_eq!(database.head().await.position, 29);
        // Each knows the other's also where a command with the key comes much later.
        for turn in 1..30 {
            assert_eq!(x.keyed("a", StockCommand::Receive(1), key(turn, 1)).await, replayed(turn.into()));
            assert_eq!(y.keyed("a", StockCommand::Receive(1), key(turn, 2)).await, Err(Failure::KeyReused));
        }
    })
    .await;
}

/// X has looked, the key was free; Y takes it before X's group is in the log.
#[tokio::test]
async fn rule_17_a_key_that_another_takes_after_the_look_up() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        assert_eq!(x.on_hand("a").await, 0);
        let mut gate = proxy.gate("append_group", At::Request);
        let (mine, neighbour) =
            (x.keyed("a", StockCommand::Receive(1), key(1, 1)), x.stock("a", StockCommand::Receive(1)));
        gate.reached().await;
        assert_eq!(position(&y.keyed("a", StockCommand::ReceiveEach(2), key(1, 1)).await), 2);
        gate.pass();
        assert_eq!(mine.await, replayed(2));
        neighbour.await.unwrap();
        assert_eq!(database.types("a").await.len(), 3);
    })
    .await;
}

/// The look-up's answer is on its way when the event with the key passes by.
#[tokio::test]
async fn rule_17_a_look_up_that_an_event_overtakes() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let x = Process::with(database, Setup { load: Some(&proxy), ..Setup::default() }).await;
        let y = Process::start(database).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        let mut look_up = proxy.gate("FROM idempotency_keys", At::Answer);
        let mine = x.keyed("a", StockCommand::Receive(1), key(1, 1));
        look_up.reached().await;
        y.keyed("a", StockCommand::Receive(1), key(1, 1)).await.unwrap();
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        look_up.pass();
        assert_eq!(mine.await, replayed(2));
        assert_eq!(database.head().await.position, 3);
    })
    .await;
}

#[tokio::test]
async fn rule_17_keys_outlive_the_process() {
    test(async |database| {
        let x = Process::start(database).await;
        x.keyed("a", StockCommand::ReceiveEach(2), key(1, 1)).await.unwrap();
        x.task.drain().await;
        let again = Process::start(database).await;
        assert_eq!(again.keyed("a", StockCommand::ReceiveEach(2), key(1, 1)).await, replayed(2));
        assert_eq!(again.keyed("a", StockCommand::Receive(1), key(1, 2)).await, Err(Failure::KeyReused));
    })
    .await;
}

#[tokio::test]
async fn rule_17_a_refusal_is_not_stored() {
    test(async |database| {
        let (x, y) = (Process::start(database).await, Process::start(database).await);
        let reserve = |process: &Process| process.keyed("a", StockCommand::Reserve(1), key(1, 1));
        assert_eq!(reserve(&x).await, Err(Failure::Refused(StockError::Short(0))));
        assert_eq!(stored_keys(database).await, 0);
        y.stock("a", StockCommand::Receive(1)).await.unwrap();
        reserve(&x).await.unwrap();
        // The refused command of another body had not taken the key either.
        let refused = x.keyed("a", StockCommand::Reserve(9), key(2, 1)).await;
        assert_eq!(refused, Err(Failure::Refused(StockError::Short(0))));
        x.keyed("a", StockCommand::Receive(1), key(2, 2)).await.unwrap();
        assert_eq!(stored_keys(database).await, 2);
    })
    .await;
}

/// A command that makes the first with the key fail when it is decided again, so that the second takes it.
#[tokio::test]
async fn rule_17_a_key_in_flight_whose_group_fails() {
    test(async |database| {
        let proxy = Proxy::start(&database.app()).await;
        let (x, y) = (Process::behind(database, &proxy).await, Process::start(database).await);
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        let mut gate = proxy.gate("append_group", At::Request);
        let first = x.keyed("a", StockCommand::Reserve(1), key(1, 1));
        gate.reached().await;
        let second = x.send(Submission { key: key(1, 1), ..Submission::default() }, |decision| {
            decision.remember(201, "b");
            decision.execute::<Stock, StockError>("b", StockCommand::Receive(1))
        });
        y.stock("a", StockCommand::Reserve(1)).await.unwrap();
        gate.pass();
        assert_eq!(first.await, Err(Failure::Refused(StockError::Short(0))));
        assert_eq!(position(&second.await), 3);
        assert_eq!(stored_keys(database).await, 1);
    })
    .await;
}

#[tokio::test]
async fn rule_17_a_key_of_a_command_that_postgres_refuses_is_free_again() {
    test(async |database| {
        let x = Process::start(database).await;
        let bad = x.keyed("a", StockCommand::ReceiveAs(1, "\0".to_owned()), key(1, 1)).await;
        assert_eq!(bad, Err(Failure::Unstorable("22021".to_owned())));
        assert_eq!(position(&x.keyed("a", StockCommand::Receive(1), key(1, 1)).await), 1);
    })
    .await;
}

#[tokio::test]
async fn rule_17_the_key_travels_in_the_first_event_and_nothing_else_is_kept() {
    test(async |database| {
        let x = Process::start(database).await;
        x.keyed("a", StockCommand::ReceiveEach(2), key(1, 7)).await.unwrap();
        let events = database.events().await;
        let first = events[0].metadata();
        assert_eq!(first.get("idempotency_key"), Some(&*"01".repeat(32)));
        assert_eq!(first.get("idempotency_fingerprint"), Some(&*"07".repeat(32)));
        assert_eq!(events[1].metadata().get("idempotency_key"), None);
        let (status, resource, position): (i16, String, i64) =
            sqlx::query_as("SELECT status, resource, position FROM idempotency_keys")
                .fetch_one(&database.pool)
                .await
                .unwrap();
        assert_eq!((status, &*resource, position), (201, "a", 2));
    })
    .await;
}
