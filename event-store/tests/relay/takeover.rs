//! Two relays: one works, the other takes over.

use crate::events::one_of_each;
use crate::harness::{World, test};
use crate::order::same_as_log;
use crate::process::Process;

/// Ends the session that holds the lock.
async fn terminate_holder(world: &World) {
    let holder = world.lock_holder().await.expect("a relay holds the lock");
    sqlx::query("SELECT pg_terminate_backend($1)").bind(holder).execute(&world.pool).await.unwrap();
}

/// Starts two relays and waits until one works and the other stands by.
async fn two(world: &World) -> (Process, Process) {
    let mut works = Process::start(world).await;
    works.until(|status| status.active && status.broker_reachable).await;
    let waits = Process::start(world).await;
    world
        .until(
            "SELECT count(*) = 2 FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'daybook-relay'",
        )
        .await;
    (works, waits)
}

#[tokio::test]
async fn the_other_takes_over_when_the_session_of_the_first_is_ended() {
    test(async |world| {
        let (mut first, mut second) = two(world).await;
        let head = world.append(one_of_each()).await;
        first.until(|status| status.position == head.position).await;
        assert!(!second.status().active);

        terminate_holder(world).await;
        // Either may be faster; whichever it is, what comes now is relayed, and by one of them.
        let head = world.append(one_of_each()).await;
        tokio::select! {
            _ = first.until(|status| status.active && status.position == head.position) => {}
            _ = second.until(|status| status.active && status.position == head.position) => {}
        }
        // Whose session it was notices perhaps after the other has its place.
        while first.status().active == second.status().active {
            tokio::task::yield_now().await;
        }
        first.stop().await.unwrap();
        second.stop().await.unwrap();
        let mut reader = world.all_events();
        same_as_log(reader.everything().await, &world.events().await);
    })
    .await;
}

#[tokio::test]
async fn the_other_takes_over_when_the_first_is_killed_or_stopped() {
    test(async |world| {
        let (first, mut second) = two(world).await;
        first.kill();
        second.until(|status| status.active).await;
        let mut third = Process::start(world).await;
        let head = world.append(one_of_each()).await;
        second.until(|status| status.position == head.position).await;
        second.stop().await.unwrap();
        third.until(|status| status.active).await;
        let head = world.append(one_of_each()).await;
        third.until(|status| status.position == head.position).await;
        third.stop().await.unwrap();
        let mut reader = world.all_events();
        assert_eq!(same_as_log(reader.everything().await, &world.events().await), 0);
    })
    .await;
}

#[tokio::test]
async fn a_relay_whose_session_ends_at_any_moment_loses_nothing() {
    test(async |world| {
        let mut relay = Process::start(world).await;
        let mut head = event_store::Head::EMPTY;
        for _ in 0..6 {
            relay.until(|status| status.active).await;
            head = world.append(one_of_each()).await;
            if world.lock_holder().await.is_some() {
                terminate_holder(world).await;
                relay.until(|status| !status.active).await;
            }
        }
        relay.until(|status| status.position == head.position).await;
        relay.stop().await.unwrap();
        let mut reader = world.all_events();
        same_as_log(reader.everything().await, &world.events().await);
    })
    .await;
}
