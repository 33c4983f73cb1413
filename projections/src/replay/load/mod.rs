//! Filling empty tables by COPY.
//!
//! The log is read aggregate by aggregate, up to its head of now, in ranges that fit in memory. For each core some tasks
//! take the next range, decode and fold it, and load the rows that are no other stream's: whole streams give final rows,
//! which are only inserted. What is added up over streams is gathered in memory, and in a table of parts where it gets
//! too much ([`gather`]); its rows come last. Indexes are taken away before and made after ([`indexes`]).
//!
//! An event that can't be decoded or folded parks its aggregate as elsewhere. Data that Postgres alone refuses has no
//! event to its name here: such a load is given up ([`LoadError::Refused`]), for another way that can find it.

mod crew;
mod gather;
mod indexes;
mod window;

use std::collections::BTreeSet;

use domain::with_causes;
use event_store::connect::lazy_pool_with;
use event_store::{Head, Log};
use futures::future::try_join_all;
use sqlx::{PgConnection, PgPool};
use tokio::sync::mpsc;
use tracing::info;

use self::crew::Crew;
use self::gather::Gathered;
use self::indexes::Indexes;
use super::Progress;
use crate::generation::Generation;
use crate::read_model::{ApplyError, Fold, Loaded, ReadModel};
use crate::rows::Rows;
use crate::runner::connection::connect;
use crate::runner::failure::FeedError;
use crate::tally::Tally;

/// Events of a range, so many and the rest of the last aggregate. The smaller it is the less waits for the last one.
const WINDOW: i64 = 5_000;

/// A range is read along the index, whatever Postgres takes it for: it would read the whole log for some, with a sort.
const ALONG_THE_INDEX: [(&str, &str); 2] =
    [("plan_cache_mode", "force_generic_plan"), ("max_parallel_workers_per_gather", "0")];

/// Keys whose sums are kept in memory: some 170 bytes each.
const MOST_KEYS: usize = 3_000_000;

/// Why tables could not be loaded.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// The rows can't be made or aren't taken, and nobody knows because of which event.
    Refused(String),
    /// Anything else.
    Feed(FeedError),
}

impl<E: Into<FeedError>> From<E> for LoadError {
    fn from(error: E) -> Self {
        match error.into() {
            FeedError::Apply(error) if error.is_of_the_event() => Self::Refused(with_causes(&error)),
            FeedError::Postgres(error) if ApplyError::is_of_data(&error) => {
                Self::Refused(with_causes(&error))
            }
            error => Self::Feed(error),
        }
    }
}

/// The empty tables of a generation that are to be loaded.
pub(crate) struct Load<'a> {
    pub(crate) model: &'static dyn ReadModel,
    pub(crate) generation: Generation,
    pub(crate) fold: Fold,
    pub(crate) owner: &'a PgPool,
    pub(crate) log: &'a Log,
    /// How large ranges are, and how much is kept in memory; see [`Size::default`].
    pub(crate) size: Size,
}

/// What is in memory at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Events of a range.
    pub(crate) window: i64,
    /// Keys of sums.
    pub(crate) keys: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { window: WINDOW, keys: MOST_KEYS }
    }
}

/// What a load came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filled {
    /// Everything up to here is in the tables.
    pub(crate) head: Head,
    /// Whether aggregates were parked.
    pub(crate) any_parked: bool,
}

impl Load<'_> {
    /// Loads everything up to the head of now.
    pub(crate) async fn run(
        &self,
        db: &mut PgConnection,
        progress: &impl Fn(Progress),
    ) -> Result<Filled, LoadError> {
        self.covers_all_tables()?;
        let head = self.log.head().await?;
        let indexes = Indexes::take_away(db, self.model, self.generation).await?;
        let ranges = self.model.aggregates().iter().map(|of| self.log.ranges(of, self.size.window));
        let ranges = try_join_all(ranges).await?.concat();
        let all = i64::try_from(ranges.len()).unwrap_or(i64::MAX).max(1);
        let mut gathered = Gathered::start(self.model, self.generation, self.size.keys, self.owner).await?;
        let (found, mut finding) = mpsc::channel(2);
        let crew = Crew::start(self, self.along_the_index(), head.position, ranges, found).await?;
        let (mut done, mut any_parked) = (0, false);
        while let Some(window) = finding.recv().await {
            done += 1;
            any_parked |= window.any_parked;
            gathered.take(window.tallies).await?;
            progress(Progress { position: part(head.position, done, all), head: head.position });
        }
        let mut connections = crew.ended().await?;
        connections.push(connect(self.owner).await?);
        let connections = gathered.load(connections).await?;
        indexes.make(connections).await?;
        info!(read_model = self.model.name(), position = head.position, "its new tables are loaded");
        Ok(Filled { head, any_parked })
    }

    /// The same log, by connections that read ranges.
    fn along_the_index(&self) -> Log {
        let options = self.log.pool().connect_options().as_ref().clone().options(ALONG_THE_INDEX);
        Log::new(lazy_pool_with(options, crew::MOST))
    }

    /// A table that somebody added and the fold doesn't know of would stay empty.
    fn covers_all_tables(&self) -> Result<(), LoadError> {
        let mut none = Loaded::default();
        (self.fold)(&[], &mut none)?;
        let Loaded { rows, tallies } = none;
        let known = rows.iter().map(Rows::table).chain(tallies.iter().map(Tally::table));
        let known: BTreeSet<_> = known.collect();
        match self.model.tables().iter().find(|table| !known.contains(table.suffix)) {
            Some(table) => {
                Err(LoadError::Refused(format!("no rows are folded for its table {}", table.suffix)))
            }
            None => Ok(()),
        }
    }
}

/// How far a load is: `done` of `all` ranges of what is up to the head. It is only shown.
fn part(head: i64, done: i64, all: i64) -> i64 {
    head.saturating_mul(done) / all.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Guards against a load of a short log in many ranges that is said to be at 0 until its end.
    #[test]
    fn a_load_is_as_far_as_its_ranges_are_however_short_the_log_is() {
        let of_three = |head| [0, 1, 2, 3].map(|done| part(head, done, 3));
        assert_eq!(of_three(2), [0, 0, 1, 2]);
        assert_eq!(of_three(10_000_001), [0, 3_333_333, 6_666_667, 10_000_001]);
        assert_eq!(part(i64::MAX, 2, 3), i64::MAX / 3, "not beyond what a number can be");
    }
}
