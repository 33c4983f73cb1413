//! What stops a relay, with words that say what to do.

use domain::StreamId;
use event_store::relay::{RelayConfig, RelayError};
use event_store::{Checkpoint, Head, LogError};

use crate::events::{Sample, a_claim, one_of_each, order_of};
use crate::harness::{World, test};
use crate::order::same_as_log;
use crate::process::{Process, config};

/// Appends some good events, then one that stops the relay. Answers the head before that one.
async fn append_then(world: &World, bad: Sample) -> Head {
    let good = world.append(one_of_each()).await;
    world.append(vec![bad]).await;
    good
}

/// Fails unless the relay stopped at the event after `good`, with everything up to there settled.
async fn stopped_after(world: &World, good: Head, relay: Process, event_type: &str) {
    match relay.ended().await.unwrap_err() {
        RelayError::Unmappable { position, event_type: stopped_by, .. }
        | RelayError::Unknown { position, event_type: stopped_by, .. } => {
            assert_eq!((position, stopped_by.as_str()), (good.position + 1, event_type));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.checkpoint().await, good);
}

/// What `daybook status` says of a relay that has stopped: where, and why.
async fn failure(world: &World) -> Option<(i64, String)> {
    let kept = "SELECT position, error FROM consumer_failures WHERE name = 'relay'";
    sqlx::query_as(kept).fetch_optional(&world.pool).await.unwrap()
}

#[tokio::test]
async fn an_event_that_cannot_be_mapped_is_never_passed_over() {
    test(async |world| {
        let mut bad = order_of(1);
        bad.event_type = "OrderTeleported".to_owned();
        bad.payload = r#"{"OrderTeleported":{}}"#.to_owned();
        let mut relay = Process::start(world).await;
        relay.until(|status| status.broker_reachable).await;
        let good = append_then(world, bad.clone()).await;
        stopped_after(world, good, relay, "OrderTeleported").await;
        // It stops there each time, and nothing behind it gets out.
        let behind = world.append(one_of_each()).await;
        stopped_after(world, good, Process::start(world).await, "OrderTeleported").await;
        let mut reader = world.all_events();
        let upto = world
            .events()
            .await
            .into_iter()
            .filter(|event| event.position <= good.position)
            .collect::<Vec<_>>();
        same_as_log(reader.everything().await, &upto);
        assert!(behind.position > good.position + 1);
    })
    .await;
}

/// As a relay that is older than what writes: if it passed, the newer one would begin behind the event.
#[tokio::test]
async fn an_event_of_an_aggregate_that_it_does_not_know_is_left_to_a_newer_one() {
    test(async |world| {
        let newer = Sample {
            stream: StreamId { aggregate_type: "teleports", aggregate_id: "a".into() },
            event_type: "TeleportBegun".to_owned(),
            event_version: "1.0".to_owned(),
            payload: r#"{"TeleportBegun":{}}"#.to_owned(),
            ..a_claim()
        };
        world.append(vec![a_claim()]).await;
        let good = append_then(world, newer).await;
        let relay = Process::start(world).await;
        stopped_after(world, good, relay, "TeleportBegun").await;
        let error = Process::start(world).await.ended().await.unwrap_err();
        assert!(matches!(error, RelayError::Unknown { .. }), "{error:?}");
        assert_eq!(failure(world).await, Some((good.position, error.to_string())));
    })
    .await;
}

#[tokio::test]
async fn an_event_larger_than_any_record_may_be_stops_it() {
    test(async |world| {
        let good = append_then(world, order_of(120_000)).await;
        stopped_after(world, good, Process::start(world).await, "OrderPlaced").await;
    })
    .await;
}

#[tokio::test]
async fn a_topic_with_another_number_of_partitions_stops_it() {
    test(async |world| {
        let mut relay = Process::with(world, RelayConfig { partitions: 3, ..config(world) }).await;
        relay.until(|status| status.broker_reachable).await;
        relay.stop().await.unwrap();
        let error = Process::start(world).await.ended().await.unwrap_err();
        assert!(matches!(error, RelayError::Partitions { found: 3, expected: 6, .. }), "{error:?}");
        assert!(error.to_string().contains("has 3 partitions instead of 6"), "{error}");
        assert_eq!(failure(world).await, Some((0, error.to_string())));
        let mut relay = Process::with(world, RelayConfig { partitions: 3, ..config(world) }).await;
        relay.until(|status| status.broker_reachable).await;
        // It says so when it knows where it goes on.
        world.until("SELECT NOT EXISTS (SELECT FROM consumer_failures WHERE name = 'relay')").await;
    })
    .await;
}

#[tokio::test]
async fn a_log_that_is_not_the_one_of_the_checkpoint_stops_it() {
    test(async |world| {
        let mut head = world.append(one_of_each()).await;
        head.hash.0[0] ^= 1;
        Checkpoint::named("relay").store(&world.pool, &head).await.unwrap();
        let error = Process::start(world).await.ended().await.unwrap_err();
        assert!(matches!(error, RelayError::Log(LogError::Diverged(at)) if at == head), "{error:?}");
    })
    .await;
}
