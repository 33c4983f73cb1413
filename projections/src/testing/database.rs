//! A database for one test, with all migrations.

use std::env;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

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
}

async fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(10).connect_with(options).await.expect("Postgres answers")
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        // The test's own runtime may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect_with(&server).await {
                    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    let _ = connection.execute(drop.as_str()).await;
                }
            });
        });
        let _ = dropping.join();
    }
}
