//! Which words a product surely doesn't have, told without looking at them.

use std::hash::{DefaultHasher, Hash, Hasher};

/// So many bits: with five hundred words, one of twenty that it doesn't have passes.
const BITS: u64 = 4_096;

/// A Bloom filter (Burton Bloom, Space/time trade-offs in hash coding with allowable errors, 1970) with two bits a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sieve(Vec<u64>);

/// The bits of a word, for any number of sieves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits([u64; 2]);

impl Bits {
    pub(crate) fn of(word: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        let hash = hasher.finish();
        Self([hash % BITS, (hash >> 32) % BITS])
    }

    /// For each its place among the numbers, and the number with it alone.
    fn places(self) -> [(usize, u64); 2] {
        self.0.map(|bit| (usize::try_from(bit / 64).unwrap_or_default(), 1 << (bit % 64)))
    }
}

impl Sieve {
    pub(super) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sieve = Self::default();
        for word in words {
            for (place, bit) in Bits::of(word).places() {
                if sieve.0.len() <= place {
                    sieve.0.resize(place + 1, 0);
                }
                sieve.0[place] |= bit;
            }
        }
        sieve
    }

    /// Whether a word may be one of these; if not, it is none.
    pub(super) fn passes(&self, word: Bits) -> bool {
        word.places().into_iter().all(|(place, bit)| self.0.get(place).is_some_and(|bits| bits & bit != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_passes_and_few_others_do() {
        let words = |what: &str| (0..500).map(|n| format!("{what}{n}")).collect::<Vec<_>>();
        let (ours, others) = (words("lamp"), words("sofa"));
        let sieve = Sieve::of(ours.iter().map(String::as_str));
        assert!(ours.iter().all(|word| sieve.passes(Bits::of(word))));
        let passed = others.iter().filter(|word| sieve.passes(Bits::of(word))).count();
        assert!(passed < others.len() / 10, "{passed} passed");
        assert!(!Sieve::default().passes(Bits::of("lamp")));
    }
}
