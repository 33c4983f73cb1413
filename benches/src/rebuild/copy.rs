//! The peer: a bare COPY of the same rows, from memory, by one connection.

use std::time::Instant;

use event_store::Head;
use futures::TryStreamExt;
use projections::generation;
use projections::read_model::ReadModel;
use sqlx::{Executor, PgConnection};

use crate::Error;
use crate::decider::per_second;

/// The rows of a read model as COPY gave them.
pub struct Copied {
    tables: Vec<Table>,
    /// How many there are.
    pub rows: usize,
}

struct Table {
    /// One without rows that is made as theirs is: that one goes when it is rebuilt.
    shape: String,
    /// The one that they go to.
    bare: String,
    rows: Vec<Vec<u8>>,
}

/// What the tables have that the rows go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexes {
    /// None.
    Without,
    /// Those of the read model.
    Same,
}

impl Copied {
    /// Takes the rows of the live generation.
    pub async fn of(model: &dyn ReadModel, db: &mut PgConnection) -> Result<Self, Error> {
        let generation = generation::live(&mut *db, model).await?.ok_or("it is not there")?;
        let mut this = Self { tables: Vec::new(), rows: 0 };
        for table in model.tables() {
            let live = generation.table(model.name(), table);
            let count: i64 =
                sqlx::query_scalar(&format!("SELECT count(*) FROM {live}")).fetch_one(&mut *db).await?;
            let copied = db.copy_out_raw(&format!("COPY {live} TO STDOUT (FORMAT binary)")).await?;
            let rows = copied.map_ok(|piece| piece.to_vec()).try_collect().await?;
            this.rows += usize::try_from(count)?;
            let (shape, bare) = (format!("shape_{}", table.suffix), format!("bare_{}", table.suffix));
            db.execute(format!("DROP TABLE IF EXISTS {shape}").as_str()).await?;
            db.execute(format!("CREATE TABLE {shape} (LIKE {live} INCLUDING ALL)").as_str()).await?;
            this.tables.push(Table { shape, bare, rows });
        }
        Ok(this)
    }

    /// Loads them into new tables, one after another; rows a second.
    pub async fn load(&self, indexes: Indexes, db: &mut PgConnection) -> Result<f64, Error> {
        db.execute("SET synchronous_commit = off").await?;
        let including = match indexes {
            Indexes::Without => "",
            Indexes::Same => "INCLUDING INDEXES",
        };
        for Table { shape, bare, .. } in &self.tables {
            db.execute(format!("DROP TABLE IF EXISTS {bare}").as_str()).await?;
            db.execute(format!("CREATE TABLE {bare} (LIKE {shape} {including})").as_str()).await?;
        }
        let started = Instant::now();
        for Table { bare, rows, .. } in &self.tables {
            let mut copy = db.copy_in_raw(&format!("COPY {bare} FROM STDIN (FORMAT binary)")).await?;
            for pieces in rows.chunks(1000) {
                copy.send(pieces.concat()).await?;
            }
            copy.finish().await?;
        }
        let rate = per_second(self.rows, started);
        for Table { bare, .. } in &self.tables {
            db.execute(format!("DROP TABLE {bare}").as_str()).await?;
        }
        Ok(rate)
    }
}

/// How many events there are.
pub async fn events(db: &mut PgConnection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar("SELECT coalesce((SELECT position FROM log_head), $1)")
        .bind(Head::EMPTY.position)
        .fetch_one(db)
        .await?)
}
