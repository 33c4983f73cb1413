//! A database for one test, with all migrations.

use std::env;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::{generation, registry};

/// Dropped with its value.
pub(crate) struct TestDatabase {
    name: String,
    server: PgConnectOptions,
    /// As the schema's owner.
    pub(crate) owner: PgPool,
    /// As the application, with no more rights than it has.
    pub(crate) app: PgPool,
}

fn options(variable: &str) -> PgConnectOptions {
    env::var(variable)
        .unwrap_or_else(|_| {
            panic!("{variable} is not set: these tests need a Postgres, as `./dev test` has one")
        })
        .parse()
        .expect("a Postgres URL")
}

impl TestDatabase {
    pub(crate) async fn new() -> Self {
        let server = options("DAYBOOK_OWNER_DATABASE_URL");
        let name = format!("projections_test_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&server).await.expect("Postgres answers");
        connection
            .execute(format!("CREATE DATABASE {name}").as_str())
            .await
            .expect("the owner may make databases");
        let owner = pool(server.clone().database(&name)).await;
        sqlx::migrate!("../migrations").run(&owner).await.expect("the migrations run");
        let app = pool(options("DATABASE_URL").database(&name)).await;
        Self { name, server, owner, app }
    }

    /// Drops the tables of a read model, as an accident would. Queries fail until it is replayed.
    pub(crate) async fn drop_read_model(&self, name: &str) {
        let model = registry::find(name).expect("there is such a read model");
        let mut db = self.owner.acquire().await.unwrap();
        for generation in generation::with_tables(&mut db, model).await.unwrap() {
            generation::drop_one(&mut db, model, generation).await.unwrap();
        }
    }
}

async fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(10).connect_with(options).await.expect("Postgres answers")
}

#[allow(clippy::print_stderr, reason = "a test's output")]
impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        // The test's own runtime may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            if let Err(error) = runtime.block_on(remove(&name, &server)) {
                eprintln!("the database {name} is still there: {error}");
            }
        });
        let _ = dropping.join();
    }
}

/// The owner may not end the application's sessions; the application may.
async fn remove(name: &str, server: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut owner = PgConnection::connect_with(server).await?;
    owner.execute(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false").as_str()).await?;
    let mut app = PgConnection::connect_with(&options("DATABASE_URL")).await?;
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = $1 AND usename = current_user";
    sqlx::query(end).bind(name).execute(&mut app).await?;
    owner.execute(format!("DROP DATABASE {name} WITH (FORCE)").as_str()).await?;
    Ok(())
}
