//! Where the words of a product's texts are: found once, and marked as often as the product is shown.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::analyze::{Analyzer, Word};
use super::entry::Entry;

/// A word, as a number: one in 2^64 others has the same, and would be marked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct WordNumber(u64);

impl WordNumber {
    pub(super) fn of(word: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// A word in its place, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) stem: WordNumber,
    pub(super) whole: Option<Whole>,
}

/// What a word is with those before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    pub(super) from: usize,
    pub(super) word: WordNumber,
}

/// The words of a text, in order.
pub(super) fn spots(text: &str, analyzer: &Analyzer) -> Box<[Spot]> {
    let words = analyzer.words(text);
    let spot = |(place, word): (usize, &Word)| Spot {
        from: word.from,
        to: word.to,
        stem: WordNumber::of(&word.stem),
        whole: word.whole.as_ref().map(|whole| Whole {
            from: words[place - word.joins.min(place)].from,
            word: WordNumber::of(whole),
        }),
    };
    words.iter().enumerate().map(spot).collect()
}

/// The words of the texts of a product that are shown.
#[derive(Debug)]
pub(super) struct Spots {
    pub(super) name: Box<[Spot]>,
    pub(super) description: Box<[Spot]>,
    pub(super) long_description: Box<[Spot]>,
}

impl Spots {
    pub(super) fn of(entry: &Entry, analyzer: &Analyzer) -> Self {
        let product = &entry.product;
        Self {
            name: spots(&product.name, analyzer),
            description: spots(&product.description, analyzer),
            long_description: spots(product.long_description.as_deref().unwrap_or_default(), analyzer),
        }
    }
}
