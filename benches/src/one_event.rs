//! Commands that make one event, on distinct new aggregates: ours beside cqrs-es with postgres-es on the same aggregate.

use std::sync::Arc;

use cqrs_es::CqrsFramework;
use cqrs_es::persist::PersistedEventStore;
use domain::inventory::{Inventory, InventoryCommand};
use postgres_es::PostgresEventRepository;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::Error;
use crate::database::Server;
use crate::decider::{Running, rate, stock};
use crate::report::{Measurement, Report};

/// Commands of one round; each round runs for a second or more.
const OURS: usize = 100_000;
const PEER: usize = 12_000;
/// The peer's connections: on two cores more made it slower.
const PEER_CONNECTIONS: u32 = 16;

pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    for (in_flight, measurement) in [
        (
            64,
            Measurement { name: "one-event-64", unit: "commands/s", peer: "cqrs-es + postgres-es", aim: 8.0 },
        ),
        (
            512,
            Measurement {
                name: "one-event-512",
                unit: "commands/s",
                peer: "cqrs-es + postgres-es",
                aim: 16.0,
            },
        ),
    ] {
        if !report.wants(measurement.name) {
            continue;
        }
        let (ours, peer) = (server.daybook().await?, server.postgres_es().await?);
        let mut rounds = Vec::new();
        for _ in 0..report.rounds() {
            let running = Running::start(&ours).await?;
            let our_rate = ours_once(&running, in_flight, OURS).await?;
            running.stop().await;
            let pool = PgPoolOptions::new()
                .max_connections(PEER_CONNECTIONS)
                .min_connections(PEER_CONNECTIONS)
                .test_before_acquire(false)
                .connect_with(peer.application())
                .await?;
            let store = PersistedEventStore::<PostgresEventRepository, Inventory>::new_event_store(
                PostgresEventRepository::new(pool.clone()),
            );
            let cqrs = Arc::new(CqrsFramework::new(store, Vec::new(), ()));
            let peer_rate = rate(in_flight, PEER, move || {
                let cqrs = Arc::clone(&cqrs);
                async move {
                    cqrs.execute(&Uuid::now_v7().to_string(), receive())
                        .await
                        .map_err(|error| error.to_string().into())
                }
            })
            .await?;
            pool.close().await;
            rounds.push((our_rate, peer_rate));
        }
        report.add(&measurement, &rounds)?;
        ours.drop().await?;
        peer.drop().await?;
    }
    Ok(())
}

/// One round of ours.
pub async fn ours_once(running: &Running, in_flight: usize, count: usize) -> Result<f64, Error> {
    let decider = running.decider.clone();
    rate(in_flight, count, move || {
        let decider = decider.clone();
        async move {
            stock(&decider, Uuid::now_v7(), true, receive()).await?;
            Ok(())
        }
    })
    .await
}

/// The command that both sides run.
pub fn receive() -> InventoryCommand {
    InventoryCommand::Receive { quantity: 5, reason: None }
}
