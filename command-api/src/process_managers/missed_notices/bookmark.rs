//! How far a gateway's list was read.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

/// How far a gateway's list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bookmark {
    /// What it told before has been taken; nothing where nothing was found in its list yet.
    pub until: Option<DateTime<Utc>>,
}

impl Bookmark {
    /// There is one for this gateway from now on.
    pub(super) async fn put(db: &mut PgConnection, gateway: &str) -> Result<(), sqlx::Error> {
        sqlx::query!("INSERT INTO gateway_bookmarks (gateway) VALUES ($1) ON CONFLICT DO NOTHING", gateway)
            .execute(db)
            .await
            .map(|_| ())
    }

    /// Where to read on, if the list was not read to its end for so long.
    pub(super) async fn due(
        db: &mut PgConnection,
        gateway: &str,
        every: Duration,
    ) -> Result<Option<Self>, sqlx::Error> {
        let due = sqlx::query_as!(
            Self,
            "SELECT told_until AS until FROM gateway_bookmarks
             WHERE gateway = $1 AND read_at <= now() - make_interval(secs => $2)",
            gateway,
            every.as_secs_f64(),
        );
        due.fetch_optional(db).await
    }

    /// The list was read to its end. Moves on, never back.
    pub(super) async fn move_to(
        db: impl PgExecutor<'_>,
        gateway: &str,
        until: Option<DateTime<Utc>>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "UPDATE gateway_bookmarks SET read_at = now(), told_until = greatest(told_until, $2) WHERE gateway = $1",
            gateway,
            until,
        )
        .execute(db)
        .await
        .map(|_| ())
    }
}
