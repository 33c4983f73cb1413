//! What of a batch a read model takes in, and what it parks.
//!
//! An event that a read model can't take, because of the event and not of the moment, parks its aggregate from that
//! event on; the events of all others are applied. What is parked is skipped until [`crate::parked::retry`].

use std::collections::HashSet;

use domain::public::PublicEvent;
use sqlx::{Connection, PgConnection};

use super::refused::{Aggregate, Refused};
use super::source::Undecodable;
use crate::generation::Generation;
use crate::read_model::{ApplyError, ReadModel};

/// Events for a generation of a read model, in an order that keeps each aggregate's.
pub(crate) struct Intake<'a> {
    pub(crate) model: &'static dyn ReadModel,
    pub(crate) generation: Generation,
    pub(crate) events: &'a [PublicEvent],
    /// Those that this build can't decode. Others than the read model's are none of its business.
    pub(crate) undecodable: &'a [Undecodable],
}

impl Intake<'_> {
    /// Whether some event can't be decoded, so that there is something to park before anything is tried.
    pub(crate) fn must_park(&self) -> bool {
        self.undecodable.iter().any(|event| event.stops(self.model.aggregates()))
    }

    /// Whether nothing of it changes a row or parks an aggregate.
    pub(crate) fn is_empty(&self) -> bool {
        !self.must_park() && !self.events.iter().any(|event| self.model.concerns(event))
    }

    /// Takes the events in: as if nothing could be wrong with one, under a savepoint, and where something is, once more
    /// with an eye on that. `any_parked`: whether aggregates may be parked already. How many were parked now.
    pub(crate) async fn take(&self, any_parked: bool, db: &mut PgConnection) -> Result<usize, ApplyError> {
        if self.is_empty() {
            return Ok(0);
        }
        if !self.must_park() {
            let mut savepoint = db.begin().await?;
            match self.apply(any_parked, &mut savepoint).await {
                Ok(()) => {
                    savepoint.commit().await?;
                    return Ok(0);
                }
                Err(error) if error.is_of_the_event() => savepoint.rollback().await?,
                Err(error) => return Err(error),
            }
        }
        self.apply_and_park(db).await
    }

    /// The same without a savepoint: where an event can't be taken, the transaction is of no use any more.
    pub(crate) async fn take_at_once(
        &self,
        any_parked: bool,
        db: &mut PgConnection,
    ) -> Result<(), ApplyError> {
        if self.is_empty() {
            return Ok(());
        }
        if self.must_park() {
            self.apply_and_park(db).await?;
            return Ok(());
        }
        self.apply(any_parked, db).await
    }

    /// Applies the events, but for those of aggregates that are parked.
    pub(crate) async fn apply(&self, any_parked: bool, db: &mut PgConnection) -> Result<(), ApplyError> {
        if any_parked {
            let parked = self.parked(db).await?;
            if !parked.is_empty() {
                let events = self.events_but(&parked);
                return self.model.apply(&events, self.generation, db).await;
            }
        }
        self.model.apply(self.events, self.generation, db).await
    }

    /// The same, where something may not be taken: that is parked, and the rest applied. How many aggregates were parked.
    pub(crate) async fn apply_and_park(&self, db: &mut PgConnection) -> Result<usize, ApplyError> {
        let consumer = self.generation.checkpoint(self.model.name());
        let mut parked = self.parked(db).await?;
        let already = parked.len();
        let mut events = self.events_but(&parked);
        for event in self.undecodable.iter().filter(|event| event.stops(self.model.aggregates())) {
            let refused = Refused::undecodable(event);
            if parked.insert(refused.aggregate.clone()) {
                refused.park(&consumer, &mut *db).await?;
                refused.hold_back(&mut events);
            }
        }
        while let Err(error) = self.try_apply(&events, db).await? {
            let (place, error) = self.culprit(&events, error, db).await?;
            let refused = Refused::of(&events[place], &error);
            refused.park(&consumer, &mut *db).await?;
            parked.insert(refused.aggregate.clone());
            refused.hold_back(&mut events);
        }
        Ok(parked.len() - already)
    }

    /// The first event that can't be taken, for `error` says that one can't: the last one of the shortest beginning
    /// that fails.
    async fn culprit(
        &self,
        events: &[PublicEvent],
        error: ApplyError,
        db: &mut PgConnection,
    ) -> Result<(usize, ApplyError), ApplyError> {
        if let ApplyError::BadEvent { position, .. } = error
            && let Some(place) = events.iter().position(|event| event.position == position)
        {
            return Ok((place, error));
        }
        let (mut good, mut bad, mut error) = (0_usize, events.len(), error);
        while bad - good > 1 {
            let middle = good.midpoint(bad);
            let mut savepoint = db.begin().await?;
            let tried = self.model.apply(&events[..middle], self.generation, &mut savepoint).await;
            savepoint.rollback().await?;
            match tried {
                Ok(()) => good = middle,
                Err(refused) if refused.is_of_the_event() => (bad, error) = (middle, refused),
                Err(other) => return Err(other),
            }
        }
        Ok((bad.saturating_sub(1), error))
    }

    /// Applies events, or nothing of them: then why, if it is because of one of them.
    async fn try_apply(
        &self,
        events: &[PublicEvent],
        db: &mut PgConnection,
    ) -> Result<Result<(), ApplyError>, ApplyError> {
        let mut savepoint = db.begin().await?;
        match self.model.apply(events, self.generation, &mut savepoint).await {
            Ok(()) => {
                savepoint.commit().await?;
                Ok(Ok(()))
            }
            Err(refused) if refused.is_of_the_event() && !events.is_empty() => {
                savepoint.rollback().await?;
                Ok(Err(refused))
            }
            Err(other) => Err(other),
        }
    }

    fn events_but(&self, parked: &HashSet<Aggregate>) -> Vec<PublicEvent> {
        let is_free = |event: &&PublicEvent| {
            !parked.contains(&(event.aggregate_type.to_owned(), event.aggregate_id.clone()))
        };
        self.events.iter().filter(is_free).cloned().collect()
    }

    /// Which of the batch's aggregates are parked.
    async fn parked(&self, db: &mut PgConnection) -> Result<HashSet<Aggregate>, sqlx::Error> {
        let events = self.events.iter().map(|event| (event.aggregate_type, event.aggregate_id.as_str()));
        let undecodable =
            self.undecodable.iter().map(|it| (it.aggregate_type.as_str(), it.aggregate_id.as_str()));
        let aggregates: HashSet<_> = events.chain(undecodable).collect();
        let (types, ids): (Vec<_>, Vec<_>) = aggregates.into_iter().unzip();
        let checkpoint = self.generation.checkpoint(self.model.name());
        let found = sqlx::query!(
            "SELECT aggregate_type, aggregate_id FROM parked
             WHERE consumer = $1 AND (aggregate_type, aggregate_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))",
            checkpoint.name(),
            &types as _,
            &ids as _,
        )
        .fetch_all(db)
        .await?;
        Ok(found.into_iter().map(|row| (row.aggregate_type, row.aggregate_id)).collect())
    }
}
