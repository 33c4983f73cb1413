//! A session of which there is one at a time: it holds an advisory lock, so what it commits is fenced. Once the lock may be
//! somebody else's, the session is gone.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgExecutor};

/// How often a process that waits asks for the lock.
const STANDBY: Duration = Duration::from_millis(500);

/// Options of such a session, under this application name. Postgres ends it, and with it the lock, when its process is
/// frozen or its host is gone. Its commits need not reach the disk before they are answered: a checkpoint that a crash
/// takes back is an older one, from which events come twice.
pub fn options(options: &PgConnectOptions, application: &str) -> PgConnectOptions {
    options
        .clone()
        .options([
            ("idle_session_timeout", "10s"),
            ("client_connection_check_interval", "1s"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
            ("synchronous_commit", "off"),
        ])
        .application_name(application)
        .disable_statement_logging()
}

/// Waits until the lock of this number is free and takes it; `waiting` is called each time that it isn't. Asked again
/// and again: a statement that waits for the lock would hold back the vacuum meanwhile.
///
/// # Errors
/// When the session is lost.
pub async fn hold<S>(session: &mut S, key: i64, mut waiting: impl FnMut()) -> Result<(), sqlx::Error>
where
    for<'s> &'s mut S: PgExecutor<'s>,
{
    while !sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "held!""#, key)
        .fetch_one(&mut *session)
        .await?
    {
        waiting();
        tokio::time::sleep(STANDBY).await;
    }
    Ok(())
}
