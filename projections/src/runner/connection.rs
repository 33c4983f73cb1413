//! Connections of their own for those that feed read models, and the locks that live as long as they do.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection, PgPool};

/// A connection of its own. What it writes can be written again from the log, so its commits need not wait for the disk:
/// after a crash it finds an older checkpoint with the rows of that checkpoint. What it does when its process is gone
/// Postgres breaks off within a second.
pub(crate) async fn connect(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    options(pool).connect().await
}

/// The same, for the batches of who follows. What they change they find by its key, and Postgres must not do otherwise: it
/// plans a statement once, and a projector's are planned for tables that are still empty, where reading all is as good. Such
/// a plan stayed until they were analyzed, while they grew.
pub(crate) async fn connect_to_feed(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    options(pool)
        .options([("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")])
        .connect()
        .await
}

fn options(pool: &PgPool) -> PgConnectOptions {
    pool.connect_options()
        .as_ref()
        .clone()
        .application_name("daybook-projector")
        .options([("synchronous_commit", "off"), ("client_connection_check_interval", "1s")])
}

/// Takes the lock of a name for as long as the connection lives, unless another one has it.
pub(crate) async fn try_lock(db: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock(hashtextextended('daybook.projections.' || $1, 0)) AS "locked!""#,
        name
    )
    .fetch_one(db)
    .await
}

/// The same, beside others that take it so.
pub(super) async fn try_lock_shared(db: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock_shared(hashtextextended('daybook.projections.' || $1, 0)) AS "locked!""#,
        name
    )
    .fetch_one(db)
    .await
}

/// Lets a name's lock go.
pub(crate) async fn unlock(db: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!("SELECT pg_advisory_unlock(hashtextextended('daybook.projections.' || $1, 0))", name)
        .fetch_one(db)
        .await?;
    Ok(())
}
