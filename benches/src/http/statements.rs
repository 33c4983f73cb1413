//! How many SQL statements a purchase takes, by Postgres's own count.

use std::time::Duration;

use sqlx::{Connection as _, Executor, PgConnection};

use super::daybook::Daybook;
use super::load::{self, Caller};
use crate::Error;
use crate::database::Database;

/// What was counted.
pub struct Statements {
    /// Purchases meanwhile.
    pub purchases: usize,
    /// Statements for each, of every part of Daybook.
    pub each: f64,
}

/// Counts while these callers purchase; `None` where Postgres doesn't count (`pg_stat_statements` isn't loaded).
pub async fn during<C: Caller>(
    daybook: &Daybook,
    database: &Database,
    callers: Vec<C>,
) -> Result<Option<Statements>, Error> {
    let Some(mut superuser) = counting(database).await? else { return Ok(None) };
    daybook.caught_up(database).await?;
    superuser.execute("SELECT pg_stat_statements_reset()").await?;
    let (load, _) = load::closed(callers, Duration::from_secs(2)).await?;
    daybook.caught_up(database).await?;
    let calls: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
         WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .fetch_one(&mut superuser)
    .await?;
    superuser.execute("ALTER SYSTEM RESET pg_stat_statements.track").await?;
    superuser.execute("SELECT pg_reload_conf()").await?;
    superuser.close().await?;
    #[allow(clippy::cast_precision_loss)] // Counts of a bench are far below 2^52.
    let each = calls as f64 / load.count.max(1) as f64;
    Ok(Some(Statements { purchases: load.count, each }))
}

/// A superuser's connection, with counting switched on.
async fn counting(database: &Database) -> Result<Option<PgConnection>, Error> {
    let Some(options) = database.superuser()? else { return Ok(None) };
    let mut superuser = PgConnection::connect_with(&options).await?;
    let loaded: bool =
        sqlx::query_scalar("SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'")
            .fetch_one(&mut superuser)
            .await?;
    if !loaded {
        return Ok(None);
    }
    superuser.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await?;
    superuser.execute("ALTER SYSTEM SET pg_stat_statements.track = 'top'").await?;
    superuser.execute("SELECT pg_reload_conf()").await?;
    Ok(Some(superuser))
}
