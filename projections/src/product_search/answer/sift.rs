//! Going through what matches: what is wanted of it, counted, and the first so many in order.

use super::facets::Counting;
use super::filter::Filter;
use super::order::Order;
use super::query::{SearchQuery, Sort};
use super::results::Facets;
use crate::cursor::{Key, Place};
use crate::product_search::index::Snapshot;
use crate::product_search::relevance::Match;
use crate::product_search::table::{Runs, Table};

/// A result on its way to a page.
pub(super) struct Sifting<'a> {
    filter: Filter,
    counting: Option<Counting>,
    order: Order,
    after: Option<&'a Place>,
    best: Best,
    total: usize,
}

/// What was found of a result.
pub(super) struct Sifted {
    /// The page, in order.
    pub(super) page: Vec<(Place, u32)>,
    /// Whether there is another one.
    pub(super) more: bool,
    pub(super) total: usize,
    pub(super) facets: Option<Facets>,
}

impl<'a> Sifting<'a> {
    pub(super) fn new(query: &'a SearchQuery, has_text: bool, snapshot: &Snapshot) -> Self {
        Self {
            filter: Filter::of(query, snapshot),
            counting: query.facets.then(|| Counting::new(snapshot, query.prices_in)),
            order: Order { sort: query.sort, has_text, prices_in: query.prices_in },
            after: query.after.as_ref().map(|after| &after.place),
            best: Best::new(query.offset.saturating_add(query.limit)),
            total: 0,
        }
    }

    /// Takes a product that matches and may be found.
    pub(super) fn take(&mut self, it: Match, table: &Table) {
        let (row, rest) = (table.row(it.slot), table.rest(it.slot));
        let passes = match &mut self.counting {
            None => self.filter.passes(row, rest),
            Some(counting) => {
                let failed = self.filter.failed(row, rest);
                counting.count(row, failed);
                failed.none()
            }
        };
        if passes {
            self.total += 1;
            let key = self.order.key(it, row, rest);
            // Of nearly all that is so, and then nothing else of them is looked at.
            if self.best.is_behind(&key) {
                self.best.pass_over();
                return;
            }
            let place = Place { key, id: rest.id };
            if self.after.is_none_or(|after| place.order(after).is_gt()) {
                self.best.offer(place, it.slot);
            }
        }
    }

    /// Takes every product that may be found, or as many as there can be of what is wanted.
    pub(super) fn take_all(&mut self, table: &Table) {
        let among = if self.counting.is_none() { self.filter.among(table) } else { None };
        let oldest_first = self.order.sort == Sort::Oldest;
        let take = |slot| {
            if table.is_shown(slot) {
                self.take(Match { slot, score: 0.0 }, table);
            }
        };
        // The newest come last, and what comes first in the order makes short work of the rest.
        match among {
            Some(among) if oldest_first => among.into_iter().flat_map(Runs::iter).for_each(take),
            Some(among) => among.into_iter().flat_map(|slots| slots.iter().rev()).for_each(take),
            None if oldest_first => table.slots().for_each(take),
            None => table.slots().rev().for_each(take),
        }
    }

    /// The page behind so many.
    pub(super) fn end(self, offset: usize, snapshot: &Snapshot) -> Sifted {
        let (page, more) = self.best.end(offset);
        let facets = self.counting.map(|counting| counting.told(snapshot));
        Sifted { page, more, total: self.total, facets }
    }
}

/// The first so many of a list whose order is not known before its end.
struct Best {
    most: usize,
    places: Vec<(Place, u32)>,
    /// There are enough before this one.
    last: Option<Place>,
    offered: usize,
}

impl Best {
    fn new(most: usize) -> Self {
        Self { most, places: Vec::new(), last: None, offered: 0 }
    }

    /// Whether there are enough before whatever has this key, be its id what it may.
    fn is_behind(&self, key: &Key) -> bool {
        self.last.as_ref().is_some_and(|last| key.order(&last.key).is_gt())
    }

    /// As if it had been offered: there are enough before it.
    fn pass_over(&mut self) {
        self.offered += 1;
    }

    fn offer(&mut self, place: Place, slot: u32) {
        self.offered += 1;
        if self.last.as_ref().is_some_and(|last| place.order(last).is_gt()) {
            return;
        }
        self.places.push((place, slot));
        // Now and then, so that it costs little and takes little room.
        if self.places.len() >= self.most.saturating_mul(2).saturating_add(64) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.places.len() <= self.most {
            return;
        }
        if let Some(last) = self.most.checked_sub(1) {
            let (_, last, _) = self.places.select_nth_unstable_by(last, |one, other| one.0.order(&other.0));
            self.last = Some(last.0.clone());
        }
        self.places.truncate(self.most);
    }

    fn end(mut self, offset: usize) -> (Vec<(Place, u32)>, bool) {
        self.cut();
        self.places.sort_unstable_by(|one, other| one.0.order(&other.0));
        self.places.drain(..offset.min(self.places.len()));
        (self.places, self.offered > self.most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::cursor::Numbers;

    proptest! {
        #[test]
        fn the_best_are_those_of_the_whole_list_in_order(
            numbers in prop::collection::vec(0_i64..40, 0..400), offset in 0_usize..30, limit in 0_usize..30,
        ) {
            let place = |(n, number): (usize, &i64)| {
                Place { key: Key::Number(Numbers::Oldest, *number), id: Uuid::from_u128(n as u128) }
            };
            let mut all: Vec<Place> = numbers.iter().enumerate().map(place).collect();
            let mut best = Best::new(offset + limit);
            for it in &all {
                if best.is_behind(&it.key) {
                    best.pass_over();
                } else {
                    best.offer(it.clone(), 0);
                }
            }
            let (page, more) = best.end(offset);
            all.sort_by(Place::order);
            let expected: Vec<_> = all.iter().skip(offset).take(limit).cloned().collect();
            prop_assert_eq!(page.into_iter().map(|(place, _)| place).collect::<Vec<_>>(), expected);
            prop_assert_eq!(more, all.len() > offset + limit);
        }
    }
}
