//! The tables of read models.

use projections::{generation, registry};
use sqlx::PgPool;

use crate::Error;

/// The full name of a table of a read model's live generation.
pub async fn table(pool: &PgPool, model: &str, suffix: &str) -> Result<String, Error> {
    let model = registry::find(model).ok_or("no such read model")?;
    let generation = generation::live(pool, model).await?.ok_or("it is not there")?;
    Ok(format!("{}_g{generation}_{suffix}", model.name()))
}
