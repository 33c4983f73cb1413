//! Words that stand for themselves (brands, tags, categories), by number.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::catalog::word_key;

/// A word that stands for itself: a brand, a tag, a category.
pub(super) type Name = u32;

/// A word that has commas is found in a list if it has no more parts than these.
const MOST_PARTS: usize = 10;

/// Of what has none.
pub(super) const NO_NAME: Name = 0;

/// Words by number, and numbers by word. The empty word is number 0.
#[derive(Clone, Debug)]
pub(super) struct Names {
    words: Arc<Vec<Arc<str>>>,
    numbers: Arc<HashMap<Arc<str>, Name>>,
    /// Of each word, the first one that is written so but for its case.
    alike: Arc<Vec<Name>>,
    /// That first one, by how it is compared.
    by_key: Arc<HashMap<String, Name>>,
}

impl Default for Names {
    fn default() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            words: Arc::new(vec![Arc::clone(&none)]),
            numbers: Arc::new(HashMap::from([(none, NO_NAME)])),
            alike: Arc::new(vec![NO_NAME]),
            by_key: Arc::new(HashMap::from([(String::new(), NO_NAME)])),
        }
    }
}

impl Names {
    /// The number of a word, new or not.
    pub(super) fn add(&mut self, word: &str) -> Name {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = Name::try_from(self.words.len()).unwrap_or(NO_NAME);
        let word: Arc<str> = Arc::from(word);
        let alike = *Arc::make_mut(&mut self.by_key).entry(word_key(&word)).or_insert(number);
        Arc::make_mut(&mut self.alike).push(alike);
        Arc::make_mut(&mut self.words).push(Arc::clone(&word));
        Arc::make_mut(&mut self.numbers).insert(word, number);
        number
    }

    /// The first word that is written like this one but for its case: one number for all of them.
    pub(super) fn alike(&self, number: Name) -> Name {
        self.alike.get(number as usize).copied().unwrap_or(NO_NAME)
    }

    /// The numbers of the words that are written so but for their case.
    pub(super) fn numbers_like(&self, word: &str) -> Vec<Name> {
        let Some(first) = self.by_key.get(&word_key(word)) else { return Vec::new() };
        (0..).zip(self.alike.iter()).filter(|(_, alike)| *alike == first).map(|(number, _)| number).collect()
    }

    /// The numbers of the words in a list with commas between them, whatever their case. A word may have commas itself, some:
    /// what is one with the parts behind it is taken for that one, the longest that `is_there`; for its parts as well, where
    /// each of them is there, for nobody can tell which is meant.
    pub(super) fn listed(&self, list: &str, is_there: impl Fn(Name) -> bool) -> Vec<Name> {
        let is_word = |text: &str| self.numbers_like(text).into_iter().any(&is_there);
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
    pub(super) fn number(&self, word: &str) -> Option<Name> {
        self.numbers.get(word).copied()
    }

    /// The numbers of the words that begin so, or one of whose parts does, whatever the case.
    pub(super) fn beginning_with(&self, prefix: &str) -> Vec<Name> {
        let prefix = word_key(prefix);
        let begins = |key: &str| {
            key.starts_with(&prefix) || key.split_whitespace().any(|part| part.starts_with(&prefix))
        };
        let firsts: HashSet<Name> =
            self.by_key.iter().filter(|(key, _)| begins(key)).map(|(_, first)| *first).collect();
        (0..).zip(self.alike.iter()).filter(|(_, first)| firsts.contains(first)).map(|(it, _)| it).collect()
    }

    /// The word of a number.
    pub(super) fn word(&self, number: Name) -> &Arc<str> {
        self.words.get(number as usize).unwrap_or(&self.words[0])
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
