//! Connections to the log, as its rules need them.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};

/// Options of a connection that appends, so that a frozen process doesn't hold every writer: its transaction ends
/// after a second of silence, a dead peer is noticed within seconds, and nobody waits for the lock for ever.
pub fn appending(options: &PgConnectOptions) -> PgConnectOptions {
    options
        .clone()
        .options([
            ("idle_in_transaction_session_timeout", "1s"),
            ("lock_timeout", "10s"),
            ("client_connection_check_interval", "1s"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
            ("application_name", "daybook-append"),
        ])
        .disable_statement_logging()
}

/// A pool for everything but appending. It doesn't ping a connection at each acquire: that costs a round trip, and
/// a broken connection shows itself by an error that is retried where it must be. A statement is planned once for a
/// connection and not for what is bound: each is written so that one plan is good for all, and planning a page of orders
/// takes three times as long as reading it.
pub async fn pool(url: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    pool_with(options, connections).await
}

/// As [`pool`], from parsed options.
pub async fn pool_with(options: PgConnectOptions, connections: u32) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(
            options.options([("plan_cache_mode", "force_generic_plan")]).disable_statement_logging(),
        )
        .await
}
