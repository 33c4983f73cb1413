//! A database and topics for each test, made and dropped with it.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::append::{Appended, Group, NewEvent, Sealed, append};
use event_store::{Checkpoint, Head, Log, Recorded};
use futures::FutureExt;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::events::Sample;
use crate::topics::Reader;

/// A test that takes longer hangs.
const HANGS: Duration = Duration::from_secs(120);

/// What a test works on.
pub struct World {
    name: String,
    /// The application's role, over a few connections.
    pub pool: PgPool,
    /// Where Kafka is.
    pub brokers: String,
}

fn options(variable: &str) -> PgConnectOptions {
    let url =
        std::env::var(variable).unwrap_or_else(|_| panic!("{variable} leads to the Postgres of the tests"));
    url.parse::<PgConnectOptions>().unwrap().disable_statement_logging()
}

/// Runs a test in a world of its own.
pub async fn test(body: impl AsyncFnOnce(&mut World)) {
    let brokers = std::env::var("KAFKA_BROKERS").expect("KAFKA_BROKERS leads to the Kafka of the tests");
    test_at(brokers, body).await;
}

/// Runs a test in a world of its own that has another Kafka.
pub async fn test_at(brokers: String, body: impl AsyncFnOnce(&mut World)) {
    let name = format!("daybook_relay_{}", Uuid::new_v4().simple());
    let mut maintenance = options("DAYBOOK_OWNER_DATABASE_URL").connect().await.unwrap();
    sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut maintenance).await.unwrap();
    let ended = AssertUnwindSafe(async {
        let mut owner = options("DAYBOOK_OWNER_DATABASE_URL").database(&name).connect().await.unwrap();
        sqlx::migrate!("../migrations").run_direct(&mut owner).await.unwrap();
        owner.close().await.unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect_with(options("DATABASE_URL").database(&name))
            .await
            .unwrap();
        let mut world = World { name: name.clone(), pool, brokers: brokers.clone() };
        tokio::time::timeout(HANGS, body(&mut world)).await.expect("the test hangs");
        world.pool.close().await;
    })
    .catch_unwind()
    .await;
    // Sessions of relays that were killed may still be there, and they are not the owner's to end.
    let mut superuser = options("DAYBOOK_SUPERUSER_DATABASE_URL").connect().await.unwrap();
    sqlx::query(&format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut superuser).await.unwrap();
    delete_topics(&brokers, &name).await;
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
}

async fn delete_topics(brokers: &str, prefix: &str) {
    let admin: AdminClient<DefaultClientContext> = client(brokers).create().unwrap();
    // A broker that a test had of its own may be gone, and its topics with it.
    let Ok(metadata) = admin.inner().fetch_metadata(None, Duration::from_secs(2)) else { return };
    let ours: Vec<_> = metadata
        .topics()
        .iter()
        .map(rdkafka::metadata::MetadataTopic::name)
        .filter(|name| name.starts_with(prefix))
        .collect();
    if !ours.is_empty() {
        admin.delete_topics(&ours, &AdminOptions::new()).await.unwrap();
    }
}

/// What every client begins with.
pub fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
}

impl World {
    /// As the application's role.
    pub fn app(&self) -> PgConnectOptions {
        options("DATABASE_URL").database(&self.name)
    }

    /// What the names of the test's topics begin with.
    pub fn prefix(&self) -> &str {
        &self.name
    }

    /// The log.
    pub fn log(&self) -> Log {
        Log::new(self.pool.clone())
    }

    /// Every event, in the log's order.
    pub async fn events(&self) -> Vec<Recorded> {
        self.log().read_after(&Head::EMPTY, i64::from(i32::MAX)).await.unwrap().events
    }

    /// The relay's checkpoint.
    pub async fn checkpoint(&self) -> Head {
        Checkpoint::named(event_store::relay::CHECKPOINT).load(&self.pool).await.unwrap()
    }

    /// Appends some events as one group, each next in its stream. Answers the head.
    pub async fn append(&self, samples: Vec<Sample>) -> Head {
        let mut connection = event_store::connect::appending(&self.app()).connect().await.unwrap();
        let head = self.append_by(&mut connection, samples).await;
        connection.close().await.unwrap();
        head
    }

    /// As [`append`](Self::append), by a connection that is there.
    pub async fn append_by(&self, connection: &mut PgConnection, samples: Vec<Sample>) -> Head {
        let (head, floor): (Head, DateTime<Utc>) = self.head(connection).await;
        let mut events: Vec<NewEvent> = Vec::with_capacity(samples.len());
        for sample in samples {
            let before = events.iter().rev().find(|event| event.stream == sample.stream).map(|e| e.sequence);
            let before = match before {
                Some(sequence) => sequence,
                None => sequence_of(connection, &sample).await,
            };
            let metadata = format!(r#"{{"occurred_at":"{}"}}"#, sample.occurred_at.to_rfc3339());
            events.push(NewEvent {
                event_id: Uuid::now_v7(),
                stream: sample.stream,
                sequence: before + 1,
                event_type: sample.event_type,
                event_version: sample.event_version,
                payload: sample.payload,
                metadata: Arc::from(metadata),
            });
        }
        let sealed = Sealed::new(Arc::new(Group { events, keys: Vec::new() }), head, Utc::now(), floor);
        assert_eq!(append(connection, &sealed).await.unwrap(), Appended::Here);
        sealed.head()
    }

    async fn head(&self, connection: &mut PgConnection) -> (Head, DateTime<Utc>) {
        let row: Option<(i64, Vec<u8>, DateTime<Utc>)> =
            sqlx::query_as("SELECT position, hash, recorded_at FROM log_head")
                .fetch_optional(connection)
                .await
                .unwrap();
        row.map_or((Head::EMPTY, DateTime::<Utc>::MIN_UTC), |(position, hash, recorded_at)| {
            (Head { position, hash: hash.as_slice().try_into().unwrap() }, recorded_at)
        })
    }

    /// A reader of one of the test's topics, by the end of its name.
    pub fn reader(&self, topic: &str) -> Reader {
        Reader::of(&self.brokers, vec![format!("{}.{topic}", self.name)])
    }

    /// A reader of all topics of events.
    pub fn all_events(&self) -> Reader {
        let topics = event_store::relay::Topics::new(&self.name, event_store::relay::PARTITIONS);
        Reader::of(&self.brokers, topics.events().to_vec())
    }

    /// The backend of the session that holds the relay's lock.
    pub async fn lock_holder(&self) -> Option<i32> {
        sqlx::query_scalar(
            "SELECT a.pid FROM pg_stat_activity a JOIN pg_locks l USING (pid)
             WHERE a.datname = current_database() AND a.application_name = 'daybook-relay'
               AND l.locktype = 'advisory' AND l.granted",
        )
        .fetch_optional(&self.pool)
        .await
        .unwrap()
    }

    /// Asks until Postgres answers yes.
    pub async fn until(&self, question: &str) {
        while !sqlx::query_scalar::<_, bool>(question).fetch_one(&self.pool).await.unwrap() {
            tokio::task::yield_now().await;
        }
    }
}

async fn sequence_of(connection: &mut PgConnection, sample: &Sample) -> i64 {
    sqlx::query_scalar(
        "SELECT coalesce(max(sequence), 0) FROM events WHERE aggregate_type = $1 AND aggregate_id = $2",
    )
    .bind(sample.stream.aggregate_type)
    .bind(&*sample.stream.aggregate_id)
    .fetch_one(connection)
    .await
    .unwrap()
}
