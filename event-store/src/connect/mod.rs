//! Connections to the log, as its rules need them.

mod failover;

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
/// takes three times as long as reading it. Nor is one compiled: planned for any page, it is taken for one that reads a tenth of
/// all rows, and a page of a million orders was compiled for 13 ms and read in 1.
pub async fn pool(url: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    pool_with(url.parse()?, connections).await
}

/// As [`pool`], from parsed options.
pub async fn pool_with(options: PgConnectOptions, connections: u32) -> Result<PgPool, sqlx::Error> {
    settings(connections).connect_with(planning_once(options)).await
}

/// As [`pool_with`], but it connects when somebody first asks for a connection.
pub fn lazy_pool_with(options: PgConnectOptions, connections: u32) -> PgPool {
    settings(connections).connect_lazy_with(planning_once(options))
}

/// A pool for long work, as that of the schema's owner: each statement may be planned for what is bound, for such work reads
/// whole tables with some values and a row with others; a connection that broke meanwhile is not lent; and who asks for one
/// waits for half a minute.
pub async fn working_pool_with(options: PgConnectOptions, connections: u32) -> Result<PgPool, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(30));
    pool.connect_with(options.disable_statement_logging()).await
}

fn planning_once(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("plan_cache_mode", "force_generic_plan"), ("jit", "off")]).disable_statement_logging()
}

fn settings(connections: u32) -> PgPoolOptions {
    let options = PgPoolOptions::new().max_connections(connections).test_before_acquire(false);
    failover::watched(options.acquire_timeout(Duration::from_secs(10)))
}
