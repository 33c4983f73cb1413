//! Where a relay goes on that was stopped or killed.

use std::time::Duration;

use event_store::relay::{Relay, header};
use event_store::{LogWatch, connect};
use sqlx::ConnectOptions;
use sqlx::postgres::PgPoolOptions;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::events::{one_of_each, received};
use crate::harness::{World, test};
use crate::order::same_as_log;
use crate::process::{Process, config};

#[tokio::test]
async fn a_relay_that_was_stopped_goes_on_after_its_checkpoint() {
    test(async |world| {
        let first = world.append(one_of_each()).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position == first.position).await;
        relay.stop().await.unwrap();
        let second = world.append(one_of_each()).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position == second.position).await;
        relay.stop().await.unwrap();
        let mut reader = world.all_events();
        assert_eq!(same_as_log(reader.everything().await, &world.events().await), 0);
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_is_stopped_finishes_what_it_has_in_hand() {
    test(async |world| {
        let mut relay = Process::start(world).await;
        relay.until(|status| status.broker_reachable).await;
        world.append(one_of_each()).await;
        // Whatever it has begun is settled: what is in Kafka and what the checkpoint says are the same.
        relay.stop().await.unwrap();
        let settled = world.checkpoint().await.position;
        let mut reader = world.all_events();
        let published = reader.everything().await.iter().map(|r| r.number(header::POSITION)).max();
        assert_eq!(published.unwrap_or(0), settled);
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_waits_for_a_connection_is_stopped_at_once() {
    test(async |world| {
        let one = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(600));
        let pool = one.connect_with(world.app()).await.unwrap();
        let _lent = pool.acquire().await.unwrap();
        let watch = LogWatch::start(connect::pool_with(world.app(), 3).await.unwrap());
        let relay = Relay::new(config(world), pool.clone(), watch);
        let (mut status, shutdown) = (relay.status(), CancellationToken::new());
        let running = tokio::spawn(relay.run(shutdown.clone()));
        status.wait_for(|status| status.broker_reachable).await.unwrap();
        shutdown.cancel();
        // Half of what it has for what is under way: nothing is.
        let ended = timeout(Duration::from_secs(5), running).await.expect("it waits for the connection");
        ended.unwrap().unwrap();
    })
    .await;
}

/// Keeps the checkpoint from moving: whoever wants to write it waits.
async fn hold_checkpoint(world: &World) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut holder = world.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM checkpoints WHERE name = 'relay' FOR UPDATE")
        .execute(&mut *holder)
        .await
        .unwrap();
    holder
}

#[tokio::test]
async fn killed_between_acknowledgement_and_checkpoint_it_repeats_and_loses_nothing() {
    test(async |world| {
        let first = world.append(one_of_each()).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position == first.position).await;

        let holder = hold_checkpoint(world).await;
        let events = one_of_each();
        let repeated = events.len();
        let second = world.append(events).await;
        let mut marks = world.reader("watermark");
        marks
            .until(|marks| {
                marks.iter().any(|m| m.payload.contains(&format!("\"position\":{},", second.position)))
            })
            .await;
        relay.kill();
        // Postgres ends the session of a process that is gone, and with it its checkpoint, which was not committed.
        world
            .until(
                "SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'daybook-relay')",
            )
            .await;
        holder.rollback().await.unwrap();
        assert_eq!(world.checkpoint().await, first);

        let third = world.append(one_of_each()).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position == third.position).await;
        relay.stop().await.unwrap();
        let mut reader = world.all_events();
        let again = same_as_log(reader.everything().await, &world.events().await);
        assert_eq!(again, repeated);
    })
    .await;
}

#[tokio::test]
async fn killed_again_and_again_under_load_it_loses_nothing() {
    test(async |world| {
        let products: Vec<_> = (0..25).map(|_| uuid::Uuid::now_v7().to_string()).collect();
        let mut connection = event_store::connect::appending(&world.app()).connect().await.unwrap();
        let mut head = event_store::Head::EMPTY;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.broker_reachable).await;
        for round in 1..=120 {
            let group = products.iter().map(|product| received(product, round)).collect();
            head = world.append_by(&mut connection, group).await;
            if round % 15 == 0 {
                relay.kill();
                relay = Process::start(world).await;
                // Some of them are killed before they have begun, some in the middle.
                if round % 30 == 0 {
                    let before = world.checkpoint().await.position;
                    relay.until(|status| status.position > before).await;
                }
            }
        }
        relay.until(|status| status.position == head.position).await;
        relay.stop().await.unwrap();
        let mut reader = world.all_events();
        same_as_log(reader.everything().await, &world.events().await);
    })
    .await;
}
