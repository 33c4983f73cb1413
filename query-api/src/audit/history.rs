//! One stream, event by event, and the state that they add up to.

use api_contract::{ApiError, Timestamp};
use domain::Decide;
use domain::aggregate::Stored;
use domain::cart::Cart;
use domain::category::Category;
use domain::coupon::Coupon;
use domain::inventory::Inventory;
use domain::order::Order;
use domain::payment::Payment;
use domain::product::Product;
use domain::review::Review;
use event_store::{AsOf, Hash, Log, LogError, Metadata, Recorded};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::as_of::Moment;
use super::changes::{Change, between};
use super::subject::Subject;

/// Why a history can't be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is no such stream.
    #[error("there is no {subject} {id}")]
    Unknown {
        /// Of this kind.
        subject: Subject,
        /// With this id.
        id: String,
    },
    /// The log hasn't come that far.
    #[error("position {asked} is beyond the end of the log, which is at {head}")]
    BeyondHead {
        /// What was asked for.
        asked: i64,
        /// Where the log ends.
        head: i64,
    },
    /// A state could not be written as JSON.
    #[error("a state can't be written as JSON")]
    Unwritable(#[from] serde_json::Error),
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Log(error) => identity::failed(error),
            HistoryError::Unknown { subject, .. } => Self::not_found(subject.noun()),
            HistoryError::BeyondHead { .. } => Self::invalid("asOf", format!("asOf: {error}")),
            HistoryError::Unwritable(_) => Self::internal(error),
        }
    }
}

/// For which events the changes and the group's hash are wanted: a long stream has many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The last one: what changed since the moment before.
    Last,
    /// Each.
    Every,
}

/// A stream up to a moment.
#[derive(Debug)]
pub struct History {
    /// Of what.
    pub subject: Subject,
    /// Of which.
    pub id: String,
    /// Up to when; now if nothing.
    pub as_of: Option<AsOf>,
    /// Its events, in order; none if nothing had happened by then.
    pub steps: Vec<Step>,
    /// What they add up to, in the words of the log; nothing if nothing had happened by then.
    pub state: Option<Box<RawValue>>,
}

/// One event of a history.
#[derive(Debug)]
pub struct Step {
    /// The event.
    pub event: Recorded,
    /// The chain's hash at the end of its group, where that was wanted.
    pub group: Option<Hash>,
    /// What it changed, where that was wanted.
    pub changes: Vec<Change>,
}

impl History {
    /// Reads and folds a stream.
    pub async fn read(
        log: &Log,
        subject: Subject,
        id: &str,
        as_of: Option<AsOf>,
        told: Told,
    ) -> Result<Self, HistoryError> {
        if let Some(AsOf::Position(asked)) = as_of {
            let head = log.head().await?.position;
            if asked > head {
                return Err(HistoryError::BeyondHead { asked, head });
            }
        }
        let (mut steps, state) = match subject {
            Subject::Order => read_as::<Order>(log, id, as_of, told).await?,
            Subject::Payment => read_as::<Payment>(log, id, as_of, told).await?,
            Subject::Inventory => read_as::<Inventory>(log, id, as_of, told).await?,
            Subject::Cart => read_as::<Cart>(log, id, as_of, told).await?,
            Subject::Product => read_as::<Product>(log, id, as_of, told).await?,
            Subject::Coupon => read_as::<Coupon>(log, id, as_of, told).await?,
            Subject::Category => read_as::<Category>(log, id, as_of, told).await?,
            Subject::Review => read_as::<Review>(log, id, as_of, told).await?,
        };
        if steps.is_empty() && log.stream_length(subject.aggregate_type(), id).await? == 0 {
            return Err(HistoryError::Unknown { subject, id: id.to_owned() });
        }
        let from = match told {
            Told::Last => steps.len().saturating_sub(1),
            Told::Every => 0,
        };
        let wanted = steps.get_mut(from..).unwrap_or_default();
        let positions: Vec<_> = wanted.iter().map(|step| step.event.position).collect();
        for (step, group) in wanted.iter_mut().zip(log.groups_of(&positions).await?) {
            step.group = group.map(|group| group.hash);
        }
        Ok(Self { subject, id: id.to_owned(), as_of, steps, state })
    }
}

async fn read_as<A: Stored>(
    log: &Log,
    id: &str,
    as_of: Option<AsOf>,
    told: Told,
) -> Result<(Vec<Step>, Option<Box<RawValue>>), HistoryError> {
    let events = log.events_of::<A>(id, as_of).await?;
    Ok(fold::<A>(events, told)?)
}

/// Folds events, keeping beside them what they changed.
pub fn fold<A: Stored>(
    events: Vec<(Recorded, <A as Decide>::Event)>,
    told: Told,
) -> Result<(Vec<Step>, Option<Box<RawValue>>), serde_json::Error> {
    let count = events.len();
    let mut state = A::default();
    let mut before: Option<Value> = None;
    let mut steps = Vec::with_capacity(count);
    for (place, (event, happened)) in events.into_iter().enumerate() {
        let mut changes = Vec::new();
        if told == Told::Every || place + 1 == count {
            let old = before.take().map_or_else(|| serde_json::to_value(&state), Ok)?;
            state.evolve(&happened);
            let new = serde_json::to_value(&state)?;
            changes = between(&old, &new);
            before = Some(new);
        } else {
            state.evolve(&happened);
        }
        steps.push(Step { event, group: None, changes });
    }
    let state = if steps.is_empty() { None } else { Some(to_raw_value(&state)?) };
    Ok((steps, state))
}

/// An event as an auditor reads it; its data is the text that stands in the log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub struct EventView<'a> {
    position: i64,
    sequence: i64,
    event_id: Uuid,
    r#type: &'a str,
    version: &'a str,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    actor: Option<String>,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    group_hash: Option<String>,
    #[schema(value_type = Object)]
    data: &'a RawValue,
}

impl<'a> EventView<'a> {
    /// This event, in a group with this hash.
    pub fn of(event: &'a Recorded, group: Option<Hash>) -> Result<Self, LogError> {
        let metadata = event.metadata();
        let known = |name| metadata.get(name).map(str::to_owned);
        Ok(Self {
            position: event.position,
            sequence: event.sequence,
            event_id: event.event_id,
            r#type: &event.event_type,
            version: &event.event_version,
            occurred_at: event.occurred_at().into(),
            recorded_at: event.recorded_at.into(),
            actor: known(Metadata::ACTOR),
            correlation_id: known(Metadata::CORRELATION_ID),
            causation_id: known(Metadata::CAUSATION_ID),
            group_hash: group.map(|hash| hash.to_string()),
            data: serde_json::from_str(&event.payload)
                .map_err(|error| LogError::Unreadable(event.position, error))?,
        })
    }
}

/// A state as an auditor reads it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditState)]
pub struct StateView<'a> {
    aggregate_type: &'static str,
    aggregate_id: &'a str,
    /// Null: now.
    as_of: Option<Moment>,
    /// Of how many events it is made.
    version: usize,
    /// In the log's own words, amounts in minor units; null if nothing had happened by then.
    #[schema(value_type = Option<Object>)]
    state: Option<&'a RawValue>,
    /// The last of its events.
    event: Option<EventView<'a>>,
    /// What that event changed.
    changes: &'a [Change],
    /// All of them, where they are asked for together with the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    events: Option<Vec<EventView<'a>>>,
}

impl<'a> StateView<'a> {
    /// The state at the end of a history.
    pub fn of(history: &'a History) -> Result<Self, LogError> {
        let last = history.steps.last();
        Ok(Self {
            aggregate_type: history.subject.aggregate_type(),
            aggregate_id: &history.id,
            as_of: history.as_of.map(Moment::from),
            version: history.steps.len(),
            state: history.state.as_deref(),
            event: last.map(|step| EventView::of(&step.event, step.group)).transpose()?,
            changes: last.map_or(&[], |step| &step.changes),
            events: None,
        })
    }

    /// With every event beside it, for a history that was read with [`Told::Every`].
    pub fn with_events(mut self, history: &'a History) -> Result<Self, LogError> {
        let events = history.steps.iter().map(|step| EventView::of(&step.event, step.group));
        self.events = Some(events.collect::<Result<_, _>>()?);
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
