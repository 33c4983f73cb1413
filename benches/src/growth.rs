//! Appending to a log of two million events beside an empty one.

use sqlx::ConnectOptions;

use crate::Error;
use crate::append::{A_CALL, Appender};
use crate::database::Server;
use crate::report::{Measurement, Report, say};

const EVENTS: usize = 2_000_000;
/// Events of one call while the log is filled.
const FILL_CALL: usize = 2000;
/// Calls of one round.
const CALLS: usize = 500;

pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    let measurement = Measurement {
        name: "append-at-2-million",
        unit: "events/s",
        peer: "the same on an empty log",
        aim: 0.9,
    };
    if !report.wants(measurement.name) {
        return Ok(());
    }
    let full = server.daybook().await?;
    let mut appender =
        Appender::open(event_store::connect::appending(&full.application()).connect().await?).await?;
    say("  filling a log with 2,000,000 events");
    appender.round(EVENTS / FILL_CALL, FILL_CALL).await?;
    full.checkpoint().await?;
    let mut rounds = Vec::new();
    for _ in 0..report.rounds() {
        let empty = server.daybook().await?;
        let mut fresh =
            Appender::open(event_store::connect::appending(&empty.application()).connect().await?).await?;
        let at_two_million = appender.round(CALLS, A_CALL).await?;
        let at_zero = fresh.round(CALLS, A_CALL).await?;
        rounds.push((at_two_million, at_zero));
        drop(fresh);
        empty.drop().await?;
    }
    report.add(&measurement, &rounds)?;
    drop(appender);
    full.drop().await
}
