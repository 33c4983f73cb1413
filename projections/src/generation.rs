//! Generations of a read model's tables, and the pointer to the live one.

use std::fmt;

use event_store::Checkpoint;
use sqlx::{PgConnection, PgExecutor};

use crate::read_model::{ReadModel, Table};
use crate::runner::ahead::Ahead;

/// A generation of a read model's tables. It is part of their names, so it is made of a number and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub i32);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Generation {
    /// A statement for this generation: each `{g}` of the template becomes its number.
    pub fn sql(self, template: &'static str) -> String {
        template.replace("{g}", &self.0.to_string())
    }

    /// The checkpoint of this generation of a read model: `order_history@2`.
    pub fn checkpoint(self, model: &str) -> Checkpoint {
        Checkpoint::named(format!("{model}@{self}"))
    }

    /// The full name of a table.
    pub fn table(self, model: &str, table: &Table) -> String {
        format!("{model}_g{self}_{}", table.suffix)
    }
}

/// The generation of a read model that is live for this build, which knows one version of it; nothing where there is none.
pub async fn live(db: impl PgExecutor<'_>, model: &dyn ReadModel) -> Result<Option<Generation>, sqlx::Error> {
    live_of(db, model.name(), model.version()).await
}

/// The live generation of a version of a read model.
pub(crate) async fn live_of(
    db: impl PgExecutor<'_>,
    name: &str,
    version: i32,
) -> Result<Option<Generation>, sqlx::Error> {
    let generation = sqlx::query_scalar!(
        "SELECT generation FROM read_models WHERE name = $1 AND version = $2",
        name,
        version
    )
    .fetch_optional(db)
    .await?;
    Ok(generation.flatten().map(Generation))
}

/// The versions of a read model that have a live generation, ascending.
pub(crate) async fn live_versions(
    db: impl PgExecutor<'_>,
    name: &str,
) -> Result<Vec<(i32, Generation)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT version, generation AS "generation!" FROM read_models
           WHERE name = $1 AND generation IS NOT NULL ORDER BY version"#,
        name
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.version, Generation(row.generation))).collect())
}

// The application may not write `read_models`; statements that do are not checked when this crate is compiled, which
// happens with the application's rights.

/// Makes the tables of the generation after all that there were, and says that it is being rebuilt. The schema's owner may
/// do it, in a transaction.
pub(crate) async fn create_next(
    db: &mut PgConnection,
    model: &dyn ReadModel,
) -> Result<Generation, sqlx::Error> {
    let (newest,): (i32,) = sqlx::query_as(
        "SELECT max(greatest(generation, rebuilding)) FROM
             (SELECT generation, rebuilding FROM read_models WHERE name = $1 FOR UPDATE) versions
         HAVING count(*) > 0",
    )
    .bind(model.name())
    .fetch_one(&mut *db)
    .await?;
    let next = Generation(newest + 1);
    sqlx::query(
        "INSERT INTO read_models (name, version, generation, rebuilding) VALUES ($1, $2, NULL, $3)
         ON CONFLICT (name, version) DO UPDATE SET rebuilding = excluded.rebuilding",
    )
    .bind(model.name())
    .bind(model.version())
    .bind(next.0)
    .execute(&mut *db)
    .await?;
    create(db, model, next).await?;
    Ok(next)
}

/// Makes the tables of a generation, and its checkpoint.
async fn create(
    db: &mut PgConnection,
    model: &dyn ReadModel,
    generation: Generation,
) -> Result<(), sqlx::Error> {
    // The function's name is a constant of this crate.
    sqlx::query(&format!("SELECT create_{}($1)", model.name())).bind(generation.0).execute(&mut *db).await?;
    generation.checkpoint(model.name()).store(db, &event_store::Head::EMPTY).await
}

/// Makes the tables of a generation that nobody reads anew.
pub(crate) async fn empty(
    db: &mut PgConnection,
    model: &dyn ReadModel,
    generation: Generation,
) -> Result<(), sqlx::Error> {
    drop_one(db, model, generation).await?;
    create(db, model, generation).await
}

/// Makes the generation that was rebuilt the live one of its version.
pub(crate) async fn point_to(
    db: &mut PgConnection,
    model: &dyn ReadModel,
    generation: Generation,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE read_models SET generation = $3, rebuilding = NULL WHERE name = $1 AND version = $2")
        .bind(model.name())
        .bind(model.version())
        .bind(generation.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets a version of a read model. Whether it was known.
pub(crate) async fn forget_version(
    db: &mut PgConnection,
    name: &str,
    version: i32,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM read_models WHERE name = $1 AND version = $2")
        .bind(name)
        .bind(version)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// What a generation has taken in, while nobody feeds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// All up to here.
    pub(crate) position: i64,
    /// And what is ahead of that, where Kafka feeds it.
    pub(crate) ahead: Ahead,
}

impl Held {
    /// Nothing above this was taken in.
    pub(crate) fn farthest(&self) -> i64 {
        self.position.max(self.ahead.farthest())
    }

    /// Up to where the events of an aggregate were taken in.
    pub(crate) fn reached(&self, aggregate_type: &str, aggregate_id: &str) -> i64 {
        self.position.max(self.ahead.reached(aggregate_type, aggregate_id))
    }
}

/// Keeps everybody else from feeding a generation until the transaction that is open ends, and says how far it has
/// come; nothing where there is no such generation.
pub(crate) async fn hold(
    db: &mut PgConnection,
    checkpoint: &Checkpoint,
) -> Result<Option<Held>, sqlx::Error> {
    let position =
        sqlx::query_scalar!("SELECT position FROM checkpoints WHERE name = $1 FOR UPDATE", checkpoint.name())
            .fetch_optional(&mut *db)
            .await?;
    let Some(position) = position else { return Ok(None) };
    Ok(Some(Held { position, ahead: Ahead::hold(db, checkpoint).await? }))
}

/// The generations of a read model that have tables, but the live ones.
pub(crate) async fn all_but_live(
    db: &mut PgConnection,
    model: &dyn ReadModel,
) -> Result<Vec<Generation>, sqlx::Error> {
    let live = live_versions(&mut *db, model.name()).await?;
    let is_live = |generation: &Generation| live.iter().any(|(_, live)| live == generation);
    Ok(with_tables(db, model).await?.into_iter().filter(|generation| !is_live(generation)).collect())
}

/// The generations of a read model that have tables.
pub(crate) async fn with_tables(
    db: &mut PgConnection,
    model: &dyn ReadModel,
) -> Result<Vec<Generation>, sqlx::Error> {
    let pattern = format!("^{}_g([0-9]+)_", model.name());
    let found = sqlx::query_scalar!(
        r#"SELECT DISTINCT substring(relname FROM $1)::integer AS "generation!" FROM pg_class
           WHERE relkind = 'r' AND relname ~ $1 AND pg_table_is_visible(oid)"#,
        pattern
    )
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(Generation).collect())
}

/// Drops a generation, with its checkpoint, its failure and what it has parked. Another version had perhaps other tables:
/// whatever is named like them. They go last: by them it is found again where this is broken off.
pub(crate) async fn drop_one(
    db: &mut PgConnection,
    model: &dyn ReadModel,
    generation: Generation,
) -> Result<(), sqlx::Error> {
    let checkpoint = generation.checkpoint(model.name());
    let name = checkpoint.name();
    sqlx::query!("DELETE FROM checkpoints WHERE name = $1", name).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM consumer_failures WHERE name = $1", name).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM partition_offsets WHERE consumer = $1", name).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM parked WHERE consumer = $1", name).execute(&mut *db).await?;
    let pattern = format!("^{}_g{generation}_", model.name());
    let tables = sqlx::query_scalar!(
        r#"SELECT relname::text AS "table!" FROM pg_class
           WHERE relkind = 'r' AND relname ~ $1 AND pg_table_is_visible(oid) ORDER BY relname"#,
        pattern
    )
    .fetch_all(&mut *db)
    .await?;
    for table in tables {
        sqlx::query(&format!("DROP TABLE {table}")).execute(&mut *db).await?;
    }
    Ok(())
}
