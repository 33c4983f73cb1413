//! Where projectors get events from.
//!
//! [`LogSource`] is the log in Postgres, one total order. Kafka has an order in each partition alone, which is not a
//! source of this kind: see [`super::kafka`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use domain::public::{PublicEvent, PublishError};
use domain::with_causes;
use event_store::{Batch, Head, Log, LogError, LogWatch, Recorded};
use futures::future::BoxFuture;
use tokio::sync::OnceCell;

/// How many events a batch has at most, roughly, whether it is read or joined of what was: whole groups. What is read ends
/// at or before a multiple of this.
pub const BATCH: i64 = 5_000;

/// How many batches are kept for projectors that are a little behind, if they have no more than [`KEPT_EVENTS`].
const KEPT_BATCHES: usize = 64;

/// How many events are kept for them.
const KEPT_EVENTS: usize = 10_000;

/// Public events in the order of the log, and where they end.
#[derive(Debug)]
pub struct PublicBatch {
    /// Those that are published and that somebody reads.
    pub events: Vec<PublicEvent>,
    /// Those that this build can't decode: whoever reads their aggregate type parks the aggregate.
    pub undecodable: Vec<Undecodable>,
    /// The end: the next checkpoint.
    pub head: Head,
}

/// An event that this build can't decode.
#[derive(Clone, Debug)]
pub struct Undecodable {
    /// Where it is.
    pub position: i64,
    /// Of what.
    pub aggregate_type: String,
    /// Of which.
    pub aggregate_id: String,
    /// Its place in its stream.
    pub sequence: i64,
    /// What it is called.
    pub event_type: String,
    /// Why, with the causes.
    pub error: String,
}

/// A source of public events.
pub trait EventSource: Send + Sync {
    /// The events after `after`; an empty batch that ends there too when there are none yet.
    fn read_after(&self, after: Head) -> BoxFuture<'_, Result<Arc<PublicBatch>, LogError>>;

    /// Waits until there may be events beyond a position.
    fn beyond(&self, position: i64) -> BoxFuture<'_, ()>;
}

/// The log as a source, shared by the projectors of a process: one that asks where another has just read gets the
/// same batch, decoded once, and one that is behind gets what the others have read since as one batch.
pub struct LogSource {
    log: Log,
    watch: LogWatch,
    wanted: Vec<&'static str>,
    recent: Mutex<VecDeque<(Head, Cell)>>,
}

type Cell = Arc<OnceCell<Arc<PublicBatch>>>;

impl std::fmt::Debug for LogSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogSource").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

impl LogSource {
    /// A source of the events that any read model of this crate wants.
    pub fn new(log: Log, watch: LogWatch) -> Self {
        let mut wanted: Vec<_> =
            crate::registry::READ_MODELS.iter().flat_map(|model| model.aggregates()).copied().collect();
        wanted.extend(crate::product_search::AGGREGATES);
        wanted.sort_unstable();
        wanted.dedup();
        Self { log, watch, wanted, recent: Mutex::default() }
    }

    /// The cell of the batch that begins at `after`, with room made for it if it is new.
    fn cell(&self, after: Head) -> Cell {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = recent.iter().find(|(head, _)| *head == after) {
            return Arc::clone(cell);
        }
        let events = |(_, cell): &(Head, Cell)| cell.get().map_or(0, |batch| batch.events.len());
        while recent.len() >= KEPT_BATCHES || recent.iter().map(events).sum::<usize>() > KEPT_EVENTS {
            recent.pop_front();
        }
        let cell = Cell::default();
        recent.push_back((after, Arc::clone(&cell)));
        cell
    }

    /// What others have read after `after` and in one go from there, if that is more than a batch of theirs, but no more
    /// than [`BATCH`].
    fn read_by_others(&self, after: Head) -> Option<PublicBatch> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let next = |at: Head| {
            let (_, cell) = recent.iter().find(|(head, _)| *head == at)?;
            cell.get().filter(|batch| batch.head != at)
        };
        let first = next(after)?;
        let mut batches = vec![Arc::clone(first), Arc::clone(next(first.head)?)];
        let mut events: usize = batches.iter().map(|batch| batch.events.len()).sum();
        let most = usize::try_from(BATCH).unwrap_or(usize::MAX);
        while let Some(batch) = batches.last().and_then(|last| next(last.head)) {
            events += batch.events.len();
            if events > most {
                break;
            }
            batches.push(Arc::clone(batch));
        }
        drop(recent);
        let mut all =
            PublicBatch { events: Vec::with_capacity(events), undecodable: Vec::new(), head: after };
        for batch in batches {
            all.events.extend_from_slice(&batch.events);
            all.undecodable.extend_from_slice(&batch.undecodable);
            all.head = batch.head;
        }
        Some(all)
    }

    fn forget(&self, after: Head) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|(head, _)| *head != after);
    }

    async fn read(&self, after: Head) -> Result<Arc<PublicBatch>, LogError> {
        let batch = self.log.read_after(&after, at_most(after.position)).await?;
        Ok(Arc::new(decode(batch, self.wanted.clone()).await))
    }
}

impl EventSource for LogSource {
    fn read_after(&self, after: Head) -> BoxFuture<'_, Result<Arc<PublicBatch>, LogError>> {
        Box::pin(async move {
            if let Some(batch) = self.read_by_others(after) {
                return Ok(Arc::new(batch));
            }
            let cell = self.cell(after);
            let batch = Arc::clone(cell.get_or_try_init(|| self.read(after)).await?);
            if batch.head == after {
                self.forget(after); // the log goes on after here one day
            }
            Ok(batch)
        })
    }

    fn beyond(&self, position: i64) -> BoxFuture<'_, ()> {
        Box::pin(self.watch.beyond(position))
    }
}

/// How much to read so that whoever reads on from near here ends at the same place, and reads together from there.
pub(crate) fn at_most(position: i64) -> i64 {
    let left = BATCH - position % BATCH;
    if left < BATCH / 4 { left + BATCH } else { left }
}

/// Decodes the events that are wanted, away from the threads that answer requests.
pub(crate) async fn decode(batch: Batch, wanted: Vec<&'static str>) -> PublicBatch {
    if batch.events.len() < 50 {
        return decode_now(&batch, &wanted);
    }
    let head = batch.head;
    let decoded = tokio::task::spawn_blocking(move || decode_now(&batch, &wanted)).await;
    decoded.unwrap_or_else(|error| PublicBatch {
        events: Vec::new(),
        undecodable: vec![Undecodable {
            position: head.position,
            aggregate_type: Undecodable::ANY.to_owned(),
            aggregate_id: String::new(),
            sequence: 0,
            event_type: String::new(),
            error: error.to_string(),
        }],
        head,
    })
}

fn decode_now(batch: &Batch, wanted: &[&'static str]) -> PublicBatch {
    let recorded = batch.events.iter().filter(|e| wanted.contains(&e.aggregate_type.as_str()));
    let (events, undecodable) = publish(recorded);
    PublicBatch { events, undecodable, head: batch.head }
}

/// What is published of these events, and which of them can't be decoded, both in their order.
pub(crate) fn publish<'a, T: AsRef<str> + 'a>(
    recorded: impl Iterator<Item = &'a Recorded<T>>,
) -> (Vec<PublicEvent>, Vec<Undecodable>) {
    let mut events = Vec::with_capacity(recorded.size_hint().1.unwrap_or(0));
    let mut undecodable = Vec::new();
    for it in recorded {
        match it.publish() {
            Ok(event) => events.extend(event),
            Err(error) => undecodable.push(Undecodable::of(it, &error)),
        }
    }
    (events, undecodable)
}

impl Undecodable {
    /// In place of a type: decoding broke off and nobody knows at what.
    pub(crate) const ANY: &str = "*";

    /// One that can't be published, and why.
    fn of<T>(recorded: &Recorded<T>, error: &PublishError) -> Self {
        Self {
            position: recorded.position,
            aggregate_type: recorded.aggregate_type.clone(),
            aggregate_id: recorded.aggregate_id.clone(),
            sequence: recorded.sequence,
            event_type: recorded.event_type.clone(),
            error: with_causes(error),
        }
    }

    /// Whether it stops a reader of these aggregate types.
    pub fn stops(&self, aggregates: &[&str]) -> bool {
        self.aggregate_type == Self::ANY || aggregates.contains(&self.aggregate_type.as_str())
    }
}
