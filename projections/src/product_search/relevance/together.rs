//! What is written as one word or as several: `iphone12` is `iphone 12`.

use tantivy::TantivyError;

use crate::product_search::index::Snapshot;
use crate::product_search::text::{Text, Word, measure};

/// Shorter parts stand beside each other by chance: `a4` isn't `a 4`.
const SHORTEST_PART: usize = 2;
/// So many ways to write a phrase are looked for.
const MOST_WAYS: usize = 8;

/// Stems with their distance from the first.
pub(super) type Sequence = Vec<(usize, String)>;

/// A word of the plan in several words: a product that has these behind each other has the word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    /// The place of the word's group in the plan.
    pub(super) group: usize,
    pub(super) weight: f32,
    pub(crate) words: Sequence,
    /// The products with them, and in which text. Hidden ones too.
    pub(super) places: Vec<(u32, Text)>,
}

/// The words that a code may be made of, as far as products have them behind each other.
pub(super) fn splits(
    snapshot: &Snapshot,
    word: &Word,
    group: usize,
    weight: f32,
) -> Result<Vec<Split>, TantivyError> {
    let mut splits = Vec::new();
    for words in parts(snapshot, word) {
        let mut places = Vec::new();
        let words: Sequence = words.into_iter().enumerate().collect();
        snapshot.with_phrase(&words, |slot, text| places.push((slot, text)))?;
        if !places.is_empty() {
            splits.push(Split { group, weight, words, places });
        }
    }
    Ok(splits)
}

/// A phrase as it was typed, and with two of its words as one or a code as several, where products write that one so.
pub(super) fn ways(snapshot: &Snapshot, phrase: &[Word]) -> Vec<Sequence> {
    let stems = |words: &[Word]| words.iter().map(|word| word.stem.clone()).collect::<Vec<_>>();
    let mut ways = vec![stems(phrase)];
    for (place, word) in phrase.iter().enumerate() {
        let (before, behind) = (stems(&phrase[..place]), stems(&phrase[place + 1..]));
        ways.extend(parts(snapshot, word).map(|parts| [before.clone(), parts, behind.clone()].concat()));
        let Some(next) = phrase.get(place + 1) else { continue };
        let joined = format!("{}{}", word.surface, next.surface);
        if snapshot.may_be_written(&joined) {
            let joined = vec![snapshot.words.analyzer.stem(&joined)];
            ways.push([before, joined, stems(&phrase[place + 2..])].concat());
        }
    }
    ways.truncate(MOST_WAYS);
    ways.into_iter().map(|way| way.into_iter().enumerate().collect()).collect()
}

/// The stems of the words that a code may be made of: of two, wherever one of them ends, for in `galaxys21` that isn't where
/// letters end and a number begins; and of all that letters and numbers make.
fn parts<'a>(snapshot: &'a Snapshot, word: &'a Word) -> impl Iterator<Item = Vec<String>> + 'a {
    let surface = word.surface.as_str();
    let turns = turns(surface);
    // Of what stands together with others they are the parts already, and a measure is one word however it is written.
    let is_code = word.whole.is_none() && !turns.is_empty();
    let places = surface.char_indices().map(|(place, _)| place).skip(1).filter(move |_| is_code);
    let two = places.map(|place| surface.split_at(place));
    let two = two.filter(|(one, other)| measure(one, other).is_none()).map(|(one, other)| vec![one, other]);
    let all = (is_code && turns.len() > 1).then(|| {
        let ends = turns.iter().copied().chain([surface.len()]);
        let begins = [0].into_iter().chain(turns.iter().copied());
        begins.zip(ends).map(|(begin, end)| &surface[begin..end]).collect::<Vec<_>>()
    });
    let analyzer = &snapshot.words.analyzer;
    let is_part = |part: &&str| {
        part.chars().count() >= SHORTEST_PART
            && !analyzer.language().is_filler(part)
            && snapshot.may_be_written(part)
    };
    let parts = two.chain(all).filter(move |parts| parts.iter().all(is_part));
    parts.map(|parts| parts.into_iter().map(|part| analyzer.stem(part)).collect())
}

/// Where in a word letters end and a number begins, or the other way about.
pub(super) fn turns(surface: &str) -> Vec<usize> {
    let turns = |(place, c): (usize, char)| {
        let before = surface[..place].chars().next_back()?;
        (before.is_ascii_digit() != c.is_ascii_digit()).then_some(place)
    };
    surface.char_indices().filter_map(turns).collect()
}
