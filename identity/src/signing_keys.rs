//! The public keys of the processes that sign tokens.

use api_contract::{BoxError, KeySource, PublicKey};
use async_trait::async_trait;
use sqlx::{PgExecutor, PgPool};

/// The table, as the source of a [`api_contract::Verifier`].
#[derive(Clone, Debug)]
pub struct SigningKeys(pub PgPool);

#[async_trait]
impl KeySource for SigningKeys {
    async fn public_keys(&self) -> Result<Vec<PublicKey>, BoxError> {
        Ok(all(&self.0).await?)
    }
}

/// Every key, the oldest first.
pub async fn all(db: impl PgExecutor<'_>) -> Result<Vec<PublicKey>, sqlx::Error> {
    let rows = sqlx::query!("SELECT kid, public_key FROM signing_keys ORDER BY created_at, kid")
        .fetch_all(db)
        .await?;
    // The column's check lets no other length in.
    let read = |(kid, key): (String, Vec<u8>)| Some(PublicKey { kid, key: key.try_into().ok()? });
    Ok(rows.into_iter().map(|row| (row.kid, row.public_key)).filter_map(read).collect())
}

/// Makes a key known. A key's id is derived from it, so one that is there already is the same.
pub async fn publish(db: impl PgExecutor<'_>, key: &PublicKey) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO signing_keys (kid, public_key) VALUES ($1, $2) ON CONFLICT (kid) DO NOTHING",
        key.kid,
        &key.key[..],
    )
    .execute(db)
    .await?;
    Ok(())
}
