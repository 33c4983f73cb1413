//! What a gateway told by itself is a reason to ask it, once: whether it came to us (a webhook), or was read in the gateway's
//! list because it never came.

use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::Metadata;
use sqlx::PgExecutor;

use super::{Settlement, Unsettled};
use crate::gateway::Notice;

impl Settlement {
    /// Asks the gateway, unless it told this before. What is taken is noted afterwards: whoever dies between is told again.
    /// Answers whether it was new.
    pub async fn heed(&self, gateway: &str, notice: &Notice, because: &Metadata) -> Result<bool, Unsettled> {
        let Some(payment_id) = notice.payment_id else { return Ok(false) };
        if is_known(self.log.pool(), gateway, notice).await? {
            return Ok(false);
        }
        self.refresh(payment_id, because).await?;
        self.refresh_refunds(payment_id, because).await?;
        note(self.log.pool(), gateway, notice).await?;
        Ok(true)
    }
}

async fn is_known(db: impl PgExecutor<'_>, gateway: &str, notice: &Notice) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM gateway_notices WHERE gateway = $1 AND id = $2) AS "known!""#,
        gateway,
        notice.id
    )
    .fetch_one(db)
    .await
}

async fn note(db: impl PgExecutor<'_>, gateway: &str, notice: &Notice) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO gateway_notices (gateway, id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        gateway,
        notice.id
    )
    .execute(db)
    .await
    .map(|_| ())
}

/// How far a gateway's list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// What it told before has been taken; nothing where its list was never read to the end.
    pub until: Option<DateTime<Utc>>,
}

impl Bookmark {
    /// Takes it, where the list was not read for so long: whoever asks next finds it read just now.
    pub async fn take_due(
        db: &mut sqlx::PgConnection,
        gateway: &str,
        every: Duration,
    ) -> Result<Option<Self>, sqlx::Error> {
        let taken = sqlx::query_as!(
            Self,
            "UPDATE gateway_bookmarks SET read_at = now()
             WHERE gateway = $1 AND read_at <= now() - make_interval(secs => $2)
             RETURNING told_until AS until",
            gateway,
            every.as_secs_f64(),
        );
        taken.fetch_optional(db).await
    }

    /// There is one for this gateway from now on.
    pub async fn put(db: &mut sqlx::PgConnection, gateway: &str) -> Result<(), sqlx::Error> {
        sqlx::query!("INSERT INTO gateway_bookmarks (gateway) VALUES ($1) ON CONFLICT DO NOTHING", gateway)
            .execute(db)
            .await
            .map(|_| ())
    }

    /// Moves it on, never back.
    pub async fn move_to(
        db: impl PgExecutor<'_>,
        gateway: &str,
        until: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "UPDATE gateway_bookmarks SET told_until = greatest(told_until, $2) WHERE gateway = $1",
            gateway,
            until,
        )
        .execute(db)
        .await
        .map(|_| ())
    }
}
