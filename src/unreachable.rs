//! Which Postgres can't be reached, and why not.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

/// How long it may take to find out.
const PATIENCE: Duration = Duration::from_secs(5);

/// There is no connection to Postgres.
#[derive(Debug, thiserror::Error)]
#[error("there is no connection to Postgres at {address}")]
pub struct Unreachable {
    address: String,
    #[source]
    why: sqlx::Error,
}

impl Unreachable {
    /// What a pool that could not be opened means. One that has tried again and again says only that its time is over:
    /// what it met each time is asked for once more.
    pub async fn of(options: &PgConnectOptions, error: sqlx::Error) -> Self {
        let why = match error {
            sqlx::Error::PoolTimedOut => cause(options).await.unwrap_or(sqlx::Error::PoolTimedOut),
            other => other,
        };
        Self { address: address(options), why }
    }
}

async fn cause(options: &PgConnectOptions) -> Option<sqlx::Error> {
    match tokio::time::timeout(PATIENCE, options.connect()).await {
        Ok(Ok(connection)) => {
            let _ = connection.close().await;
            None
        }
        Ok(Err(error)) => Some(error),
        Err(_elapsed) => None,
    }
}

/// Without whoever connects, and their password.
fn address(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.join(format!(".s.PGSQL.{}", options.get_port())).display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    match options.get_database() {
        Some(database) => format!("{host}, database {database}"),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use domain::with_causes;

    use super::*;

    fn options(url: &str) -> PgConnectOptions {
        url.parse().unwrap()
    }

    /// Guards against an operator who is told that a pool's time is over, and not that nobody listens there.
    #[tokio::test]
    async fn an_address_where_nobody_listens_is_named_with_that() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options = options(&format!("postgres://ann:secret@127.0.0.1:{port}/daybook"));
        let said = with_causes(&Unreachable::of(&options, sqlx::Error::PoolTimedOut).await);
        assert!(said.contains(&format!("127.0.0.1:{port}, database daybook")), "{said}");
        assert!(said.contains("refused") && !said.contains("secret"), "{said}");
    }

    #[test]
    fn a_socket_is_named_by_its_file() {
        let said = address(&options("postgres:///daybook?host=/run/postgresql&port=5433"));
        assert_eq!(said, "/run/postgresql/.s.PGSQL.5433, database daybook");
    }
}
