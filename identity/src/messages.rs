//! The outbox: e-mail and SMS, written in the transaction of what they are about and sent afterwards.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::UserId;
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// What Postgres notifies when there is something to send.
pub const NOTIFIES: &str = "daybook_messages";

/// How a message goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
}

impl Channel {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// The column's check lets no other word in.
    fn named(name: &str) -> Self {
        if name == "sms" { Self::Sms } else { Self::Email }
    }
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct NewMessage<'a> {
    /// To whom.
    pub user: UserId,
    /// How.
    pub channel: Channel,
    /// Which text.
    pub template: &'static str,
    /// The address or number.
    pub recipient: &'a str,
    /// What the text is filled with.
    pub body: Value,
    /// How long it is of any use.
    pub life: Option<Duration>,
}

/// A message that is not sent yet.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id, and its idempotency key wherever a protocol knows one.
    pub id: Uuid,
    /// How.
    pub channel: Channel,
    /// Which text.
    pub template: String,
    /// The address or number.
    pub recipient: String,
    /// What the text is filled with.
    pub body: Value,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
}

/// A row of a message that is not sent yet.
struct Row {
    id: Uuid,
    channel: String,
    template: String,
    recipient: String,
    body: Value,
    attempts: i32,
    error: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Message {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            channel: Channel::named(&row.channel),
            template: row.template,
            recipient: row.recipient,
            body: row.body,
            attempts: row.attempts,
            error: row.error,
            created_at: row.created_at,
        }
    }
}

/// Puts a message into the outbox.
pub async fn queue(db: &mut PgConnection, new: NewMessage<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO messages (id, user_id, channel, template, recipient, body, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))",
        Uuid::now_v7(),
        new.user.0,
        new.channel.name(),
        new.template,
        new.recipient,
        new.body,
        new.life.map(|life| life.as_secs_f64()),
    )
    .execute(&mut *db)
    .await?;
    wake(db).await
}

/// Wakes whoever sends, when the transaction commits.
pub(crate) async fn wake(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_notify($1, '')", NOTIFIES).execute(db).await?;
    Ok(())
}

/// Takes messages that are due on these channels, the oldest first. Whoever takes one has `lease` to say what became of
/// it; after that it is due again.
pub async fn take_due(
    db: impl PgExecutor<'_>,
    channels: &[Channel],
    at_most: i64,
    lease: Duration,
) -> Result<Vec<Message>, sqlx::Error> {
    let channels: Vec<String> = channels.iter().map(|channel| channel.name().to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"UPDATE messages SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $3)
           WHERE id IN (SELECT id FROM messages
                        WHERE status = 'queued' AND next_attempt_at <= now() AND channel = ANY($1)
                        ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING id, channel, template, recipient, body AS "body!", attempts, error, created_at"#,
        &channels,
        at_most,
        lease.as_secs_f64(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// It was sent: what it said is forgotten.
pub async fn sent(db: impl PgExecutor<'_>, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE messages SET status = 'sent', sent_at = now(), body = NULL, error = NULL WHERE id = $1",
        id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// It was not sent: it is tried again after a while, or, without one, never.
pub async fn not_sent(
    db: impl PgExecutor<'_>,
    id: Uuid,
    error: &str,
    again_after: Option<Duration>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE messages SET error = $2, next_attempt_at = coalesce(now() + make_interval(secs => $3), now()),
             status = CASE WHEN $3::float8 IS NULL THEN 'failed' ELSE status END,
             body = CASE WHEN $3::float8 IS NULL THEN NULL ELSE body END
         WHERE id = $1",
        id,
        error,
        again_after.map(|after| after.as_secs_f64()),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives up what is of no use any more.
pub async fn expire(db: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE messages SET status = 'expired', body = NULL WHERE status = 'queued' AND expires_at <= now()"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets messages that were queued longer ago than `age` and are done with, sent or given up; how many.
pub async fn sweep(db: impl PgExecutor<'_>, age: Duration) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "DELETE FROM messages WHERE status <> 'queued' AND created_at < now() - make_interval(secs => $1)",
        age.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(swept.rows_affected())
}

/// What is in the outbox, the oldest first.
pub async fn unsent(db: impl PgExecutor<'_>) -> Result<Vec<Message>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, channel, template, recipient, body AS "body!", attempts, error, created_at FROM messages
           WHERE status = 'queued' ORDER BY id"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}
