//! Which categories say which word.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::product_search::table::Name;

/// Words in order, each with the categories that say it, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Saying(BTreeMap<String, Vec<Name>>);

impl Saying {
    /// Moves a category from what it said to what it says now.
    pub(super) fn change(&mut self, category: Name, before: &BTreeSet<String>, now: &BTreeSet<String>) {
        for word in before.difference(now) {
            if let Some(saying) = self.0.get_mut(word)
                && let Ok(place) = saying.binary_search(&category)
            {
                saying.remove(place);
                if saying.is_empty() {
                    self.0.remove(word);
                }
            }
        }
        for word in now.difference(before) {
            let saying = self.0.entry(word.clone()).or_default();
            saying.insert(saying.partition_point(|other| *other < category), category);
        }
    }

    /// The categories that say a word.
    pub(super) fn of(&self, word: &str) -> &[Name] {
        self.0.get(word).map_or(&[], Vec::as_slice)
    }

    /// The words that begin so.
    pub(super) fn beginning_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &[Name])> {
        let from = self.0.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.take_while(move |(word, _)| word.starts_with(prefix)).map(|(word, saying)| (&**word, &**saying))
    }
}
