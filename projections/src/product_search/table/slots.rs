//! A set of slots.

/// A set of slots, a bit for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots(Vec<u64>);

impl Slots {
    /// None, with room for so many slots.
    pub(crate) fn with_room(slots: usize) -> Self {
        Self(vec![0; slots.div_ceil(64)])
    }

    pub(crate) fn contains(&self, slot: u32) -> bool {
        self.0.get(slot as usize / 64).is_some_and(|bits| bits >> (slot % 64) & 1 == 1)
    }

    pub(crate) fn insert(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }

    pub(super) fn remove(&mut self, slot: u32) {
        if let Some(bits) = self.0.get_mut(slot as usize / 64) {
            *bits &= !(1 << (slot % 64));
        }
    }

    /// Adds those of others, or those of them that are in `among` too.
    pub(crate) fn insert_all(&mut self, others: &Self, among: Option<&Self>) {
        if self.0.len() < others.0.len() {
            self.0.resize(others.0.len(), 0);
        }
        match among {
            None => self.0.iter_mut().zip(&others.0).for_each(|(bits, others)| *bits |= others),
            Some(among) => {
                let both = others.0.iter().zip(&among.0).map(|(others, among)| others & among);
                self.0.iter_mut().zip(both).for_each(|(bits, both)| *bits |= both);
            }
        }
    }

    /// Removes those of others.
    pub(crate) fn remove_all(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(bits, others)| *bits &= !others);
    }

    /// Keeps those that others have too.
    pub(crate) fn keep(&mut self, others: &Self) {
        self.0.truncate(others.0.len());
        self.0.iter_mut().zip(&others.0).for_each(|(bits, others)| *bits &= others);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// How many of these others have too, and `among` as well where it is given.
    pub(crate) fn count_in(&self, others: &Self, among: Option<&Self>) -> usize {
        let both = self.0.iter().zip(&others.0).map(|(bits, others)| bits & others);
        let ones = |bits: u64| bits.count_ones() as usize;
        match among {
            None => both.map(ones).sum(),
            Some(among) => both.zip(&among.0).map(|(both, among)| ones(both & among)).sum(),
        }
    }

    /// In order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.0).flat_map(|(word, bits)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros())?;
                bits &= bits - 1;
                Some(word * 64 + bit)
            })
        })
    }

    /// The bytes that it takes.
    pub(crate) fn size(&self) -> usize {
        self.0.len() * size_of::<u64>()
    }
}

impl FromIterator<u32> for Slots {
    fn from_iter<T: IntoIterator<Item = u32>>(slots: T) -> Self {
        let mut all = Self::default();
        slots.into_iter().for_each(|slot| all.insert(slot));
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn told(slots: &Slots) -> BTreeSet<u32> {
        let told: Vec<u32> = slots.iter().collect();
        assert!(told.is_sorted());
        told.into_iter().collect()
    }

    proptest! {
        #[test]
        fn sets_of_slots_are_sets(
            ours in prop::collection::btree_set(0_u32..300, 0..60),
            others in prop::collection::btree_set(0_u32..300, 0..60),
            among in prop::collection::btree_set(0_u32..200, 0..60),
        ) {
            let [set, theirs, within]: [Slots; 3] =
                [&ours, &others, &among].map(|of| of.iter().copied().collect());
            prop_assert_eq!(told(&set), ours.clone());
            prop_assert_eq!(set.count(), ours.len());
            let both: BTreeSet<_> = ours.intersection(&others).copied().collect();
            prop_assert_eq!(set.count_in(&theirs, None), both.len());
            let of_all = both.intersection(&among).count();
            prop_assert_eq!(set.count_in(&theirs, Some(&within)), of_all);
            let changed = |change: &dyn Fn(&mut Slots)| {
                let mut changed = set.clone();
                change(&mut changed);
                told(&changed)
            };
            let union: BTreeSet<_> = ours.union(&others).copied().collect();
            prop_assert_eq!(changed(&|set| set.insert_all(&theirs, None)), union);
            let some: BTreeSet<_> = others.intersection(&among).copied().collect();
            let with_some: BTreeSet<_> = ours.union(&some).copied().collect();
            prop_assert_eq!(changed(&|set| set.insert_all(&theirs, Some(&within))), with_some);
            let without: BTreeSet<_> = ours.difference(&others).copied().collect();
            prop_assert_eq!(changed(&|set| set.remove_all(&theirs)), without);
            prop_assert_eq!(changed(&|set| set.keep(&theirs)), both);
        }
    }
}
