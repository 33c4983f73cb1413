//! A Kafka that a test may kill: one broker in one JVM, from the jars that `./dev` has fetched.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A broker of a test's own. It may run or not.
pub struct Broker {
    folder: TempDir,
    jars: PathBuf,
    /// Where it is when it runs.
    pub address: String,
    process: Option<Child>,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn jars() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("daybook/kafka-4.1.0/libs")).filter(|jars| jars.is_dir())
}

impl Broker {
    /// One that doesn't run yet, or nothing where Kafka's jars aren't.
    pub fn new() -> Option<Self> {
        let jars = jars()?;
        let folder = tempfile::tempdir().unwrap();
        let (port, controller) = (free_port(), free_port());
        let common = include_str!("../../../deploy/kafka/server.properties");
        let properties = format!(
            "{}\nlisteners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\nlog.dirs={}\n",
            common,
            folder.path().join("data").display(),
        );
        std::fs::write(folder.path().join("server.properties"), properties).unwrap();
        let this = Self { folder, jars, address: format!("127.0.0.1:{port}"), process: None };
        let formatted = this
            .java("kafka.tools.StorageTool")
            .args(["format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c"])
            .arg(this.folder.path().join("server.properties"))
            .status()
            .unwrap();
        assert!(formatted.success());
        Some(this)
    }

    fn java(&self, class: &str) -> Command {
        let mut java = Command::new("java");
        java.arg("-Xmx256m").arg("-XX:TieredStopAtLevel=1").arg("-cp").arg(self.jars.join("*")).arg(class);
        java.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        java
    }

    /// Starts it, with what it had when it was killed. It answers some seconds later.
    pub fn start(&mut self) {
        let properties = self.folder.path().join("server.properties");
        self.process = Some(self.java("kafka.Kafka").arg(properties).spawn().unwrap());
    }

    /// kill -9
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}
