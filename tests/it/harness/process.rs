//! The `daybook` binary as a process of its own, which can be killed.

use std::fs::OpenOptions;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::{Database, HANGS};

/// Where a role of Daybook runs: the same address and home however often it is started.
pub struct Place {
    role: &'static str,
    urls: (String, String),
    home: PathBuf,
    port: u16,
    settings: Vec<(&'static str, String)>,
}

/// A role that runs.
pub struct Process(Child);

impl Place {
    /// A place for a role on this database.
    pub fn new(role: &'static str, database: &Database, home: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        Self { role, urls: database.urls(), home: home.to_owned(), port, settings: Vec::new() }
    }

    /// A place with this setting besides, or instead.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Where what it logs is kept.
    pub fn log(&self) -> PathBuf {
        self.home.join("process.log")
    }

    /// Its `DAYBOOK_HOME`.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Where it answers.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What the binary is told here.
    pub fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("DATABASE_URL", self.urls.0.clone()),
            ("DAYBOOK_OWNER_DATABASE_URL", self.urls.1.clone()),
            ("DAYBOOK_HOME", self.home.to_str().unwrap().to_owned()),
            ("DAYBOOK_LISTEN", format!("127.0.0.1:{}", self.port)),
            ("DAYBOOK_SIMULATOR", "on".to_owned()),
            ("DAYBOOK_LOG", "error".to_owned()),
        ]
    }

    /// The binary with this place's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
        command.args(arguments).envs(self.environment()).envs(self.settings.clone());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a subcommand to its end; what it printed.
    pub async fn output(&self, arguments: &[&str]) -> std::process::Output {
        self.command(arguments).output().await.unwrap()
    }

    /// Starts the role and waits until it is ready.
    pub async fn start(&self) -> Process {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = self.command(&[self.role]);
        let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let client = reqwest::Client::new();
        let deadline = Instant::now() + HANGS;
        loop {
            if let Ok(answer) = client.get(self.url("/health/ready")).send().await
                && answer.status().is_success()
            {
                return Process(child);
            }
            let ended = child.try_wait().unwrap().is_some();
            let log = || std::fs::read_to_string(self.log()).unwrap_or_default();
            assert!(!ended, "daybook {} ended: {}", self.role, log());
            assert!(Instant::now() < deadline, "daybook {} is not ready", self.role);
            // Nothing tells when a process listens; asking again is how one observes it.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until every consumer has come to the log's end.
    pub async fn caught_up(&self) {
        let deadline = Instant::now() + HANGS;
        loop {
            let status = self.output(&["status", "--json"]).await;
            let status: Value = serde_json::from_slice(&status.stdout).unwrap();
            let consumers = status["consumers"].as_array().unwrap();
            if !consumers.is_empty() && consumers.iter().all(|it| it["lag"] == 0) {
                return;
            }
            assert!(Instant::now() < deadline, "the consumers don't catch up: {status}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Process {
    /// SIGKILL: it gets no chance to do anything.
    pub async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }

    /// SIGTERM, and its end.
    pub async fn stop(self) {
        self.terminate().await;
        self.ended().await;
    }

    /// SIGTERM.
    pub async fn terminate(&self) {
        let pid = self.0.id().unwrap().to_string();
        assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
    }

    /// Waits for its end, which has to be in order.
    pub async fn ended(mut self) {
        assert!(self.0.wait().await.unwrap().success(), "it ended with an error");
    }
}
