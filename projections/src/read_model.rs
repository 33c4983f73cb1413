//! What a read model in Postgres is to the runner.

use domain::public::PublicEvent;
use event_store::sqlstate;
use futures::future::BoxFuture;
use sqlx::PgConnection;

use crate::generation::Generation;
use crate::rows::{Rows, Target};
use crate::tally::{Counted, Tally};

/// One table of a read model: `<model>_g<generation>_<suffix>`.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The end of its name.
    pub suffix: &'static str,
    /// Its primary key's columns.
    pub key: &'static str,
}

/// A read model in Postgres.
pub trait ReadModel: Send + Sync {
    /// Its name: in `read_models`, in `checkpoints`, for `daybook replay`.
    fn name(&self) -> &'static str;

    /// The version of its rows. Who changes its tables, or what stands in them, raises it and replaces the function that
    /// makes them: then the new version is built beside the old one, which builds of before go on feeding and reading.
    fn version(&self) -> i32 {
        1
    }

    /// Its tables. Its migration makes them by the function `create_<name>(generation)`.
    fn tables(&self) -> &'static [Table];

    /// The aggregate types whose events it reads. Others need not be decoded for it.
    fn aggregates(&self) -> &'static [&'static str];

    /// Whether an event may change a row. A batch in which none does only moves the checkpoint.
    fn concerns(&self, event: &PublicEvent) -> bool {
        self.aggregates().contains(&event.aggregate_type)
    }

    /// Writes what a batch of events changes into the tables of a generation, in the transaction that is open on
    /// `db`. The batch is folded in memory first, then written with one statement for each table, together where that
    /// is possible.
    fn apply<'a>(
        &'a self,
        events: &'a [PublicEvent],
        generation: Generation,
        db: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), ApplyError>>;

    /// How a rebuild makes the rows of whole streams in memory, to load them by COPY: the same rows that [`Self::apply`]
    /// would come to. Without it a rebuild applies event after event.
    fn fold(&self) -> Option<Fold> {
        None
    }
}

/// Folds one whole stream, from its first event on, and adds what it comes to; of none it only names all tables. A stream
/// that it refuses has added nothing.
pub type Fold = fn(&[PublicEvent], &mut Loaded) -> Result<(), ApplyError>;

/// What whole streams come to.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Rows that no other stream adds to, by table.
    pub(crate) rows: Vec<Rows>,
    /// What is added up over streams, by table.
    pub(crate) tallies: Vec<Tally>,
}

impl Loaded {
    /// The rows of a table.
    pub fn rows(&mut self, target: Target) -> &mut Rows {
        let place = self.rows.iter().position(|rows| rows.table() == target.table).unwrap_or_else(|| {
            self.rows.push(Rows::of(target));
            self.rows.len() - 1
        });
        &mut self.rows[place]
    }

    /// The sums of a table.
    pub fn tally(&mut self, counted: Counted) -> &mut Tally {
        let table = counted.target.table;
        let place = self.tallies.iter().position(|tally| tally.table() == table).unwrap_or_else(|| {
            self.tallies.push(Tally::of(counted));
            self.tallies.len() - 1
        });
        &mut self.tallies[place]
    }
}

/// Why a batch could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Postgres said so.
    #[error("writing the read model failed")]
    Postgres(#[from] sqlx::Error),
    /// An event that no rule of the domain allows, or one of a build that is newer than this one.
    #[error("the event at position {position} can't be taken: {reason}")]
    BadEvent {
        /// Where it is.
        position: i64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl ApplyError {
    /// The id of an event's aggregate, where the read model keys its rows by it.
    pub(crate) fn aggregate_uuid(event: &PublicEvent) -> Result<uuid::Uuid, Self> {
        event.aggregate_id.parse().map_err(|_| Self::bad(event, "its aggregate's id is not a UUID"))
    }

    /// Whether it is because of an event, and would be so tomorrow: Postgres refuses its data, or the read model does. A
    /// statement that is wrong by itself is not the event's fault.
    pub(crate) fn is_of_the_event(&self) -> bool {
        match self {
            Self::BadEvent { .. } => true,
            Self::Postgres(error) => Self::is_of_data(error),
        }
    }

    /// Whether Postgres refuses the data.
    pub(crate) fn is_of_data(error: &sqlx::Error) -> bool {
        sqlstate::of(error).is_some_and(|said| sqlstate::is_of_data(&said))
    }

    /// An event that can't be taken.
    pub(crate) fn bad(event: &PublicEvent, reason: &'static str) -> Self {
        Self::BadEvent { position: event.position, reason }
    }
}
