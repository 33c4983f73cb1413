//! Products in the order of their slots, of which some are many and change one at a time.

use std::sync::Arc;

/// So many are copied for a change, and a clone counts one reference for so many.
const MOST: usize = 512;

/// Slots in order, in runs. Cheap to clone; a change copies the run that it is in, if a clone still has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    /// None of them is empty.
    runs: Vec<Arc<Vec<u32>>>,
    len: usize,
}

impl Runs {
    /// No slot.
    pub(super) fn none() -> &'static Self {
        static NONE: Runs = Runs { runs: Vec::new(), len: 0 };
        &NONE
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.runs.iter().flat_map(|run| run.iter().copied())
    }

    pub(super) fn contains(&self, slot: u32) -> bool {
        self.runs.get(self.run_of(slot)).is_some_and(|run| run.binary_search(&slot).is_ok())
    }

    /// The run that a slot is in, or would be.
    fn run_of(&self, slot: u32) -> usize {
        let behind = self.runs.partition_point(|run| run.last().is_some_and(|last| *last < slot));
        behind.min(self.runs.len().saturating_sub(1))
    }

    pub(super) fn insert(&mut self, slot: u32) {
        if self.runs.is_empty() {
            self.runs.push(Arc::default());
        }
        let number = self.run_of(slot);
        let run = &mut self.runs[number];
        let Err(place) = run.binary_search(&slot) else { return };
        let run = Arc::make_mut(run);
        run.insert(place, slot);
        self.len += 1;
        if run.len() > MOST {
            // New products come last, and leave full runs behind.
            let rest = run.split_off(if place == MOST { MOST } else { MOST / 2 });
            self.runs.insert(number + 1, Arc::new(rest));
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let number = self.run_of(slot);
        let Some(run) = self.runs.get_mut(number) else { return };
        let Ok(place) = run.binary_search(&slot) else { return };
        let run = Arc::make_mut(run);
        run.remove(place);
        self.len -= 1;
        if run.is_empty() {
            self.runs.remove(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(runs: &Runs, expected: &BTreeSet<u32>) {
        assert!(runs.iter().eq(expected.iter().copied()));
        assert!(runs.iter().rev().eq(expected.iter().rev().copied()));
        assert_eq!((runs.len(), runs.is_empty()), (expected.len(), expected.is_empty()));
        assert!(runs.runs.iter().all(|run| (1..=MOST).contains(&run.len())));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn runs_are_sets_in_order_and_a_clone_stays_as_it_was(
            first in 0_u32..2_000,
            changes in prop::collection::vec((0_u32..3_000, prop::bool::weighted(0.6)), 0..3_000),
        ) {
            let (mut runs, mut expected) = (Runs::default(), BTreeSet::new());
            for slot in 0..first {
                runs.insert(slot);
                expected.insert(slot);
            }
            check(&runs, &expected);
            let before = (runs.clone(), expected.clone());
            for (slot, comes) in changes {
                if comes {
                    runs.insert(slot);
                    expected.insert(slot);
                } else {
                    runs.remove(slot);
                    expected.remove(&slot);
                }
                prop_assert_eq!(runs.contains(slot), comes);
            }
            check(&runs, &expected);
            check(&before.0, &before.1);
            for slot in std::mem::take(&mut expected) {
                runs.remove(slot);
            }
            check(&runs, &expected);
        }
    }
}
