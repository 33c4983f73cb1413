//! Rows that are of no use after a while, whatever is in the log.

use std::time::Duration;

use identity::{login_failures, messages, password_resets, refresh_tokens};
use sqlx::PgConnection;
use tracing::info;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// How long the notices of gateways are remembered. Stripe repeats one for three days by itself, and for thirty by hand;
/// one that comes later still is looked into once more, and finds its payment settled.
pub const NOTICES: Duration = DAY.saturating_mul(45);

/// How long it is remembered that a message was sent, or given up. What it said is forgotten at once.
pub const MESSAGES: Duration = DAY.saturating_mul(90);

/// Sweeps them.
pub(super) async fn sweep(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    let notices = sqlx::query!(
        "DELETE FROM gateway_notices WHERE received_at < now() - make_interval(secs => $1)",
        NOTICES.as_secs_f64(),
    );
    let notices = notices.execute(&mut *db).await?.rows_affected();
    let messages = messages::sweep(&mut *db, MESSAGES).await?;
    let tokens = password_resets::sweep(&mut *db).await?;
    let failures = login_failures::sweep(&mut *db).await?;
    if notices + messages + tokens + failures > 0 {
        info!(notices, messages, tokens, failures, "what was old is gone");
    }
    refresh_tokens::sweep(db).await
}
