//! Indexes of tables that are to be loaded: made when the rows are there, they are sorted once instead of growing key by
//! key.

use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::task::JoinSet;

use super::LoadError;
use super::crew::cores;
use super::gather::next;
use crate::generation::Generation;
use crate::read_model::ReadModel;

/// What sorting may take for each index, and that one process does it: there are tables for all cores, and processes that
/// share a sort do it by way of files. A fourth of the rows that statistics are usually made of says as much of columns
/// of which most are unique or have few values.
const SETTINGS: &str = "SET maintenance_work_mem = '256MB';
    SET max_parallel_maintenance_workers = 0;
    SET default_statistics_target = 25";

/// How they are made again, table by table.
pub(super) struct Indexes(Vec<Again>);

/// What one table is to have again.
struct Again {
    table: String,
    statements: Vec<String>,
}

impl Indexes {
    /// Takes all of a generation's indexes away, primary keys too.
    pub(super) async fn take_away(
        db: &mut PgConnection,
        model: &dyn ReadModel,
        generation: Generation,
    ) -> Result<Self, LoadError> {
        let mut tables = Vec::new();
        let mut tx = db.begin().await?;
        for table in model.tables() {
            let table = generation.table(model.name(), table);
            let mut statements = Vec::new();
            for (take, again) in found(&table, &mut tx).await? {
                tx.execute(take.as_str()).await?;
                statements.push(again);
            }
            statements.push(format!("ANALYZE {table}"));
            tables.push(Again { table, statements });
        }
        tx.commit().await?;
        Ok(Self(tables))
    }

    /// Makes them, by as many of these connections as there are cores: each makes those of one table after another. Those
    /// that take longest come first, and have a core of their own; else one core would wait for them in the end.
    pub(super) async fn make(self, connections: Vec<PgConnection>) -> Result<(), LoadError> {
        let (mut idle, mut making) = (connections, JoinSet::new());
        idle.truncate(cores());
        let Some(db) = idle.first_mut() else { return Ok(()) };
        let mut tables = by_size(self.0, db).await?;
        while let Some(Again { statements, .. }) = tables.pop() {
            if idle.is_empty() {
                idle.extend(next(&mut making).await?);
            }
            let Some(db) = idle.pop() else { break };
            making.spawn(make(statements, db));
        }
        while next(&mut making).await?.is_some() {}
        Ok(())
    }
}

/// By how much is to be read for all of their indexes, the most last.
async fn by_size(tables: Vec<Again>, db: &mut PgConnection) -> Result<Vec<Again>, sqlx::Error> {
    let mut sized = Vec::with_capacity(tables.len());
    for again in tables {
        let size: i64 = sqlx::query_scalar("SELECT pg_relation_size($1::regclass)")
            .bind(&again.table)
            .fetch_one(&mut *db)
            .await?;
        let times = i64::try_from(again.statements.len()).unwrap_or(i64::MAX);
        sized.push((size.saturating_mul(times), again));
    }
    sized.sort_by_key(|(size, _)| *size);
    Ok(sized.into_iter().map(|(_, again)| again).collect())
}

async fn make(statements: Vec<String>, mut db: PgConnection) -> Result<PgConnection, LoadError> {
    db.execute(SETTINGS).await?;
    for statement in statements {
        db.execute(statement.as_str()).await?;
    }
    Ok(db)
}

/// How each index of a table is taken away and made again, constraints first.
async fn found(table: &str, db: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', $1, conname),
                format('ALTER TABLE %I ADD CONSTRAINT %I %s', $1, conname, pg_get_constraintdef(oid))
         FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u')
         UNION ALL
         SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
         FROM pg_index WHERE indrelid = $1::regclass
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
    )
    .bind(table)
    .fetch_all(db)
    .await
}
