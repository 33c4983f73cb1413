//! What the feed can't take: skipping it, and taking it in anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Decide;
use domain::ids::CategoryId;
use domain::public::PublicEvent;
use domain::review::{self, Review};
use uuid::Uuid;

use super::Feed;
use crate::runner::refused::{Aggregate, Refused};
use crate::runner::source::Undecodable;

impl Feed {
    /// Skips these aggregates from these events of their streams on.
    pub(crate) fn hold(&mut self, parked: impl IntoIterator<Item = (Aggregate, i64)>) {
        self.parked.extend(parked);
    }

    /// How many aggregates are parked.
    pub(crate) fn parked(&self) -> usize {
        self.parked.len()
    }

    /// Whether an event is of an aggregate that is parked, at what it is parked for or behind it.
    pub(super) fn is_parked(&self, event: &PublicEvent) -> bool {
        // Hardly ever is anything parked.
        !self.parked.is_empty()
            && self
                .parked
                .get(&(event.aggregate_type.to_owned(), event.aggregate_id.clone()))
                .is_some_and(|from| event.sequence >= *from)
    }

    /// Parks an aggregate, if it isn't from an earlier event on.
    pub(super) fn park(&mut self, refused: Refused, all: &mut BTreeMap<Aggregate, Refused>) {
        let from = self.parked.get(&refused.aggregate);
        if from.is_none_or(|from| refused.sequence < *from) {
            self.lack(&refused.aggregate.0, &refused.aggregate.1, refused.sequence);
            self.parked.insert(refused.aggregate.clone(), refused.sequence);
            all.insert(refused.aggregate.clone(), refused);
        }
    }

    /// Takes in anew what an aggregate's stream says up to here. What can't be taken of it, if anything: then it is parked
    /// again.
    pub(crate) fn reread(
        &mut self,
        aggregate: &Aggregate,
        events: &[PublicEvent],
        undecodable: &[Undecodable],
    ) -> Option<Refused> {
        self.parked.remove(aggregate);
        let from = self.forget(aggregate);
        let lacks = |sequence: i64| sequence >= from;
        let events: Vec<_> = events.iter().filter(|it| lacks(it.sequence)).cloned().collect();
        let undecodable: Vec<_> = undecodable.iter().filter(|it| lacks(it.sequence)).cloned().collect();
        self.apply(&events, &undecodable, self.head).pop()
    }

    /// Forgets an aggregate: from which event on its stream is to be read then. What a review has added to a rating can't be
    /// told from the rest, and stays.
    fn forget(&mut self, (aggregate_type, id): &Aggregate) -> i64 {
        if aggregate_type == <Review as Decide>::TYPE {
            return self.lack_no_more(id);
        }
        let Ok(id) = id.parse::<Uuid>() else { return 1 };
        match aggregate_type.as_str() {
            "products" => {
                let slot = self.slot(id);
                self.table.withdraw(slot);
                self.fresh.described.insert(slot, None);
            }
            "inventory" => {
                let slot = self.slot(id);
                self.table.set_stock(slot, 0);
                self.fresh.moved.insert(slot);
            }
            _ => {
                Arc::make_mut(&mut self.categories).forget(CategoryId(id));
                self.fresh.categories = true;
            }
        }
        1
    }

    /// Notes that a review is not taken from this event of its stream on, if it is one. One whose stream has an id like no
    /// other is never taken.
    pub(super) fn lack(&mut self, aggregate_type: &str, id: &str, from: i64) {
        if aggregate_type != <Review as Decide>::TYPE {
            return;
        }
        let Some(review) = review::of_stream(id) else { return };
        let known = self.lacking.entry(review).or_insert(from);
        *known = from.min(*known);
        self.fresh.lacking.insert(review);
    }

    /// From which event on a review is to be taken in: the first that is lacking, beyond all where none is.
    fn lack_no_more(&mut self, id: &str) -> i64 {
        let Some(review) = review::of_stream(id) else { return 1 };
        self.fresh.lacking.insert(review);
        self.lacking.remove(&review).unwrap_or(i64::MAX)
    }
}
