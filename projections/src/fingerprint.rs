//! Comparing two builds of a read model, row by row.

use sqlx::PgPool;

use crate::generation::{self, Generation};
use crate::live::QueryError;
use crate::read_model::{ReadModel, Table};

/// One table's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFingerprint {
    /// The table's name without generation, for example `orders`.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: i64,
    /// MD5 over the MD5s of its rows in key order: not a proof, but no accident passes it.
    pub digest: String,
}

/// The content of a generation of a read model, in short; of the live one where none is named.
pub async fn fingerprint(
    pool: &PgPool,
    model: &dyn ReadModel,
    generation: Option<Generation>,
) -> Result<Vec<TableFingerprint>, QueryError> {
    let generation = or_live(pool, model, generation).await?;
    let mut tables = Vec::new();
    for table in model.tables() {
        let (rows, digest) = sqlx::query_as(&format!(
            "SELECT count(*), md5(coalesce(string_agg(md5(t::text), '' ORDER BY {}), '')) FROM {} t",
            table.key,
            generation.table(model.name(), table)
        ))
        .fetch_one(pool)
        .await
        .map_err(|e| QueryError::Postgres(model.name(), e))?;
        tables.push(TableFingerprint { table: table.suffix, rows, digest });
    }
    Ok(tables)
}

/// Every row of a table in key order, as text; of the live generation where none is named.
pub async fn dump(
    pool: &PgPool,
    model: &dyn ReadModel,
    table: &Table,
    generation: Option<Generation>,
) -> Result<Vec<String>, QueryError> {
    let generation = or_live(pool, model, generation).await?;
    let table_name = generation.table(model.name(), table);
    sqlx::query_scalar(&format!("SELECT t::text FROM {table_name} t ORDER BY {}", table.key))
        .fetch_all(pool)
        .await
        .map_err(|e| QueryError::Postgres(model.name(), e))
}

async fn or_live(
    pool: &PgPool,
    model: &dyn ReadModel,
    generation: Option<Generation>,
) -> Result<Generation, QueryError> {
    if let Some(generation) = generation {
        return Ok(generation);
    }
    let live = generation::live(pool, model).await.map_err(|e| QueryError::Postgres(model.name(), e))?;
    live.ok_or(QueryError::Missing(model.name()))
}
