//! Connections to the log, as its rules need them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Executor as _, PgConnection, PgPool, Row as _};

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

fn planning_once(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("plan_cache_mode", "force_generic_plan")]).disable_statement_logging()
}

fn settings(connections: u32) -> PgPoolOptions {
    let turns = Turns::default();
    PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(10))
        .before_acquire(move |connection, _| {
            let is_due = turns.is_due();
            Box::pin(async move { if is_due { takes_writes(connection).await } else { Ok(true) } })
        })
}

/// Whether a server takes writes. After a failover a connection may lead to a standby, which refuses them for as long as the
/// connection lives: it is not lent again, and the next one goes where the address leads by then. One connection in a second
/// is asked, whichever it is, so that hardly anybody waits for it. Where there is only a standby, reads go on by the next one.
async fn takes_writes(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let read_only: String = connection.fetch_one("SHOW transaction_read_only").await?.try_get(0)?;
    Ok(read_only == "off")
}

/// One turn in each second, for who comes first.
#[derive(Debug)]
struct Turns {
    since: Instant,
    last: AtomicU64,
}

impl Default for Turns {
    fn default() -> Self {
        Self { since: Instant::now(), last: AtomicU64::new(0) }
    }
}

impl Turns {
    fn is_due(&self) -> bool {
        let now = self.since.elapsed().as_secs();
        self.last.fetch_max(now, Ordering::Relaxed) < now
    }
}
