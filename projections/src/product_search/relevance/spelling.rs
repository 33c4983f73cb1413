//! Words that begin so, and words that are nearly so.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy::TantivyError;
use tantivy_fst::Automaton;

use crate::product_search::index::Snapshot;

/// Of the words that could be meant, so many are looked at closely.
const LOOKED_AT: usize = 24;
/// Occurrences beyond these are not told apart.
const OFTEN: usize = 1_000;
/// A word of so many letters may have a wrong one; a shorter one has too many neighbours.
const ONE_WRONG: usize = 4;
/// A word of so many letters may have two.
const TWO_WRONG: usize = 8;

static ONE: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));
static TWO: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(2, true));

/// A word that products have, or the names of their categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) word: String,
    /// How many products have it, as far as that matters.
    pub(super) products: usize,
    /// How many letters are wrong.
    pub(super) wrong: u8,
}

/// The words that begin so, the most frequent first.
pub(super) fn beginning_with(
    snapshot: &Snapshot,
    prefix: &str,
    most: usize,
) -> Result<Vec<Candidate>, TantivyError> {
    let words = frequent(snapshot, prefix, LOOKED_AT.max(most));
    let words = words.iter().map(|(word, times)| Possible { word, times: *times, wrong: 0, likelihood: 1 });
    let words = words.collect();
    let mut found = counted(snapshot, words, most)?;
    found.truncate(most);
    Ok(found)
}

/// The words that begin so and may be in most products or in the names of their categories, and in how many they are at
/// most: a product that is gone may be counted, and one that has changed, or has a word in both, twice. The most frequent
/// first.
pub(crate) fn frequent(snapshot: &Snapshot, prefix: &str, most: usize) -> Vec<(String, u32)> {
    let mut beside: HashMap<&str, u32> = snapshot.in_categories_with(prefix, |_| true).collect();
    for it in snapshot.recent.iter() {
        let surface = &it.tokens.surface;
        let from = surface.partition_point(|word| word.as_str() < prefix);
        for word in surface[from..].iter().take_while(|word| word.starts_with(prefix)) {
            let times = beside.entry(word).or_default();
            *times = times.saturating_add(1);
        }
    }
    let vocabulary = &snapshot.disk.vocabulary;
    // What is added to can only come further to the front; of the rest the first on disk are the first.
    let mut words = vocabulary.most_frequent(prefix, most);
    words.retain(|(word, _)| !beside.contains_key(word));
    words.extend(beside.into_iter().map(|(word, more)| (word, vocabulary.times(word).saturating_add(more))));
    words.sort_unstable_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
    words.truncate(most);
    words.into_iter().map(|(word, times)| (word.to_owned(), times)).collect()
}

/// The words that differ by one letter: missing, too many, wrong, or changed with its neighbour. The likeliest first.
pub(crate) fn near(snapshot: &Snapshot, word: &str, most: usize) -> Result<Vec<Candidate>, TantivyError> {
    if has_letters(word, ONE_WRONG) { within(snapshot, word, &ONE, most, |_| true) } else { Ok(Vec::new()) }
}

/// The words that differ from a long one by two letters, of which the first is none: who is wrong about that one, hardly is
/// about another (and `unbalanced` isn't `balanced`).
pub(super) fn farther(snapshot: &Snapshot, word: &str, most: usize) -> Result<Vec<Candidate>, TantivyError> {
    if !has_letters(word, TWO_WRONG) {
        return Ok(Vec::new());
    }
    within(snapshot, word, &TWO, most, |meant| word.chars().next() == meant.chars().next())
}

/// Whether two words differ by one letter: missing, wrong, or changed with its neighbour.
pub(crate) fn differ_by_one(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - same], &other[..other.len() - same]) {
        ([_], [] | [_]) | ([], [_]) => true,
        ([a, b], [c, d]) => (a, b) == (d, c),
        _ => false,
    }
}

/// How likely it is that one word was typed for another, beside how many products have that one. The first letter of a word is
/// seldom wrong (in a few of a hundred misspellings), and to write one letter for two is what is done most often: Karen Kukich,
/// Techniques for automatically correcting words in text, 1992. So `runing` is `running`, though more products have `tuning`.
fn likelihood(typed: &str, meant: &str) -> usize {
    let once = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.dedup();
        letters
    };
    match typed.chars().next() == meant.chars().next() {
        false => 1,
        true if once(typed) != once(meant) => 10,
        true => 100,
    }
}

/// At least so many, and nothing else: a code is not nearly another one.
pub(crate) fn has_letters(word: &str, least: usize) -> bool {
    word.chars().count() >= least && word.chars().all(char::is_alphabetic)
}

fn within(
    snapshot: &Snapshot,
    word: &str,
    builder: &LevenshteinAutomatonBuilder,
    most: usize,
    may_be: impl Fn(&str) -> bool,
) -> Result<Vec<Candidate>, TantivyError> {
    let near = Near(builder.build_dfa(word));
    let mut words: HashMap<String, u32> = HashMap::new();
    for segment in &snapshot.disk.segments {
        let mut stream = segment.surface().terms().search(&near).into_stream()?;
        while stream.advance() {
            if let Ok(found) = std::str::from_utf8(stream.key()) {
                count(&mut words, found, stream.value().doc_freq);
            }
        }
    }
    // Most words are too long or too short; that is seen at once.
    let is_near = |found: &str| found.len().abs_diff(word.len()) <= 4 && near.wrong(found).is_some();
    let recent = snapshot.recent.iter().flat_map(|recent| &recent.tokens.surface);
    for found in recent.filter(|found| is_near(found)) {
        count(&mut words, found, 1);
    }
    for (found, times) in snapshot.in_categories_with("", is_near) {
        count(&mut words, found, times);
    }
    words.remove(word);
    let words = words.iter().filter(|(found, _)| may_be(found)).filter_map(|(found, times)| {
        let (wrong, likelihood) = (near.wrong(found)?, likelihood(word, found));
        Some(Possible { word: found, times: *times, wrong, likelihood })
    });
    let mut found = counted(snapshot, words.collect(), most)?;
    found.truncate(most);
    Ok(found)
}

/// Adds to what is known of a word. Most are known: other segments have them too.
fn count(words: &mut HashMap<String, u32>, word: &str, times: u32) {
    match words.get_mut(word) {
        Some(known) => *known = known.saturating_add(times),
        None => drop(words.insert(word.to_owned(), times)),
    }
}

/// A word that may be meant.
struct Possible<'a> {
    word: &'a str,
    /// In how many products it is, gone ones too.
    times: u32,
    wrong: u8,
    likelihood: usize,
}

impl Possible<'_> {
    /// Its place among others, if so many products have it.
    fn place(&self, products: usize) -> (u8, Reverse<usize>, &str) {
        (self.wrong, Reverse(products.min(OFTEN) * self.likelihood), self.word)
    }
}

/// Counts those products that are still there.
fn counted(
    snapshot: &Snapshot,
    mut words: Vec<Possible<'_>>,
    most: usize,
) -> Result<Vec<Candidate>, TantivyError> {
    let first = |one: &Possible<'_>, other: &Possible<'_>| {
        one.place(one.times as usize).cmp(&other.place(other.times as usize))
    };
    let enough = LOOKED_AT.max(most);
    if words.len() > enough {
        words.select_nth_unstable_by(enough, first);
        words.truncate(enough);
    }
    words.sort_unstable_by(first);
    let mut found = Vec::new();
    for possible in words {
        let products = snapshot.written(possible.word, OFTEN)?;
        if products > 0 {
            found.push((possible, products));
        }
    }
    found.sort_by(|(one, products), (other, others)| one.place(*products).cmp(&other.place(*others)));
    let candidate = |(Possible { word, wrong, .. }, products): (Possible<'_>, usize)| Candidate {
        word: word.to_owned(),
        products,
        wrong,
    };
    Ok(found.into_iter().map(candidate).collect())
}

/// All words at a distance from one.
struct Near(DFA);

impl Near {
    fn wrong(&self, word: &str) -> Option<u8> {
        match self.0.eval(word) {
            Distance::Exact(distance) => Some(distance),
            Distance::AtLeast(_) => None,
        }
    }
}

impl Automaton for &Near {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_differ_by_one_letter_as_the_automaton_has_it(one in "[abc]{0,6}", other in "[abc]{0,6}") {
            let near = Near(ONE.build_dfa(&one));
            prop_assert_eq!(differ_by_one(&one, &other), near.wrong(&other) == Some(1), "{} {}", one, other);
        }
    }

    #[test]
    fn the_first_letter_is_seldom_wrong_and_a_double_one_often_written_once() {
        for (typed, meant, expected) in [
            ("runing", "running", 100),
            ("runnning", "running", 100),
            ("runing", "ruling", 10),
            ("runing", "tuning", 1),
            ("lapm", "lamp", 10),
        ] {
            assert_eq!(likelihood(typed, meant), expected, "{typed} {meant}");
        }
    }
}
