//! Which aggregates a decider knows, and how each is loaded.

use std::any::Any;
use std::collections::HashMap;
use std::marker::PhantomData;

use async_trait::async_trait;
use cqrs_es::persist::{EventUpcaster, PersistedEventRepository, PersistenceError};
use domain::Decide;
use domain::aggregate::{Stored, parse_event, upcast};
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;

use crate::snapshot;

/// Why a stream could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Postgres said so.
    #[error("loading a stream failed")]
    Repository(#[from] PersistenceError),
    /// Postgres said so.
    #[error("loading a snapshot or a key failed")]
    Postgres(#[from] sqlx::Error),
    /// A decision asked for an aggregate that this decider wasn't given.
    #[error("the aggregate type {0} is not registered with the decider")]
    Unregistered(&'static str),
    /// An event that this build can't read.
    #[error("a stored event can't be read")]
    Decode(#[from] serde_json::Error),
}

/// A state whose type is known to its [`AggregateType`] alone.
pub trait State: Any + Send + Sync {
    /// A copy.
    fn boxed_clone(&self) -> Box<dyn State>;
    /// Itself, to be downcast.
    fn as_any(&self) -> &dyn Any;
    /// Itself, to be downcast.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<A: Stored> State for A {
    fn boxed_clone(&self) -> Box<dyn State> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// One aggregate type, without its type.
#[async_trait]
pub trait AggregateType: Send + Sync {
    /// The state of a stream without events.
    fn absent(&self) -> Box<dyn State>;
    /// Changes a state by a stored event.
    fn evolve(
        &self,
        state: &mut dyn State,
        event_type: &str,
        event_version: &str,
        payload: &str,
    ) -> Result<(), LoadError>;
    /// A stream's state and sequence from the log.
    async fn load(&self, pool: &PgPool, aggregate_id: &str) -> Result<(Box<dyn State>, i64), LoadError>;
    /// Whether its streams grow long.
    fn snapshots(&self) -> bool;
    /// Keeps a snapshot.
    async fn snapshot(
        &self,
        pool: &PgPool,
        aggregate_id: &str,
        state: Box<dyn State>,
        sequence: i64,
    ) -> Result<(), sqlx::Error>;
}

struct Typed<A> {
    upcasters: Vec<Box<dyn EventUpcaster>>,
    snapshots: bool,
    aggregate: PhantomData<fn() -> A>,
}

#[async_trait]
impl<A: Stored> AggregateType for Typed<A> {
    fn absent(&self) -> Box<dyn State> {
        Box::new(A::default())
    }

    fn evolve(
        &self,
        state: &mut dyn State,
        event_type: &str,
        event_version: &str,
        payload: &str,
    ) -> Result<(), LoadError> {
        let event = parse_event::<A>(&self.upcasters, event_type, event_version, payload)?;
        if let Some(state) = state.as_any_mut().downcast_mut::<A>() {
            state.evolve(&event);
        }
        Ok(())
    }

    async fn load(&self, pool: &PgPool, aggregate_id: &str) -> Result<(Box<dyn State>, i64), LoadError> {
        let repository = PostgresEventRepository::new(pool.clone());
        let known = if self.snapshots {
            snapshot::load::<A>(pool, <A as Decide>::TYPE, aggregate_id).await?
        } else {
            None
        };
        let (mut state, mut sequence) = known.unwrap_or_default();
        let events = match usize::try_from(sequence) {
            Ok(last) if last > 0 => repository.get_last_events::<A>(aggregate_id, last).await?,
            _ => repository.get_events::<A>(aggregate_id).await?,
        };
        for event in events {
            sequence = i64::try_from(event.sequence).unwrap_or(i64::MAX);
            let event = upcast(&self.upcasters, event);
            state.evolve(&serde_json::from_value(event.payload)?);
        }
        Ok((Box::new(state), sequence))
    }

    fn snapshots(&self) -> bool {
        self.snapshots
    }

    async fn snapshot(
        &self,
        pool: &PgPool,
        aggregate_id: &str,
        state: Box<dyn State>,
        sequence: i64,
    ) -> Result<(), sqlx::Error> {
        match (*state).as_any().downcast_ref::<A>() {
            Some(state) => snapshot::store(pool, <A as Decide>::TYPE, aggregate_id, state, sequence).await,
            None => Ok(()),
        }
    }
}

/// The aggregates that a decider knows.
#[derive(Default)]
pub struct Registry {
    types: HashMap<&'static str, Box<dyn AggregateType>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.types.keys()).finish()
    }
}

impl Registry {
    /// Adds an aggregate whose streams are short.
    #[must_use]
    pub fn with<A: Stored>(self) -> Self {
        self.add::<A>(false)
    }

    /// Adds an aggregate whose streams grow long and are snapshotted.
    #[must_use]
    pub fn with_snapshots<A: Stored>(self) -> Self {
        self.add::<A>(true)
    }

    fn add<A: Stored>(mut self, snapshots: bool) -> Self {
        let typed = Typed::<A> { upcasters: A::upcasters(), snapshots, aggregate: PhantomData };
        self.types.insert(<A as Decide>::TYPE, Box::new(typed));
        self
    }

    /// The types that it knows.
    pub fn types(&self) -> impl Iterator<Item = &'static str> {
        self.types.keys().copied()
    }

    /// The aggregate of this type.
    pub(super) fn get(&self, aggregate_type: &str) -> Option<&dyn AggregateType> {
        self.types.get(aggregate_type).map(Box::as_ref)
    }

    /// The registered name of a type, where it is one.
    pub(super) fn name(&self, aggregate_type: &str) -> Option<&'static str> {
        self.types.get_key_value(aggregate_type).map(|(name, _)| *name)
    }
}
