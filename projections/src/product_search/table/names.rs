//! Words that stand for themselves (brands, tags, categories), by number.

use std::sync::Arc;

use super::column::Column;
use super::shards::Shards;
use crate::catalog::word_key;

/// A word that stands for itself: a brand, a tag, a category.
pub(crate) type Name = u32;

/// A word that has commas is found in a list if it has no more parts than these.
const MOST_PARTS: usize = 10;

/// Of what has none.
pub(crate) const NO_NAME: Name = 0;

/// Words by number, and numbers by word. The empty word is number 0. Cheap to clone; a new word copies the few that it is
/// among, if a clone still has them.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    len: u32,
    words: Column<Arc<str>>,
    /// Of each word, the first one that is written so but for its case.
    alike: Column<Name>,
    /// Those that are written so but for their case, in order, by how they are compared.
    by_key: Shards<Vec<Name>>,
}

impl Default for Names {
    fn default() -> Self {
        let mut names =
            Self { len: 0, words: Column::default(), alike: Column::default(), by_key: Shards::default() };
        names.add("");
        names
    }
}

impl Names {
    /// The number of a word, new or not.
    pub(super) fn add(&mut self, word: &str) -> Name {
        if let Some(number) = self.number(word) {
            return number;
        }
        let number = self.len;
        self.len += 1;
        self.words.make_room(self.len());
        self.alike.make_room(self.len());
        let alike = self.by_key.get_mut(&word_key(word));
        alike.push(number);
        *self.alike.get_mut(number) = alike.first().copied().unwrap_or(number);
        *self.words.get_mut(number) = Arc::from(word);
        number
    }

    /// The first word that is written like this one but for its case: one number for all of them.
    pub(crate) fn alike(&self, number: Name) -> Name {
        self.alike.find(number).copied().unwrap_or(NO_NAME)
    }

    /// The numbers of the words that are written so but for their case, in order.
    pub(crate) fn numbers_like(&self, word: &str) -> &[Name] {
        self.by_key.get(&word_key(word)).map_or(&[], Vec::as_slice)
    }

    /// The numbers of the words in a list with commas between them, whatever their case. A word may have commas itself, some:
    /// what is one with the parts behind it is taken for that one, the longest that `is_there`; for its parts as well, where
    /// each of them is there, for nobody can tell which is meant.
    pub(crate) fn listed(&self, list: &str, is_there: impl Fn(Name) -> bool) -> Vec<Name> {
        let is_word = |text: &str| self.numbers_like(text).iter().any(|number| is_there(*number));
        let mut numbers = Vec::new();
        let mut rest = Some(list);
        while let Some(text) = rest {
            let ends = text.match_indices(',').map(|(end, _)| end).chain([text.len()]).take(MOST_PARTS);
            let first = text.find(',').unwrap_or(text.len());
            let mut end = ends.filter(|end| is_word(&text[..*end])).last().unwrap_or(first);
            numbers.extend(self.numbers_like(&text[..end]));
            if end > first && text[..end].split(',').all(is_word) {
                end = first;
                numbers.extend(self.numbers_like(&text[..end]));
            }
            rest = text.get(end + 1..);
        }
        numbers
    }

    /// The number of a word that is here.
    pub(crate) fn number(&self, word: &str) -> Option<Name> {
        self.numbers_like(word).iter().copied().find(|number| &**self.word(*number) == word)
    }

    /// The numbers of the words that begin so, or one of whose parts does, whatever the case.
    pub(crate) fn beginning_with(&self, prefix: &str) -> Vec<Name> {
        let prefix = word_key(prefix);
        let begins = |key: &str| {
            key.starts_with(&prefix) || key.split_whitespace().any(|part| part.starts_with(&prefix))
        };
        let found = self.by_key.iter().filter(|(key, _)| begins(key));
        let mut numbers: Vec<Name> = found.flat_map(|(_, numbers)| numbers).copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// The word of a number.
    pub(crate) fn word(&self, number: Name) -> &Arc<str> {
        self.words.find(number).unwrap_or(self.words.get(NO_NAME))
    }

    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clone is what a search sees meanwhile.
    #[test]
    fn a_new_word_has_the_next_number_and_a_clone_doesnt_know_it() {
        let mut names = Names::default();
        for n in 1..1_000 {
            assert_eq!(names.add(&format!("word {n}")), n);
        }
        let before = names.clone();
        assert_eq!((names.add("WORD 7"), names.add("word 8"), names.add("")), (1_000, 8, NO_NAME));
        assert_eq!((names.len(), before.len()), (1_001, 1_000));
        assert_eq!((names.alike(1_000), names.alike(7), names.alike(9_999)), (7, 7, NO_NAME));
        assert_eq!(
            (names.numbers_like("Word 7"), before.numbers_like("Word 7")),
            (&[7, 1_000][..], &[7][..])
        );
        assert_eq!((names.number("WORD 7"), names.number("Word 7")), (Some(1_000), None));
        assert_eq!((&**names.word(1_000), &**names.word(9_999)), ("WORD 7", ""));
        assert_eq!(before.number("WORD 7"), None);
    }

    #[test]
    fn words_are_found_by_how_they_or_their_parts_begin() {
        let mut names = Names::default();
        for word in ["Acme", "ACME", "Blue Acre", "Lacme", "Bright"] {
            names.add(word);
        }
        let found = |prefix: &str| {
            let words = names.beginning_with(prefix).into_iter().map(|it| &**names.word(it));
            words.collect::<Vec<_>>().join(" | ")
        };
        for (prefix, expected) in [
            ("ac", "Acme | ACME | Blue Acre"),
            ("Blue a", "Blue Acre"),
            ("acme ", "Acme | ACME"),
            ("cme", ""),
        ] {
            assert_eq!(found(prefix), expected, "{prefix:?}");
        }
    }

    #[test]
    fn words_are_listed_with_commas_between_them_and_may_have_some_themselves() {
        let mut names = Names::default();
        for word in ["Acme", "ACME", "Acme, Inc.", "Bright", "Inc.", "Bright,Bold, Co"] {
            names.add(word);
        }
        let listed = |list: &str| {
            let numbers = names.listed(list, |number| number != NO_NAME);
            let words = numbers.into_iter().filter(|number| *number != NO_NAME).map(|it| &**names.word(it));
            words.collect::<Vec<_>>().join(" | ")
        };
        for (list, expected) in [
            ("acme", "Acme | ACME"),
            ("acme, bright", "Acme | ACME | Bright"),
            // One, or two that are there as well.
            ("acme, inc.", "Acme, Inc. | Acme | ACME | Inc."),
            ("inc., Acme", "Inc. | Acme | ACME"),
            ("bright,bold, co,inc.", "Bright,Bold, Co | Inc."),
            // No such one: its parts.
            ("bright,bold", "Bright"),
            ("Unheard, of", ""),
            (" ,, Acme,", "Acme | ACME"),
            ("", ""),
        ] {
            assert_eq!(listed(list), expected, "{list:?}");
        }
    }
}
