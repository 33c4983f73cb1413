//! A map that is cheap to clone and to change.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

/// In so many parts: one of them is copied for a change, if a clone still has it.
const SHARDS: usize = 256;

type Shard<V> = HashMap<Arc<str>, V>;

/// By words.
#[derive(Clone, Debug)]
pub(super) struct Shards<V>(Arc<Vec<Arc<Shard<V>>>>);

impl<V> Default for Shards<V> {
    fn default() -> Self {
        Self(Arc::new((0..SHARDS).map(|_| Arc::default()).collect()))
    }
}

impl<V: Clone + Default> Shards<V> {
    pub(super) fn get(&self, word: &str) -> Option<&V> {
        self.0[shard_of(word)].get(word)
    }

    /// What there is of a word, from now on if there was nothing.
    pub(super) fn get_mut(&mut self, word: &str) -> &mut V {
        let shard = Arc::make_mut(&mut Arc::make_mut(&mut self.0)[shard_of(word)]);
        shard.entry(Arc::from(word)).or_default()
    }

    /// All of it, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().flat_map(|shard| shard.iter()).map(|(word, value)| (&**word, value))
    }
}

fn shard_of(word: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    // Less than there are shards.
    usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_stays_as_it_was_and_shares_all_but_what_is_changed() {
        let mut words = Shards::<u32>::default();
        for n in 0..5_000 {
            *words.get_mut(&n.to_string()) = n;
        }
        let before = words.clone();
        *words.get_mut("new") = 1;
        assert_eq!((before.get("new"), words.get("new")), (None, Some(&1)));
        assert_eq!((before.get("4999"), words.get("4999")), (Some(&4_999), Some(&4_999)));
        assert_eq!((before.iter().count(), words.iter().count()), (5_000, 5_001));
        let shared = before.0.iter().zip(words.0.iter()).filter(|(one, other)| Arc::ptr_eq(one, other));
        assert_eq!(shared.count(), SHARDS - 1);
    }
}
