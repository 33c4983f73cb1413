//! Kafka isn't there, comes, goes and comes back.

use sqlx::ConnectOptions;

use crate::broker::Broker;
use crate::events::{one_of_each, received};
use crate::harness::{test, test_at};
use crate::order::same_as_log;
use crate::process::Process;

#[tokio::test]
async fn without_kafka_it_waits_and_can_be_stopped() {
    // Nobody listens on port 9 (discard).
    test_at("127.0.0.1:9".to_owned(), async |world| {
        let head = world.append(one_of_each()).await;
        let mut relay = Process::start(world).await;
        let status = relay.until(|status| status.active && status.lag == head.position).await;
        assert!(!status.broker_reachable);
        relay.stop().await.unwrap();
        assert_eq!(world.checkpoint().await, event_store::Head::EMPTY);
        // Its connection is closed; the lock goes when Postgres has noticed.
        world
            .until(
                "SELECT NOT EXISTS (SELECT FROM pg_stat_activity a JOIN pg_locks l USING (pid)
                    WHERE a.datname = current_database() AND a.application_name = 'daybook-relay'
                      AND l.locktype = 'advisory' AND l.granted)",
            )
            .await;
    })
    .await;
    test(async |world| {
        // The same log, with Kafka: everything is there.
        let head = world.append(one_of_each()).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position == head.position && status.broker_reachable).await;
        relay.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_is_killed_under_load_and_comes_back_has_everything_in_the_end() {
    let Some(mut broker) = Broker::new() else {
        eprintln!("skipped: Kafka's jars are not in the cache of ./dev");
        return;
    };
    test_at(broker.address.clone(), async |world| {
        let products: Vec<_> = (0..50).map(|_| uuid::Uuid::now_v7().to_string()).collect();
        let group = |round| products.iter().map(|product| received(product, round)).collect::<Vec<_>>();
        let mut connection = event_store::connect::appending(&world.app()).connect().await.unwrap();

        let mut relay = Process::start(world).await;
        world.append_by(&mut connection, group(1)).await;
        assert!(!relay.until(|status| status.lag == 50).await.broker_reachable);
        broker.start();
        relay.until(|status| status.position == 50 && status.broker_reachable).await;

        let mut head = event_store::Head::EMPTY;
        for round in 2..=60 {
            head = world.append_by(&mut connection, group(round)).await;
            if round == 30 {
                relay.until(|status| status.position > 50).await;
                broker.kill();
            }
        }
        let status = relay.until(|status| !status.broker_reachable).await;
        assert!(status.position < head.position);
        assert!(status.active, "an outage of Kafka doesn't cost the lock");
        broker.start();
        relay.until(|status| status.position == head.position && status.broker_reachable).await;
        relay.stop().await.unwrap();
        let mut reader = world.all_events();
        same_as_log(reader.everything().await, &world.events().await);
    })
    .await;
}
