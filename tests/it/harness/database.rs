//! A database of a test's own.

use std::path::Path;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};
use uuid::Uuid;

use super::until;

/// A fresh, migrated database; it is dropped with this.
pub struct Database {
    name: String,
    /// As the application's role.
    pub pool: PgPool,
}

impl Database {
    /// Makes it, as the owner, and connects to it, as the application.
    pub async fn new() -> Self {
        let name = format!("daybook_test_{}", Uuid::now_v7().simple());
        execute_as_owner(&format!("CREATE DATABASE {name}")).await;
        let mut owner =
            PgConnection::connect_with(&options("DAYBOOK_OWNER_DATABASE_URL").database(&name)).await.unwrap();
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let migrator = sqlx::migrate::Migrator::new(migrations).await.unwrap();
        migrator.run_direct(&mut owner).await.unwrap();
        owner.close().await.unwrap();
        let options = options("DATABASE_URL").database(&name);
        let pool = PgPoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
        Self { name, pool }
    }
}

impl Database {
    /// Does what only the schema's owner may, in this database.
    pub async fn execute_as_owner(&self, statement: &str) {
        let options = options("DAYBOOK_OWNER_DATABASE_URL").database(&self.name);
        let mut owner = PgConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut owner).await.unwrap();
        owner.close().await.unwrap();
    }

    /// Waits until so many of the application's sessions wait for a lock.
    pub async fn until_waiting(&self, sessions: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until("so many wait for a lock", async || {
            sqlx::query_scalar::<_, i64>(waiting).fetch_one(&self.pool).await.unwrap() == sessions
        })
        .await;
    }

    /// As the application's role, and as the owner: what a process is given.
    pub fn urls(&self) -> (String, String) {
        let url = |variable| options(variable).database(&self.name).to_url_lossy().to_string();
        (url("DATABASE_URL"), url("DAYBOOK_OWNER_DATABASE_URL"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        // The test's own runtime may be going down, and can't be blocked on from inside.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(drop_database(&name));
        });
        let dropped = dropping.join();
        if !std::thread::panicking() {
            dropped.expect("the test's database is dropped");
        }
    }
}

/// Only a role itself may end its sessions, so the application's are ended as the application; and no new ones begin,
/// for what still runs connects again.
async fn drop_database(name: &str) {
    execute_as_owner(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).await;
    let mut application = PgConnection::connect_with(&options("DATABASE_URL")).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = current_user")
        .bind(name)
        .execute(&mut application)
        .await
        .unwrap();
    application.close().await.unwrap();
    execute_as_owner(&format!("DROP DATABASE {name}")).await;
}

async fn execute_as_owner(statement: &str) {
    let mut owner = PgConnection::connect_with(&options("DAYBOOK_OWNER_DATABASE_URL")).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut owner).await.unwrap();
    owner.close().await.unwrap();
}

fn options(variable: &str) -> PgConnectOptions {
    let url = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run ./dev test"));
    PgConnectOptions::from_str(&url).unwrap()
}
