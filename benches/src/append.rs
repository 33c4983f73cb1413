//! What the decider costs over the bare append function, at 100 events a call on one connection.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use domain::StreamId;
use domain::inventory::Inventory;
use event_store::Head;
use event_store::append::{Appended, Group, NewEvent, Sealed, append};
use sqlx::{ConnectOptions, PgConnection};
use uuid::Uuid;

use crate::Error;
use crate::database::Server;
use crate::decider::{Running, per_second};
use crate::one_event;
use crate::report::{Measurement, Report};

/// Events of one call.
pub const A_CALL: usize = 100;
/// Calls of one round.
const CALLS: usize = 1000;

pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    for (in_flight, measurement) in [
        (
            64,
            Measurement {
                name: "decider-64-of-bare-append",
                unit: "events/s",
                peer: "append_group, 100 a call",
                aim: 0.7,
            },
        ),
        (
            512,
            Measurement {
                name: "decider-512-of-bare-append",
                unit: "events/s",
                peer: "append_group, 100 a call",
                aim: 0.7,
            },
        ),
    ] {
        if !report.wants(measurement.name) {
            continue;
        }
        let (ours, bare) = (server.daybook().await?, server.daybook().await?);
        let mut appender =
            Appender::open(event_store::connect::appending(&bare.application()).connect().await?).await?;
        let mut rounds = Vec::new();
        for _ in 0..report.rounds() {
            let running = Running::start(&ours).await?;
            let our_rate = one_event::ours_once(&running, in_flight, CALLS * A_CALL).await?;
            running.stop().await;
            rounds.push((our_rate, appender.round(CALLS, A_CALL).await?));
        }
        report.add(&measurement, &rounds)?;
        drop(appender);
        ours.drop().await?;
        bare.drop().await?;
    }
    Ok(())
}

/// Appends groups to the end of a log that nobody else writes.
pub struct Appender {
    connection: PgConnection,
    head: Head,
    recorded_at: DateTime<Utc>,
}

impl Appender {
    /// At the log's end.
    pub async fn open(mut connection: PgConnection) -> Result<Self, Error> {
        let row: Option<(i64, Vec<u8>, DateTime<Utc>)> =
            sqlx::query_as("SELECT position, hash, recorded_at FROM log_head")
                .fetch_optional(&mut connection)
                .await?;
        let (head, recorded_at) = match row {
            Some((position, hash, at)) => (Head { position, hash: hash.as_slice().try_into()? }, at),
            None => (Head::EMPTY, DateTime::UNIX_EPOCH),
        };
        Ok(Self { connection, head, recorded_at })
    }

    /// Appends `calls` groups of new aggregates' first events; events a second. Making and hashing them counts.
    pub async fn round(&mut self, calls: usize, events: usize) -> Result<f64, Error> {
        let metadata: Arc<str> = r#"{"occurred_at":"2026-01-01T00:00:00.000000Z"}"#.into();
        let started = Instant::now();
        for _ in 0..calls {
            let events = (0..events)
                .map(|_| NewEvent {
                    event_id: Uuid::now_v7(),
                    stream: StreamId::of::<Inventory>(Uuid::now_v7()),
                    sequence: 1,
                    event_type: "StockReceived".to_owned(),
                    event_version: "1.0".to_owned(),
                    payload: r#"{"StockReceived":{"quantity":5,"reason":null}}"#.to_owned(),
                    metadata: Arc::clone(&metadata),
                })
                .collect();
            let group = Arc::new(Group { events, keys: Vec::new() });
            let sealed = Sealed::new(group, self.head, Utc::now(), self.recorded_at);
            if append(&mut self.connection, &sealed).await? == Appended::Moved {
                return Err("somebody else wrote to the log".into());
            }
            self.head = sealed.head();
            self.recorded_at = sealed.recorded_at();
        }
        Ok(per_second(calls * events, started))
    }
}
