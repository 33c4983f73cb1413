//! A stream folded into what a client is told of it.

use std::fmt::Display;

use domain::Record;
use domain::aggregate::Stored;

use super::{Log, LogError};

/// What a stream tells, up to some position.
#[derive(Clone, Debug, Default)]
pub struct Told<R> {
    /// Its record; the default where there is no stream.
    pub record: R,
    /// The position of its last event; 0 where there is no stream.
    pub position: i64,
}

impl Log {
    /// What a stream tells as of a position (that of an answer that is given again), or as of now.
    pub async fn told<R>(&self, id: impl Display, as_of: Option<i64>) -> Result<Told<R>, LogError>
    where
        R: Record,
        R::Of: Stored,
    {
        let (before, events) = self.events_since_last::<R::Of>(R::ANEW, id, as_of).await?;
        let mut told = Told { record: R::after(before), position: 0 };
        for (row, event) in events {
            told.record.apply(&event, row.occurred_at());
            told.position = row.position;
        }
        Ok(told)
    }
}
