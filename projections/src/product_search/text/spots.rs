//! Where the words of a product's texts are: found once, and marked as often as the product is shown.

use std::hash::{DefaultHasher, Hash, Hasher};

use domain::product::ProductDetails;

use super::analyze::{Analyzer, MOST_WORDS};

/// A word, as a number: one in 2^64 others has the same, and would be marked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct WordNumber(u64);

impl WordNumber {
    pub(crate) fn of(word: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// A word in its place, in bytes. There is one for each word of a text, so it is kept small.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) word: WordNumber,
}

impl Spot {
    /// None beyond 4 GiB, where nobody looks.
    fn new(word: &str, from: usize, to: usize) -> Option<Self> {
        let (from, to) = (u32::try_from(from).ok()?, u32::try_from(to).ok()?);
        Some(Self { from, to, word: WordNumber::of(word) })
    }
}

/// The words of a text, in order: each by its stem, and then as what it is with those before it.
pub(crate) fn spots(text: &str, analyzer: &Analyzer) -> Box<[Spot]> {
    let words = analyzer.words(text);
    let mut spots = Vec::with_capacity(words.len());
    for (place, word) in words.iter().enumerate() {
        spots.extend(Spot::new(&word.stem, word.from, word.to));
        if let Some(whole) = &word.whole {
            let first = &words[place - word.joins.min(place)];
            spots.extend(Spot::new(whole, first.from, word.to));
        }
    }
    spots.into_boxed_slice()
}

/// How many bytes the spots of a text take, about, told without looking for its words: one for each word, and another one for
/// what stands together with something before it.
pub(crate) fn room(text: &str) -> usize {
    let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let mut spots = 0;
    let mut before = b' ';
    for byte in text.bytes() {
        if is_of_word(byte) && !is_of_word(before) {
            spots += if before.is_ascii_whitespace() { 1 } else { 2 };
        }
        before = byte;
    }
    spots.min(2 * MOST_WORDS as usize) * size_of::<Spot>()
}

/// The words of the texts of a product that are shown.
#[derive(Debug)]
pub(crate) struct Spots {
    pub(crate) name: Box<[Spot]>,
    pub(crate) description: Box<[Spot]>,
    pub(crate) long_description: Box<[Spot]>,
}

impl Spots {
    pub(crate) fn of(product: &ProductDetails, analyzer: &Analyzer) -> Self {
        Self {
            name: spots(&product.name, analyzer),
            description: spots(&product.description, analyzer),
            long_description: spots(product.long_description.as_deref().unwrap_or_default(), analyzer),
        }
    }
}
