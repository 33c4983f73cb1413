//! Asking the live generation of a read model.
//!
//! A query is one statement, so it sees one moment, and it asks along for the pointer and the checkpoint of that
//! moment: an answer always says which position it is of, and one from a generation that is no longer fed is thrown
//! away and asked again.

use std::sync::atomic::{AtomicI32, Ordering};

use event_store::sqlstate::{self, DEADLOCK_DETECTED, UNDEFINED_TABLE};
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use tokio::sync::AcquireError;
use tokio::task::JoinError;

use crate::generation::{self, Generation};
use crate::read_model::ReadModel;
use crate::registry;

/// Why a read model could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Postgres said so.
    #[error("asking the read model {0} failed")]
    Postgres(&'static str, #[source] sqlx::Error),
    /// A row is not what this build expects.
    #[error("the read model {0} answered what this build doesn't understand")]
    Unexpected(&'static str, #[source] serde_json::Error),
    /// The read model is not in this database, or its tables keep vanishing.
    #[error("the read model {0} is not there")]
    Missing(&'static str),
    /// The index said so.
    #[error("the search index failed")]
    Search(#[from] tantivy::TantivyError),
    /// Nobody has a turn at the index any more.
    #[error("the search index is not asked any more")]
    Closed(#[from] AcquireError),
    /// A search broke off: by a bug, or because the process ends.
    #[error("a search broke off")]
    Unfinished(#[from] JoinError),
}

impl QueryError {
    /// Whether the read model is only being made, or the index built: who asks again a moment later is answered. Whether
    /// Postgres only can't be reached now, its error says.
    pub fn is_not_ready(&self) -> bool {
        match self {
            Self::Missing(_) => true,
            Self::Postgres(..)
            | Self::Unexpected(..)
            | Self::Search(_)
            | Self::Closed(_)
            | Self::Unfinished(_) => false,
        }
    }
}

/// What a read model answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The position of the log that the answer is of.
    pub position: i64,
    /// The answer.
    pub value: T,
}

impl<T> Answer<T> {
    /// The same answer in another form.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { position: self.position, value: f(self.value) }
    }
}

/// The live tables of one read model.
#[derive(Debug)]
pub(crate) struct Live {
    name: &'static str,
    /// The version that this build knows.
    version: i32,
    pool: PgPool,
    /// The generation that was live when last we looked; 0 before that.
    generation: AtomicI32,
}

impl Live {
    pub(crate) fn new(name: &'static str, pool: PgPool) -> Self {
        let version = registry::find(name).map_or(1, ReadModel::version);
        Self { name, version, pool, generation: AtomicI32::new(0) }
    }

    /// Answers a query. The template is one scalar expression of type json, with `{g}` for the generation.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        template: &'static str,
        bind: impl Fn(&mut PgArguments) -> Result<(), BoxDynError>,
    ) -> Result<Answer<T>, QueryError> {
        // With the generation that was live when last we looked; if it is no longer, with the one that is now; and once more
        // if that was swapped meanwhile.
        for _ in 0..3 {
            let generation = self.generation().await?;
            if let Some(answer) = self.ask_generation(generation, template, &bind).await? {
                return Ok(answer);
            }
            self.generation.store(0, Ordering::Relaxed);
        }
        Err(QueryError::Missing(self.name))
    }

    async fn generation(&self) -> Result<Generation, QueryError> {
        match self.generation.load(Ordering::Relaxed) {
            0 => {
                let found = generation::live_of(&self.pool, self.name, self.version).await;
                let found = found.map_err(|e| self.postgres(e))?;
                let generation = found.ok_or(QueryError::Missing(self.name))?;
                self.generation.store(generation.0, Ordering::Relaxed);
                Ok(generation)
            }
            known => Ok(Generation(known)),
        }
    }

    /// Nothing if the generation is no longer live.
    async fn ask_generation<T: DeserializeOwned>(
        &self,
        generation: Generation,
        template: &'static str,
        bind: impl Fn(&mut PgArguments) -> Result<(), BoxDynError>,
    ) -> Result<Option<Answer<T>>, QueryError> {
        let statement = format!(
            "SELECT (SELECT generation FROM read_models WHERE name = '{name}' AND version = {version}),
                    (SELECT position FROM checkpoints WHERE name = '{name}@{generation}'),
                    ({body})::text",
            name = self.name,
            version = self.version,
            body = generation.sql(template),
        );
        let mut arguments = PgArguments::default();
        bind(&mut arguments).map_err(|e| self.postgres(sqlx::Error::Encode(e)))?;
        let row: Result<(Option<i32>, Option<i64>, Option<String>), _> =
            sqlx::query_as_with(&statement, arguments).fetch_one(&self.pool).await;
        let (live, position, body) = match row {
            Ok(row) => row,
            Err(error) if sqlstate::is(&error, UNDEFINED_TABLE) => return Ok(None),
            // With the dropping of the tables that it asks.
            Err(error) if sqlstate::is(&error, DEADLOCK_DETECTED) => return Ok(None),
            Err(error) => return Err(self.postgres(error)),
        };
        if live != Some(generation.0) {
            return Ok(None);
        }
        let value = serde_json::from_str(body.as_deref().unwrap_or("null"))
            .map_err(|e| QueryError::Unexpected(self.name, e))?;
        Ok(Some(Answer { position: position.unwrap_or(0), value }))
    }

    fn postgres(&self, error: sqlx::Error) -> QueryError {
        QueryError::Postgres(self.name, error)
    }
}
