//! Two command processes on one hot product, each with half of the buyers, beside one process with all of them.

use std::process::Stdio;
use std::time::Instant;

use domain::inventory::InventoryCommand;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::Error;
use crate::database::{Database, Server};
use crate::decider::{Running, per_second, rate, stock};
use crate::hot_product::reserve;
use crate::report::{Measurement, Report, say};

const BUYERS: usize = 64;
const PURCHASES: usize = 30_000;

pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    let measurement = Measurement {
        name: "two-processes-hot",
        unit: "commands/s",
        peer: "one process, the same buyers",
        aim: 0.5,
    };
    if !report.wants(measurement.name) {
        return Ok(());
    }
    let database = server.daybook().await?;
    let mut rounds = Vec::new();
    for _ in 0..report.rounds() {
        let two = together(&database, 2).await?;
        let one = together(&database, 1).await?;
        rounds.push((two, one));
    }
    report.add(&measurement, &rounds)?;
    database.drop().await
}

/// Sells a hot product by this many processes; sales a second.
async fn together(database: &Database, processes: usize) -> Result<f64, Error> {
    let running = Running::start(database).await?;
    let hot = Uuid::now_v7();
    let units = u64::try_from(PURCHASES)?;
    stock(&running.decider, hot, true, InventoryCommand::Receive { quantity: units, reason: None }).await?;
    running.stop().await;
    let job = format!("{hot} {} {}", BUYERS / processes, PURCHASES / processes);
    let mut workers = Vec::new();
    for _ in 0..processes {
        workers.push(spawn(database, &job)?);
    }
    for worker in &mut workers {
        expect(worker, "ready").await?;
    }
    let started = Instant::now();
    for worker in &mut workers {
        worker.stdin.as_mut().ok_or("no standard input")?.write_all(b"go\n").await?;
    }
    for worker in &mut workers {
        expect(worker, "done").await?;
    }
    let rate = per_second(PURCHASES, started);
    let pool = database.pool(1).await?;
    let sold: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events WHERE aggregate_id = $1 AND event_type = 'StockReserved'",
    )
    .bind(hot.to_string())
    .fetch_one(&pool)
    .await?;
    pool.close().await;
    if u64::try_from(sold)? != units {
        return Err(format!("{sold} units were sold of {units}").into());
    }
    Ok(rate)
}

fn spawn(database: &Database, job: &str) -> Result<Child, Error> {
    use sqlx::ConnectOptions;
    Ok(Command::new(std::env::current_exe()?)
        .args(["--worker", job])
        .env("DATABASE_URL", database.application().to_url_lossy().as_str())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?)
}

async fn expect(worker: &mut Child, word: &str) -> Result<(), Error> {
    let mut line = String::new();
    BufReader::new(worker.stdout.as_mut().ok_or("no standard output")?).read_line(&mut line).await?;
    if line.trim() == word { Ok(()) } else { Err(format!("a worker said {line:?} instead of {word}").into()) }
}

/// One process: says `ready`, waits for a line, sells, says `done`.
pub async fn worker(job: &str) -> Result<(), Error> {
    let mut words = job.split(' ');
    let mut word = || words.next().ok_or("a job is: product buyers purchases");
    let (product, buyers, purchases) = (word()?.parse::<Uuid>()?, word()?.parse()?, word()?.parse()?);
    let url = std::env::var("DATABASE_URL")?;
    let running = Running::connect(url.parse()?).await?;
    answer("ready").await?;
    BufReader::new(tokio::io::stdin()).read_line(&mut String::new()).await?;
    let decider = running.decider.clone();
    let sold = rate(buyers, purchases, move || {
        let decider = decider.clone();
        async move {
            stock(&decider, product, false, reserve()).await?;
            Ok(())
        }
    })
    .await?;
    answer("done").await?;
    say(&format!("  a process sold {sold:.0} a second"));
    running.stop().await;
    Ok(())
}

async fn answer(word: &str) -> Result<(), Error> {
    let mut out = tokio::io::stdout();
    out.write_all(format!("{word}\n").as_bytes()).await?;
    Ok(out.flush().await?)
}
