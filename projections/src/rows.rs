//! Rows made in memory, in the binary format of Postgres's COPY (its documentation: COPY, "Binary Format"). How each
//! value is written is sqlx's.

use sqlx::postgres::PgArgumentBuffer;
use sqlx::{Encode, PgConnection, Postgres};

use crate::generation::Generation;

/// What begins the format: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What ends it: a row of -1 columns.
const TRAILER: &[u8] = &(-1_i16).to_be_bytes();
/// Rows are sent in pieces of about this many bytes.
const PIECE: usize = 1 << 20;

/// One table, by the end of its name, and the columns that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The end of the table's name.
    pub table: &'static str,
    /// Columns, in the order in which a row has them.
    pub columns: &'static [&'static str],
}

/// Values of a row, each after its length.
#[derive(Debug, Default)]
pub struct Fields {
    buffer: PgArgumentBuffer,
    failed: Option<sqlx::Error>,
}

impl Fields {
    /// Adds a value, of just the type that its column has.
    pub fn put<'q, T: Encode<'q, Postgres>>(&mut self, value: T) -> &mut Self {
        let begin = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        let length = match value.encode_by_ref(&mut self.buffer) {
            Ok(encoded) if encoded.is_null() => Ok(-1),
            Ok(_) => i32::try_from(self.buffer.len() - begin - 4).map_err(Into::into),
            Err(error) => Err(error),
        };
        match length {
            Ok(length) => self.buffer[begin..begin + 4].copy_from_slice(&length.to_be_bytes()),
            Err(error) => self.failed = Some(sqlx::Error::Encode(error)),
        }
        self
    }

    /// Begins anew; what failed stays failed.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
    }

    /// What was added so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }
}

/// Rows of one table.
#[derive(Debug)]
pub struct Rows {
    target: Target,
    fields: Fields,
    count: u64,
}

impl Rows {
    /// None yet.
    pub fn of(target: Target) -> Self {
        Self { target, fields: Fields::default(), count: 0 }
    }

    /// Begins a row: a value for each column is to be put.
    pub fn row(&mut self) -> &mut Fields {
        self.count += 1;
        let columns = i16::try_from(self.target.columns.len()).unwrap_or(i16::MAX);
        self.fields.buffer.extend_from_slice(&columns.to_be_bytes());
        &mut self.fields
    }

    /// Adds a row of fields that are put already.
    pub(crate) fn row_of(&mut self, fields: &[u8]) -> &mut Fields {
        let row = self.row();
        row.buffer.extend_from_slice(fields);
        row
    }

    /// The end of their table's name.
    pub(crate) fn table(&self) -> &'static str {
        self.target.table
    }

    /// How many rows there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Loads them into their table of a generation.
    pub(crate) async fn copy(
        self,
        model: &str,
        generation: Generation,
        db: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        let table = format!("{model}_g{generation}_{}", self.target.table);
        self.copy_to(&table, db).await
    }

    /// Loads them into a table of this name, which is made of constants.
    pub(crate) async fn copy_to(self, table: &str, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        if let Some(error) = self.fields.failed {
            return Err(error);
        }
        if self.count == 0 {
            return Ok(());
        }
        let columns = self.target.columns.join(", ");
        let mut copy =
            db.copy_in_raw(&format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)")).await?;
        copy.send(HEADER).await?;
        for piece in self.fields.buffer.chunks(PIECE) {
            copy.send(piece).await?;
        }
        copy.send(TRAILER).await?;
        copy.finish().await?;
        Ok(())
    }
}
