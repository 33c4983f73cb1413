//! Who wrote last where.

use std::collections::HashMap;

/// So many are remembered at most.
const MOST: usize = 100_000;
/// Where there is no more room it is made for so many at once: all are gone through for it.
const LOT: usize = 25_000;

/// The last writers of the log, each with the position of his last event.
#[derive(Debug, Default)]
pub(super) struct Writers(HashMap<String, i64>);

impl Writers {
    /// The position of somebody's last event, if it is remembered.
    pub(super) fn last_of(&self, actor: &str) -> Option<i64> {
        self.0.get(actor).copied()
    }

    /// Whether there is room for so many more.
    pub(super) fn has_room(&self, more: usize) -> bool {
        self.0.len() + more <= MOST
    }

    /// Forgets those whose events every read model has, up to `read`. Where that is not enough, those who wrote longest
    /// ago too: a read model that is behind so many comes to none of them within the time that a read waits.
    pub(super) fn make_room(&mut self, read: i64) {
        self.0.retain(|_, position| *position > read);
        let too_many = self.0.len().saturating_sub(MOST - LOT);
        if too_many > 0 {
            let mut positions: Vec<i64> = self.0.values().copied().collect();
            let (.., last, _) = positions.select_nth_unstable(too_many - 1);
            let last = *last;
            self.0.retain(|_, position| *position > last);
        }
    }

    /// Remembers these.
    pub(super) fn note(&mut self, writers: Vec<(String, i64)>) {
        self.0.extend(writers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writers who wrote one event each, at these positions.
    fn wrote(positions: impl Iterator<Item = i64>) -> Vec<(String, i64)> {
        positions.map(|position| (position.to_string(), position)).collect()
    }

    fn number(count: usize) -> i64 {
        i64::try_from(count).unwrap()
    }

    /// Guards against a seller who doesn't see his own product because some other read model has come past it.
    #[test]
    fn who_wrote_what_some_read_model_lacks_is_remembered() {
        let mut writers = Writers::default();
        writers.note(wrote(1..=number(MOST)));
        assert!(writers.has_room(0) && !writers.has_room(1));
        writers.make_room(number(LOT));
        assert_eq!(writers.last_of(&LOT.to_string()), None);
        let next = number(LOT) + 1;
        assert_eq!(writers.last_of(&next.to_string()), Some(next));
        assert!(writers.has_room(LOT) && !writers.has_room(LOT + 1));
    }

    #[test]
    fn where_nothing_was_read_those_who_wrote_longest_ago_are_forgotten_many_at_once() {
        let mut writers = Writers::default();
        writers.note(wrote((1..=number(MOST)).rev()));
        writers.make_room(0);
        assert_eq!(writers.last_of(&LOT.to_string()), None);
        assert!(writers.last_of(&(LOT + 1).to_string()).is_some());
        assert!(writers.has_room(LOT) && !writers.has_room(LOT + 1));
    }

    #[test]
    fn the_last_event_of_each_counts() {
        let mut writers = Writers::default();
        writers.note(vec![("ann".to_owned(), 1), ("ben".to_owned(), 2)]);
        writers.note(vec![("ann".to_owned(), 3)]);
        writers.make_room(2);
        assert_eq!((writers.last_of("ann"), writers.last_of("ben")), (Some(3), None));
    }
}
