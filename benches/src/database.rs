//! Databases of their own for each side of a measurement, on one server.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgPool};
use uuid::Uuid;

use crate::Error;

/// The server that everything is measured on.
#[derive(Clone)]
pub struct Server {
    owner: PgConnectOptions,
    application: PgConnectOptions,
}

/// A fresh database.
pub struct Database {
    name: String,
    server: Server,
}

impl Server {
    /// The server of `DAYBOOK_OWNER_DATABASE_URL` and `DATABASE_URL`.
    pub fn from_environment() -> Result<Self, Error> {
        let url = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set: run ./dev bench"));
        Ok(Self {
            owner: url("DAYBOOK_OWNER_DATABASE_URL")?.parse()?,
            application: url("DATABASE_URL")?.parse()?,
        })
    }

    /// What the server promises of a commit: the same to both sides.
    pub async fn durability(&self) -> Result<String, Error> {
        let mut connection = self.application.connect().await?;
        let (synchronous_commit, fsync, version): (String, String, String) = sqlx::query_as(
            "SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('server_version')",
        )
        .fetch_one(&mut connection)
        .await?;
        if synchronous_commit != "on" || fsync != "on" {
            return Err(
                format!("synchronous_commit={synchronous_commit}, fsync={fsync}: both must be on").into()
            );
        }
        Ok(format!("PostgreSQL {version}, synchronous_commit=on, fsync=on"))
    }

    /// A database with Daybook's schema.
    pub async fn daybook(&self) -> Result<Database, Error> {
        let database = self.empty().await?;
        let owner = PgPoolOptions::new().max_connections(1).connect_with(database.owner()).await?;
        sqlx::migrate!("../migrations").run(&owner).await?;
        owner.close().await;
        Ok(database)
    }

    /// A database with postgres-es's own table, as its documentation gives it.
    pub async fn postgres_es(&self) -> Result<Database, Error> {
        let database = self.empty().await?;
        let mut owner = database.owner().connect().await?;
        owner
            .execute(
                "CREATE TABLE events (
                     aggregate_type text NOT NULL, aggregate_id text NOT NULL,
                     sequence bigint CHECK (sequence >= 0) NOT NULL,
                     event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
                     PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
            )
            .await?;
        owner.execute("GRANT SELECT, INSERT ON events TO daybook_app").await?;
        owner.close().await?;
        Ok(database)
    }

    /// A database with the same content, of one that nobody uses.
    pub async fn copy_of(&self, database: &Database) -> Result<Database, Error> {
        let name = format!("bench_{}", Uuid::now_v7().simple());
        let mut owner = self.owner.connect().await?;
        owner.execute(format!("CREATE DATABASE {name} TEMPLATE {}", database.name).as_str()).await?;
        owner.close().await?;
        Ok(Database { name, server: self.clone() })
    }

    /// A database with nothing in it.
    pub async fn bare(&self) -> Result<Database, Error> {
        self.empty().await
    }

    async fn empty(&self) -> Result<Database, Error> {
        let name = format!("bench_{}", Uuid::now_v7().simple());
        let mut owner = self.owner.connect().await?;
        owner.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        owner.close().await?;
        Ok(Database { name, server: self.clone() })
    }
}

impl Database {
    /// As the schema's owner.
    pub fn owner(&self) -> PgConnectOptions {
        self.server.owner.clone().database(&self.name)
    }

    /// As the application's role.
    pub fn application(&self) -> PgConnectOptions {
        self.server.application.clone().database(&self.name)
    }

    /// As a superuser, where the environment names one.
    pub fn superuser(&self) -> Result<Option<PgConnectOptions>, Error> {
        let Ok(url) = std::env::var("DAYBOOK_SUPERUSER_DATABASE_URL") else { return Ok(None) };
        Ok(Some(url.parse::<PgConnectOptions>()?.database(&self.name)))
    }

    /// A pool as the application's role, as Daybook makes it.
    pub async fn pool(&self, connections: u32) -> Result<PgPool, Error> {
        Ok(event_store::connect::pool_with(self.application(), connections).await?)
    }

    /// Writes out what the last round left to write, so that no round pays for another.
    pub async fn checkpoint(&self) -> Result<(), Error> {
        // Only a superuser may; without one the rounds take turns anyway.
        if let Ok(url) = std::env::var("DAYBOOK_SUPERUSER_DATABASE_URL") {
            let mut superuser = url.parse::<PgConnectOptions>()?.connect().await?;
            superuser.execute("CHECKPOINT").await?;
            superuser.close().await?;
        }
        Ok(())
    }

    /// Drops it.
    pub async fn drop(self) -> Result<(), Error> {
        // A worker's last connection may still be closing, and only a superuser may end what is another role's.
        let superuser = std::env::var("DAYBOOK_SUPERUSER_DATABASE_URL").ok();
        let options = match superuser {
            Some(url) => url.parse()?,
            None => self.server.owner.clone(),
        };
        let mut connection = options.connect().await?;
        connection.execute(format!("DROP DATABASE {} WITH (FORCE)", self.name).as_str()).await?;
        connection.close().await?;
        Ok(())
    }
}
