//! How long after its acknowledgement a write is in the read models, at half of the rate at which orders can be placed and
//! paid for over HTTP: fed from the log, and from Kafka.

mod buying;
mod watch;

use std::fmt::Write as _;
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use self::watch::{Model, Tables};
use crate::Error;
use crate::database::Server;
use crate::http::{self, CLIENTS, Daybook, Load, Shop, load};
use crate::report::{Figure, Report, say};

/// By where the read models are fed from, and within how many milliseconds we want 99 of 100.
const SOURCES: [(&str, &str, Option<f64>); 2] =
    [("lag-from-log", "log", Some(25.0)), ("lag-from-kafka", "kafka", None)];

const A_ROUND: Duration = Duration::from_secs(5);

/// Before the first round: a broker that has just begun compiles itself for so long, and takes a quarter of a core for it.
const WARM_UP: Duration = Duration::from_secs(20);

/// Everything whose name begins with `lag`.
pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    for (name, source, aim) in SOURCES {
        let mut figures = Model::ALL.map(|model| figure(name, model, aim));
        if report.wants(name) {
            from(source, name, &mut figures, server, report).await?;
        }
    }
    Ok(())
}

fn figure(name: &str, model: Model, aim: Option<f64>) -> Figure {
    let figure = Figure::new(format!("{name}-{}", model.name().replace('_', "-")));
    match aim {
        Some(aim) => figure.within(aim),
        None => figure,
    }
}

async fn from(
    source: &str,
    name: &str,
    figures: &mut [Figure; 3],
    server: &Server,
    report: &mut Report,
) -> Result<(), Error> {
    let (database, home) = (server.daybook().await?, http::home()?);
    // Topics of its own: those of another database have other events.
    let prefix = format!("bench-{}", Uuid::now_v7().simple());
    let environment = [("DAYBOOK_PROJECTOR_SOURCE", source), ("DAYBOOK_TOPIC_PREFIX", prefix.as_str())];
    let daybook = Daybook::start_with(&database, &home, &environment).await?;
    let shop = Shop::open(&daybook, &home, CLIENTS).await?;
    daybook.quiet().await?;
    let tables = Tables::live(&database, &shop).await?;
    let buying = buying::clients(&daybook, &shop).await?;
    let mut clients = load::closed(buying, WARM_UP).await?.1;
    say(&format!(
        "  {name}\n  round  purchases/s at most  at half  p50 / p99 / most, ms, of {}",
        Model::ALL.map(Model::name).join(", ")
    ));
    for round in 1..=report.rounds() {
        let (most, back) = load::closed(clients, A_ROUND).await?;
        daybook.quiet().await?;
        let (told, acknowledged) = mpsc::unbounded_channel();
        let watching =
            tokio::spawn(watch::until_all_are_there(acknowledged, tables.connect(&database).await?));
        let telling = back.into_iter().map(|client| client.telling(Some(told.clone())));
        let (half, back) = load::open(telling.collect(), most.rate / 2.0, A_ROUND).await?;
        clients = back.into_iter().map(|client| client.telling(None)).collect();
        drop(told);
        let mut line = format!("  {round:>5}  {:>19.0}  {:>7.0}", most.rate, half.rate);
        for (times, figure) in watching.await??.into_iter().zip(figures.iter_mut()) {
            let lag = Load { count: half.count, rate: half.rate, times };
            let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| lag.milliseconds(share));
            let _ = write!(line, "  {p50:>7.2} / {p99:>7.2} / {most:>7.2}");
            figure.add(&lag);
        }
        say(&line);
    }
    for figure in figures {
        report.figure(figure)?;
    }
    daybook.stop().await?;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}
