//! A relay of a test's log to topics of its own.

use std::env;

use event_store::LogWatch;
use event_store::relay::{Relay, RelayConfig, RelayStatus, Topics};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::KafkaConfig;

/// The relay, at work. Its topics are gone with its value.
pub(crate) struct Relayed {
    pub(crate) config: KafkaConfig,
    pool: PgPool,
    running: Option<Running>,
}

struct Running {
    status: watch::Receiver<RelayStatus>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Relayed {
    pub(crate) async fn start(pool: &PgPool) -> Self {
        let brokers = env::var("KAFKA_BROKERS").expect("KAFKA_BROKERS leads to the Kafka of the tests");
        let topic_prefix = format!("projections-{}", Uuid::now_v7().simple());
        let config = KafkaConfig { topic_prefix, ..KafkaConfig::of(brokers) };
        let mut this = Self { config, pool: pool.clone(), running: None };
        this.restart().await;
        this
    }

    /// Stops the relay in the middle of whatever it does, if it runs, and starts it.
    pub(crate) async fn restart(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
            let _ = running.task.await;
        }
        let config = RelayConfig {
            topic_prefix: self.config.topic_prefix.clone(),
            ..RelayConfig::to(self.config.brokers.clone())
        };
        let relay = Relay::new(config, self.pool.clone(), LogWatch::start(self.pool.clone()));
        let (mut status, stop) = (relay.status(), CancellationToken::new());
        let run = relay.run(stop.clone());
        let task = tokio::spawn(async move { run.await.expect("the relay goes on") });
        status.wait_for(|status| status.active && status.broker_reachable).await.expect("the relay runs");
        self.running = Some(Running { status, stop, task });
    }

    /// Waits until everything up to a position is in Kafka.
    pub(crate) async fn reached(&mut self, position: i64) {
        let running = self.running.as_mut().expect("it runs");
        running.status.wait_for(|status| status.position >= position).await.expect("the relay runs");
    }
}

impl Drop for Relayed {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stop.cancel();
        }
        let topics = Topics::new(&self.config.topic_prefix, self.config.partitions);
        let brokers = self.config.brokers.clone();
        let deleting = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let admin: Result<AdminClient<DefaultClientContext>, _> =
                    ClientConfig::new().set("bootstrap.servers", brokers).create();
                let mut names: Vec<_> = topics.events().iter().map(String::as_str).collect();
                names.extend([topics.watermark.as_str(), topics.heads.as_str()]);
                if let Ok(admin) = admin {
                    let _ = admin.delete_topics(&names, &AdminOptions::new()).await;
                }
            });
        });
        let _ = deleting.join();
    }
}
