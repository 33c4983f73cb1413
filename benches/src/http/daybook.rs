//! `daybook up` as a process of its own, with the configuration that users get.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde::Deserialize;
use sqlx::ConnectOptions;
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::connection::{Ask, Connection};
use crate::Error;
use crate::database::Database;

/// How long it may take to catch up.
const PATIENCE: Duration = Duration::from_secs(120);
/// The processor time in half a second of a process that only waits.
const IDLE: Duration = Duration::from_millis(50);

/// What of `daybook status --json` is wanted here.
#[derive(Deserialize)]
struct Status {
    consumers: Vec<Consumer>,
}

#[derive(Deserialize)]
struct Consumer {
    lag: i64,
}

/// A running one.
pub struct Daybook {
    child: Child,
    /// Where it answers.
    pub address: SocketAddr,
    /// Its `DAYBOOK_HOME`.
    pub home: PathBuf,
}

/// A folder for one.
pub fn home() -> Result<PathBuf, Error> {
    let home = std::env::temp_dir().join(format!("daybook-bench-{}", Uuid::now_v7().simple()));
    std::fs::create_dir(&home)?;
    Ok(home)
}

/// The binary that was built with this one.
fn command(database: &Database, home: &Path) -> Result<Command, Error> {
    let mut command = Command::new(std::env::current_exe()?.with_file_name("daybook"));
    command
        .env("DATABASE_URL", database.application().to_url_lossy().as_str())
        .env("DAYBOOK_OWNER_DATABASE_URL", database.owner().to_url_lossy().as_str())
        .env_remove("DAYBOOK_SUPERUSER_DATABASE_URL")
        .env("DAYBOOK_HOME", home)
        .env("DAYBOOK_SIMULATOR", "on")
        .env("DAYBOOK_RATE_LIMITS", "off")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

impl Daybook {
    /// Starts it, and waits until it is ready.
    pub async fn start(database: &Database, home: &Path) -> Result<Self, Error> {
        Self::start_with(database, home, &[]).await
    }

    /// The same, with this in its environment.
    pub async fn start_with(
        database: &Database,
        home: &Path,
        environment: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = command(database, home)?
            .arg("up")
            .env("DAYBOOK_LISTEN", address.to_string())
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(home.join("log.jsonl"))?)
            .spawn()?;
        let mut this = Self { child, address, home: home.to_owned() };
        let started = Instant::now();
        while !this.is_ready().await {
            if let Some(ended) = this.child.try_wait()? {
                let log = std::fs::read_to_string(home.join("log.jsonl")).unwrap_or_default();
                return Err(format!("daybook up ended with {ended}: {log}").into());
            }
            if started.elapsed() > Duration::from_secs(60) {
                return Err("daybook up is not ready after 60 s".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(this)
    }

    async fn is_ready(&self) -> bool {
        let Ok(mut connection) = Connection::open(self.address).await else { return false };
        connection.expect(StatusCode::OK, Ask::get("/health/ready", "")).await.is_ok()
    }

    /// Its memory: `VmRSS` now or `VmHWM` at most, in MiB.
    pub fn memory(&self, field: &str) -> Result<f64, Error> {
        let pid = self.child.id().ok_or("daybook up has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line =
            status.lines().find(|line| line.starts_with(field)).ok_or("no such field of /proc/PID/status")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no figure in /proc/PID/status")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// Its processor time so far, user and system together.
    pub fn processor_time(&self) -> Result<Duration, Error> {
        let pid = self.child.id().ok_or("daybook up has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let after_name = stat.rsplit_once(')').ok_or("no name in /proc/PID/stat")?.1;
        let ticks: u64 =
            after_name.split_whitespace().skip(11).take(2).map(|it| it.parse().unwrap_or(0)).sum();
        // Linux counts in hundredths of a second (USER_HZ).
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Waits until it has nothing left to do, projections and relay neither.
    pub async fn quiet(&self) -> Result<(), Error> {
        let started = Instant::now();
        let mut before = self.processor_time()?;
        while started.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = self.processor_time()?;
            if now.saturating_sub(before) <= IDLE {
                return Ok(());
            }
            before = now;
        }
        Err(format!("daybook up is still busy after {} s", PATIENCE.as_secs()).into())
    }

    /// Another command of the binary, to its end; what it printed.
    pub async fn run(database: &Database, home: &Path, arguments: &[&str]) -> Result<String, Error> {
        let told = command(database, home)?.args(arguments).output().await?;
        if told.status.success() {
            return Ok(String::from_utf8(told.stdout)?);
        }
        Err(format!("daybook {}: {}", arguments.join(" "), String::from_utf8_lossy(&told.stderr)).into())
    }

    /// Waits until every consumer is at the log's end.
    pub async fn caught_up(&self, database: &Database) -> Result<(), Error> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let told = command(database, &self.home)?.args(["status", "--json"]).output().await?;
            let status: Status = serde_json::from_slice(&told.stdout)?;
            let consumers = &status.consumers;
            if !consumers.is_empty() && consumers.iter().all(|consumer| consumer.lag == 0) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("the consumers of the log don't catch up".into())
    }

    /// SIGTERM, and its end.
    pub async fn stop(mut self) -> Result<(), Error> {
        let pid = self.child.id().ok_or("daybook up has ended")?.to_string();
        Command::new("kill").arg(pid).status().await?;
        self.child.wait().await?;
        Ok(())
    }
}
