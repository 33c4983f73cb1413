//! What a request with an `Idempotency-Key` made, of the things that are not in the log.

use api_contract::{ApiError, Fingerprint};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Notes in the caller's transaction that a key makes `resource`; or answers what it made before, which is then to be
/// answered again. Of two at the same moment the second waits for the first. Another body under the same key is 422.
pub async fn claim(
    db: &mut PgConnection,
    key: [u8; 32],
    fingerprint: Fingerprint,
    resource: Uuid,
) -> Result<Option<Uuid>, ApiError> {
    let claimed = sqlx::query!(
        "INSERT INTO request_keys (key, fingerprint, resource) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        &key[..],
        &fingerprint.0[..],
        resource,
    )
    .execute(&mut *db)
    .await
    .map_err(crate::failed)?;
    if claimed.rows_affected() == 1 {
        return Ok(None);
    }
    find(db, key, fingerprint).await
}

/// What a key made before, if it made something: for who has to know before they ask somebody else. Another body under
/// the same key is 422.
pub async fn find(
    db: impl PgExecutor<'_>,
    key: [u8; 32],
    fingerprint: Fingerprint,
) -> Result<Option<Uuid>, ApiError> {
    let before = sqlx::query!("SELECT fingerprint, resource FROM request_keys WHERE key = $1", &key[..])
        .fetch_optional(db)
        .await
        .map_err(crate::failed)?;
    match before {
        Some(before) if before.fingerprint == fingerprint.0 => Ok(Some(before.resource)),
        Some(_) => Err(ApiError::key_reused()),
        None => Ok(None),
    }
}
