//! The `daybook` binary as a process of its own, which can be killed.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::{Answer, Database, HANGS, seen};

/// How often a process is asked that has to be started for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Where a role of Daybook runs: the same address and home however often it is started.
pub struct Place {
    role: &'static str,
    arguments: Vec<&'static str>,
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
        let (urls, home) = (database.urls(), home.to_owned());
        Self { role, arguments: Vec::new(), urls, home, port, settings: Vec::new() }
    }

    /// A place whose role is started with these arguments.
    #[must_use]
    pub fn saying(mut self, arguments: &[&'static str]) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// A place whose role has no API, and shows its health and its metrics where others answer.
    #[must_use]
    pub fn watched(self) -> Self {
        let address = format!("127.0.0.1:{}", self.port);
        self.with("DAYBOOK_METRICS_LISTEN", &address)
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
    pub async fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.unwrap()
    }

    /// Runs a subcommand, which has to succeed; what it printed.
    pub async fn done(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.output(arguments).await;
        assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// Runs a subcommand, which has to fail; what it printed, and what it said of it.
    pub async fn refused(&self, arguments: &[&str]) -> (String, String) {
        let Output { status, stdout, stderr } = self.output(arguments).await;
        assert!(!status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stdout));
        (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    /// What `daybook status --json` says.
    pub async fn status(&self) -> Value {
        serde_json::from_str(&self.done(&["status", "--json"]).await).unwrap()
    }

    /// What `daybook status --json` says of one consumer; null where there is none of this name.
    pub async fn consumer(&self, name: &str) -> Value {
        let status = self.status().await;
        let all = status["consumers"].as_array().unwrap();
        all.iter().find(|it| it["name"] == name).cloned().unwrap_or_default()
    }

    /// Its metrics, by name and labels.
    pub async fn scraped(&self) -> BTreeMap<String, f64> {
        let answer = Answer::of(reqwest::Client::new().get(self.url("/metrics"))).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        let samples = answer.text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        samples
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
                (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
            })
            .collect()
    }

    /// Starts the role and waits until it is ready.
    pub async fn start(&self) -> Process {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = self.command(&[self.role]);
        command.args(&self.arguments);
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
        self.says("the consumers have caught up", |status| {
            let consumers = status["consumers"].as_array().unwrap();
            !consumers.is_empty() && consumers.iter().all(|it| it["lag"] == 0)
        })
        .await;
    }

    /// Waits until they have, and no money of a cancelled order is on its way back.
    pub async fn settled(&self) {
        self.says("nothing is under way", |status| {
            let consumers = status["consumers"].as_array().unwrap();
            !consumers.is_empty() && consumers.iter().all(|it| it["lag"] == 0) && status["owed"] == json!([])
        })
        .await;
    }

    /// Waits until `daybook status --json` says what holds.
    pub async fn says(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        seen(what, async || {
            let status = self.status().await;
            if holds(&status) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
            Err(status.to_string())
        })
        .await;
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
