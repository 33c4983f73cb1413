//! A process with a relay in it, as far as Postgres and Kafka know: a runtime of its own that can be killed.

use std::time::Duration;

use event_store::LogWatch;
use event_store::connect;
use event_store::relay::{Relay, RelayConfig, RelayError, RelayStatus};
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::harness::World;

/// A relay that runs.
pub struct Process {
    runtime: Option<Runtime>,
    shutdown: CancellationToken,
    ended: oneshot::Receiver<Result<(), RelayError>>,
    status: watch::Receiver<RelayStatus>,
}

impl Process {
    /// Starts a relay as Daybook does.
    pub async fn start(world: &World) -> Self {
        Self::with(world, config(world)).await
    }

    /// Starts a relay that is set up otherwise.
    pub async fn with(world: &World, config: RelayConfig) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let shutdown = CancellationToken::new();
        let (end, ended) = oneshot::channel();
        let (tell, status) = oneshot::channel();
        let (options, stop) = (world.app(), shutdown.clone());
        runtime.spawn(async move {
            let pool = connect::pool_with(options, 3).await.unwrap();
            let watch = LogWatch::start(pool.clone());
            let relay = Relay::new(config, pool, watch);
            tell.send(relay.status()).unwrap();
            let _ = end.send(relay.run(stop).await);
        });
        Self { runtime: Some(runtime), shutdown, ended, status: status.await.unwrap() }
    }

    /// Waits until its status is such. Answers it.
    pub async fn until(&mut self, such: impl FnMut(&RelayStatus) -> bool) -> RelayStatus {
        *self.status.wait_for(such).await.expect("the relay ended")
    }

    /// How it is doing.
    pub fn status(&self) -> RelayStatus {
        *self.status.borrow()
    }

    /// Waits until it ends by itself.
    pub async fn ended(mut self) -> Result<(), RelayError> {
        let ended = (&mut self.ended).await.expect("the relay broke off");
        self.kill();
        ended
    }

    /// Stops it as Ctrl-C does.
    pub async fn stop(self) -> Result<(), RelayError> {
        self.shutdown.cancel();
        self.ended().await
    }

    /// Ends it in the middle of whatever it does: nothing of it runs any more, its connections are closed.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // On a thread of its own, for a runtime must not be waited for on another's.
            std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(10))).join().unwrap();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The relay's set-up, with the test's topics.
pub fn config(world: &World) -> RelayConfig {
    RelayConfig { topic_prefix: world.prefix().to_owned(), ..RelayConfig::to(&world.brokers) }
}
