//! Which products have how many of the words that are looked for.

use crate::product_search::table::Slots;

/// Products by how many words they have: none or more, one or more, two or more…
pub(crate) struct ByCount {
    at_least: Vec<Slots>,
    /// Nobody asks for those that have more words than these.
    most: usize,
}

impl ByCount {
    /// These products, of which no word was looked for. Those that have more than `most` words are not told apart from those
    /// that have so many.
    pub(crate) fn none(products: Slots, most: usize) -> Self {
        Self { at_least: vec![products], most }
    }

    /// One word more, which these products have.
    pub(crate) fn add(&mut self, having: &Slots) {
        let all = self.at_least.last().filter(|_| self.at_least.len() <= self.most).cloned();
        for least in (1..self.at_least.len()).rev() {
            if let [fewer, one_more, ..] = &mut self.at_least[least - 1..] {
                one_more.insert_all(fewer, Some(having));
            }
        }
        if let Some(mut all) = all {
            all.keep(having);
            self.at_least.push(all);
        }
    }

    /// Those that have at least so many of the words; nothing where there are not so many words.
    pub(crate) fn at_least(&self, words: usize) -> Option<&Slots> {
        self.at_least.get(words)
    }

    /// How many words a product must have: the most with which the products are `enough`, else one.
    pub(crate) fn most_that(&self, enough: impl Fn(&Slots) -> bool) -> usize {
        (2..self.at_least.len()).rev().find(|words| enough(&self.at_least[*words])).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn products_are_told_apart_by_how_many_words_they_have(
            products in prop::collection::btree_set(0_u32..300, 0..80),
            words in prop::collection::vec(prop::collection::btree_set(0_u32..300, 0..80), 0..7),
            most in 0_usize..9,
        ) {
            let mut by_count = ByCount::none(products.iter().copied().collect(), most);
            for having in &words {
                by_count.add(&having.iter().copied().collect());
            }
            let with = |least: usize| -> Vec<u32> {
                let count = |slot: &u32| words.iter().filter(|having| having.contains(slot)).count();
                products.iter().copied().filter(|slot| count(slot) >= least).collect()
            };
            for least in 0..12 {
                let told = by_count.at_least(least).map(|slots| slots.iter().collect::<Vec<_>>());
                prop_assert_eq!(told, (least <= words.len().min(most)).then(|| with(least)));
            }
            let expected = (2..=words.len().min(most)).rev().find(|least| with(*least).len() > 3);
            prop_assert_eq!(by_count.most_that(|slots| slots.count() > 3), expected.unwrap_or(1));
        }
    }
}
