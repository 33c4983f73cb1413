//! `daybook audit verify` beside what an auditor would accept at least: half a million events a second.

use std::time::Instant;

use event_store::Log;
use sqlx::ConnectOptions;

use crate::Error;
use crate::append::Appender;
use crate::database::Server;
use crate::decider::per_second;
use crate::report::{Measurement, Report};

const EVENTS: usize = 1_000_000;
const A_CALL: usize = 100;
/// Events a second.
const LIMIT: f64 = 500_000.0;

pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    let measurement =
        Measurement { name: "verify", unit: "events/s", peer: "500,000 events a second", aim: 1.0 };
    if !report.wants(measurement.name) {
        return Ok(());
    }
    let database = server.daybook().await?;
    let mut appender =
        Appender::open(event_store::connect::appending(&database.application()).connect().await?).await?;
    appender.round(EVENTS / A_CALL, A_CALL).await?;
    let log = Log::new(database.pool(4).await?);
    let mut rounds = Vec::new();
    for _ in 0..report.rounds() {
        let started = Instant::now();
        event_store::verify::verify(&log, None, |_| {}).await?;
        rounds.push((per_second(EVENTS, started), LIMIT));
    }
    report.add(&measurement, &rounds)?;
    drop(appender);
    log.pool().close().await;
    database.drop().await
}
