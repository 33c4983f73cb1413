//! `daybook migrate`: brings the schema up to date, as its owner.

use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::config::Config;
use crate::unreachable::Unreachable;
use crate::{Failure, say};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// A small pool of the schema's owner.
pub async fn owner_pool(config: &Config) -> Result<PgPool, Failure> {
    let options = config.owner()?;
    match event_store::connect::working_pool_with(options.clone(), 8).await {
        Ok(pool) => Ok(pool),
        Err(error) => Err(Unreachable::of(options, error).await.into()),
    }
}

/// The newest migration that this program knows.
pub fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// The newest migration that the database has.
pub async fn applied(pool: &PgPool) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(pool).await
}

/// Runs what has not been run yet; two who do it at once wait for each other.
pub async fn migrate(config: &Config) -> Result<(), Failure> {
    let pool = owner_pool(config).await?;
    MIGRATIONS.run(&pool).await?;
    pool.close().await;
    Ok(())
}

/// `daybook migrate`.
pub async fn run(config: &Config) -> Result<(), Failure> {
    migrate(config).await?;
    say("the schema is up to date");
    Ok(())
}
