//! The words of a commit as they are written, in one list: with a letter or two thousands begin, and in each segment again.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use tantivy::InvertedIndexReader;

/// Each word in order, and how many documents have it, deleted ones too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vocabulary(Vec<(Arc<str>, u32)>);

impl Vocabulary {
    /// The words that begin so.
    pub(crate) fn beginning_with(&self, prefix: &str) -> &[(Arc<str>, u32)] {
        let from = self.0.partition_point(|(word, _)| &**word < prefix);
        let rest = &self.0[from..];
        &rest[..rest.partition_point(|(word, _)| word.starts_with(prefix))]
    }

    /// Of the words that begin so, those that most documents have, and how many; in no order. Of those that as many have,
    /// the first.
    pub(crate) fn most_frequent(&self, prefix: &str, most: usize) -> Vec<(&str, u32)> {
        let mut first: Vec<(&str, u32)> = Vec::new();
        let mut least = 0;
        for (word, times) in self.beginning_with(prefix) {
            // With a letter or two thousands begin, and most of them are passed over here.
            if *times < least {
                continue;
            }
            first.push((word, *times));
            if first.len() >= most.saturating_mul(2).max(64) {
                least = cut(&mut first, most);
            }
        }
        cut(&mut first, most);
        first
    }

    /// How many documents have a word, deleted ones too.
    pub(crate) fn times(&self, word: &str) -> u32 {
        self.0.binary_search_by(|(known, _)| (**known).cmp(word)).map_or(0, |place| self.0[place].1)
    }

    /// That of a commit with these segments more, and those less.
    pub(super) fn after<'a>(
        &self,
        come: impl Iterator<Item = &'a InvertedIndexReader>,
        gone: impl Iterator<Item = &'a InvertedIndexReader>,
    ) -> io::Result<Self> {
        let mut changes: BTreeMap<String, i64> = BTreeMap::new();
        for (segment, sign) in come.map(|it| (it, 1)).chain(gone.map(|it| (it, -1))) {
            let mut stream = segment.terms().stream()?;
            while stream.advance() {
                let Ok(word) = std::str::from_utf8(stream.key()) else { continue };
                let change = sign * i64::from(stream.value().doc_freq);
                match changes.get_mut(word) {
                    Some(known) => *known += change,
                    None => drop(changes.insert(word.to_owned(), change)),
                }
            }
        }
        Ok(self.with(changes))
    }

    /// The same with so many more or fewer of these words.
    fn with(&self, changes: BTreeMap<String, i64>) -> Self {
        let mut words = Vec::with_capacity(self.0.len() + changes.len());
        let mut add = |word: Arc<str>, times: i64| {
            if times > 0 {
                words.push((word, u32::try_from(times).unwrap_or(u32::MAX)));
            }
        };
        let mut changes = changes.into_iter().peekable();
        for (word, times) in &self.0 {
            while let Some((new, times)) = changes.next_if(|(new, _)| new.as_str() < &**word) {
                add(new.into(), times);
            }
            let change = changes.next_if(|(same, _)| same.as_str() == &**word);
            add(Arc::clone(word), i64::from(*times) + change.map_or(0, |(_, change)| change));
        }
        for (new, times) in changes {
            add(new.into(), times);
        }
        Self(words)
    }
}

/// Leaves the most frequent of these words; how often the last of them is there, or nothing if there are not so many.
fn cut(words: &mut Vec<(&str, u32)>, most: usize) -> u32 {
    let Some(end) = most.checked_sub(1).filter(|_| words.len() > most) else {
        words.truncate(most);
        return 0;
    };
    let (_, (_, least), _) =
        words.select_nth_unstable_by(end, |one, other| (other.1, one.0).cmp(&(one.1, other.0)));
    let least = *least;
    words.truncate(most);
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(before: &Vocabulary, changes: &[(&str, i64)]) -> Vocabulary {
        before.with(changes.iter().map(|(word, times)| ((*word).to_owned(), *times)).collect())
    }

    fn told(vocabulary: &Vocabulary, prefix: &str) -> String {
        let told = |(word, times): &(Arc<str>, u32)| format!("{word} {times}");
        vocabulary.beginning_with(prefix).iter().map(told).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn words_come_and_go_and_stay_in_order() {
        let first = with(&Vocabulary::default(), &[("lamp", 3), ("sofa", 1), ("lamé", 2), ("lam", 1)]);
        assert_eq!(told(&first, ""), "lam 1, lamp 3, lamé 2, sofa 1");
        let second = with(&first, &[("lamp", -1), ("sofa", -1), ("zoo", 2), ("able", 5), ("lamps", 1)]);
        assert_eq!(told(&second, ""), "able 5, lam 1, lamp 2, lamps 1, lamé 2, zoo 2");
        for (prefix, expected) in
            [("lamp", "lamp 2, lamps 1"), ("z", "zoo 2"), ("zoos", ""), ("lamé", "lamé 2"), ("b", "")]
        {
            assert_eq!(told(&second, prefix), expected, "{prefix}");
        }
        assert_eq!(with(&second, &[]), second);
    }

    #[test]
    fn the_most_frequent_words_are_those_of_the_whole_list() {
        let words: BTreeMap<String, i64> = (0..500).map(|n| (format!("la{n}"), 1 + n * 7919 % 40)).collect();
        let vocabulary = Vocabulary::default().with(words);
        for prefix in ["la", "la1", "la49", "lamp", ""] {
            let mut all: Vec<(&str, u32)> = Vec::new();
            all.extend(vocabulary.beginning_with(prefix).iter().map(|(word, times)| (&**word, *times)));
            all.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
            for most in [0, 1, 24, 40, 499, 500, 501] {
                let mut found = vocabulary.most_frequent(prefix, most);
                found.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
                assert_eq!(found, all[..most.min(all.len())], "{most} of {prefix}");
            }
        }
        assert_eq!((vocabulary.times("la1"), vocabulary.times("lamp")), (1 + 7919 % 40, 0));
    }
}
