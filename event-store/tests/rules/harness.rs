//! A database for each test, made and dropped with it.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::StreamId;
use event_store::append::{Appended, Group, NewEvent, Sealed, append};
use event_store::verify::{Verified, VerifyError, verify};
use event_store::{Head, Log, Recorded};
use futures::FutureExt;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use uuid::Uuid;

/// A test that takes longer hangs.
const HANGS: Duration = Duration::from_secs(120);

/// A test's database.
pub struct Database {
    name: String,
    /// The application's role, over a few connections.
    pub pool: PgPool,
}

fn options(variable: &str) -> PgConnectOptions {
    let url =
        std::env::var(variable).unwrap_or_else(|_| panic!("{variable} leads to the Postgres of the tests"));
    // The proxy reads what goes by.
    url.parse::<PgConnectOptions>().unwrap().ssl_mode(PgSslMode::Disable).disable_statement_logging()
}

/// Runs a test on a database of its own.
pub async fn test(body: impl AsyncFnOnce(&Database)) {
    let name = format!("daybook_rules_{}", Uuid::new_v4().simple());
    let mut maintenance = options("DAYBOOK_OWNER_DATABASE_URL").connect().await.unwrap();
    sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut maintenance).await.unwrap();
    let ended = AssertUnwindSafe(async {
        let mut owner = options("DAYBOOK_OWNER_DATABASE_URL").database(&name).connect().await.unwrap();
        // Read now and not when this is compiled: a migration may have changed since.
        let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        Migrator::new(Path::new(migrations)).await.unwrap().run_direct(&mut owner).await.unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .connect_with(options("DATABASE_URL").database(&name))
            .await
            .unwrap();
        let database = Database { name: name.clone(), pool };
        tokio::time::timeout(HANGS, body(&database)).await.expect("the test hangs");
        database.pool.close().await;
    })
    .catch_unwind()
    .await;
    // The deciders of the test may still be connected, and the owner may not end another role's connections.
    let mut superuser = options("DAYBOOK_SUPERUSER_DATABASE_URL").connect().await.unwrap();
    sqlx::query(&format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut superuser).await.unwrap();
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
}

impl Database {
    /// As the application's role.
    pub fn app(&self) -> PgConnectOptions {
        options("DATABASE_URL").database(&self.name)
    }

    /// As who may do anything.
    pub async fn superuser(&self) -> PgConnection {
        options("DAYBOOK_SUPERUSER_DATABASE_URL").database(&self.name).connect().await.unwrap()
    }

    /// Changes the log behind its back.
    pub async fn tamper(&self, statement: &str) {
        let mut superuser = self.superuser().await;
        let done = sqlx::raw_sql(statement).execute(&mut superuser).await.unwrap();
        assert!(done.rows_affected() > 0, "nothing was changed by {statement}");
        superuser.close().await.unwrap();
    }

    /// Whether new connections may only read.
    pub async fn read_only(&self, value: bool) {
        let mut superuser = options("DAYBOOK_SUPERUSER_DATABASE_URL").connect().await.unwrap();
        let alter = format!("ALTER DATABASE {} SET default_transaction_read_only = {value}", self.name);
        sqlx::query(&alter).execute(&mut superuser).await.unwrap();
    }

    /// The log.
    pub fn log(&self) -> Log {
        Log::new(self.pool.clone())
    }

    /// Where the log ends.
    pub async fn head(&self) -> Head {
        self.log().head().await.unwrap()
    }

    /// Every event, in the log's order.
    pub async fn events(&self) -> Vec<Recorded> {
        self.log().read_after(&Head::EMPTY, i64::from(i32::MAX)).await.unwrap().events
    }

    /// The types of a stream's events, in order.
    pub async fn types(&self, aggregate_id: &str) -> Vec<String> {
        let events = self.log().read_stream("stock", aggregate_id).await.unwrap();
        events.into_iter().map(|event| event.event_type).collect()
    }

    /// Verifies the log.
    pub async fn verify(&self) -> Result<Verified, VerifyError> {
        verify(&self.log(), None, |_| {}).await
    }

    /// A number that Postgres answers.
    pub async fn number(&self, query: &str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.pool).await.unwrap()
    }

    /// Asks until the answer is yes.
    pub async fn until(&self, query: &str) {
        while !sqlx::query_scalar::<_, bool>(query).fetch_one(&self.pool).await.unwrap() {
            tokio::task::yield_now().await;
        }
    }

    /// Until somebody waits for the log's lock.
    pub async fn until_waiting(&self, count: i64) {
        self.until(&format!(
            "SELECT count(*) >= {count} FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ))
        .await;
    }

    /// Appends these events, each with `{{}}`, at the log's end, as another process would.
    pub async fn append(&self, streams: &[(&str, i64)]) -> Sealed {
        let sealed = sealed(group(streams), self.head().await);
        let mut connection = self.app().connect().await.unwrap();
        assert_eq!(append(&mut connection, &sealed).await.unwrap(), Appended::Here);
        sealed
    }

    /// Takes the log's lock until the connection is closed.
    pub async fn hold_lock(&self) -> PgConnection {
        let mut holder = self.app().connect().await.unwrap();
        sqlx::query("SELECT pg_advisory_lock(log_lock_key())").execute(&mut holder).await.unwrap();
        holder
    }
}

/// An event of a stock's stream.
pub fn event(aggregate_id: &str, sequence: i64) -> NewEvent {
    NewEvent {
        event_id: Uuid::now_v7(),
        stream: StreamId { aggregate_type: "stock", aggregate_id: aggregate_id.into() },
        sequence,
        event_type: "Received".to_owned(),
        event_version: "1.0".to_owned(),
        payload: r#"{"Received":{"quantity":1}}"#.to_owned(),
        metadata: "{}".into(),
    }
}

/// A group of such events.
pub fn group(streams: &[(&str, i64)]) -> Group {
    Group { events: streams.iter().map(|(id, sequence)| event(id, *sequence)).collect(), keys: Vec::new() }
}

/// A group that has its place.
pub fn sealed(group: Group, after: Head) -> Sealed {
    Sealed::new(group.into(), after, Utc::now(), DateTime::UNIX_EPOCH)
}

/// The SQLSTATE of an error of Postgres.
pub fn code<T: std::fmt::Debug>(result: Result<T, sqlx::Error>) -> String {
    let error = result.unwrap_err();
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .expect("an error of Postgres")
        .into_owned()
}
