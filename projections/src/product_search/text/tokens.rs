//! A product's texts, split into words.

use std::collections::BTreeSet;

use tantivy::tokenizer::{PreTokenizedString, Token};

use super::analyze::{Analyzer, MOST_WORDS, Word};
use super::entry::Entry;
use super::sieve::{Bits, Sieve};
use super::texts::Text;

/// Between two texts of a field there is room, so that no phrase goes over it.
const GAP: u32 = 10;

/// A word of one field at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Posting {
    pub(super) word: String,
    pub(crate) text: Text,
    pub(crate) position: u32,
}

/// The words of all texts of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// Sorted, so that those of a word stand together.
    postings: Vec<Posting>,
    /// Words as they are written, sorted, without the numbers alone.
    pub(crate) surface: Vec<String>,
    /// How many words each text has, without the numbers alone that are beside others.
    pub(crate) lengths: [u16; Text::COUNT],
    /// Both kinds of words.
    sieve: Sieve,
}

impl Tokens {
    pub(super) fn of(entry: &Entry, analyzer: &Analyzer) -> Self {
        let mut reading = Reading { analyzer, tokens: Self::default(), surface: BTreeSet::new() };
        let product = &entry.product;
        reading.read(Text::Name, [product.name.as_str()]);
        reading.read(Text::Model, entry.codes());
        reading.read(Text::Brand, product.brand.as_deref());
        reading.read(Text::Tags, product.tags.iter().map(String::as_str));
        let behind = reading.read(Text::Attributes, entry.attributes());
        reading.read_aside(Text::Attributes, entry.numbers(), behind);
        let description =
            [product.description.as_str()].into_iter().chain(product.long_description.as_deref());
        reading.read(Text::Description, description);
        let Reading { mut tokens, surface, .. } = reading;
        tokens.postings.sort_unstable();
        tokens.surface = surface.into_iter().collect();
        let words = tokens.postings.iter().map(|posting| &posting.word).chain(&tokens.surface);
        tokens.sieve = Sieve::of(words.map(String::as_str));
        tokens
    }

    /// Whether any text may have this word, or it may be written so: this says at once where not.
    pub(crate) fn may_have(&self, word: Bits) -> bool {
        self.sieve.passes(word)
    }

    /// The places of a word.
    pub(crate) fn of_word(&self, word: &str) -> &[Posting] {
        let from = self.postings.partition_point(|posting| posting.word.as_str() < word);
        let rest = &self.postings[from..];
        &rest[..rest.partition_point(|posting| posting.word == word)]
    }

    /// Whether any text has this word.
    pub(crate) fn has(&self, word: &str) -> bool {
        !self.of_word(word).is_empty()
    }

    /// Whether it has this word as it is written.
    pub(crate) fn is_written(&self, surface: &str) -> bool {
        self.surface.binary_search_by(|word| word.as_str().cmp(surface)).is_ok()
    }

    /// The words of one text, as the index takes them.
    pub(crate) fn indexed(&self, text: Text) -> PreTokenizedString {
        let mut tokens: Vec<Token> = self
            .postings
            .iter()
            .filter(|posting| posting.text == text)
            .map(|posting| token(&posting.word, posting.position))
            .collect();
        tokens.sort_by_key(|token| token.position);
        PreTokenizedString { text: String::new(), tokens }
    }

    /// The words as they are written, as the index takes them.
    pub(crate) fn indexed_surface(&self) -> PreTokenizedString {
        let tokens = (0..).zip(&self.surface).map(|(position, word)| token(word, position)).collect();
        PreTokenizedString { text: String::new(), tokens }
    }
}

fn token(word: &str, position: u32) -> Token {
    Token { text: word.to_owned(), position: position as usize, ..Token::default() }
}

struct Reading<'a> {
    analyzer: &'a Analyzer,
    tokens: Tokens,
    surface: BTreeSet<String>,
}

impl Reading<'_> {
    /// Reads a text; the place behind it.
    fn read<'b>(&mut self, text: Text, parts: impl IntoIterator<Item = &'b str>) -> u32 {
        let (words, behind) = self.words(parts, 0);
        self.set_length(text, words.len());
        for (position, word) in words {
            self.surface.insert(word.surface);
            self.add(text, word.stem, position);
            if let Some(whole) = word.whole {
                self.add(text, whole, position);
            }
        }
        behind
    }

    /// Reads on in a text, from this place on, what is only to be found there: nobody begins to type it, and other words count
    /// no less for it, so it is no part of the text's length if that has others.
    fn read_aside<'b>(&mut self, text: Text, parts: impl IntoIterator<Item = &'b str>, from: u32) {
        let (words, _) = self.words(parts, from);
        if self.tokens.lengths[text as usize] == 0 {
            self.set_length(text, words.len());
        }
        for (position, word) in words {
            self.add(text, word.stem, position);
            if let Some(whole) = word.whole {
                self.add(text, whole, position);
            }
        }
    }

    /// The words of these parts, each with its place, from this one on; and the place behind them.
    fn words<'b>(&self, parts: impl IntoIterator<Item = &'b str>, from: u32) -> (Vec<(u32, Word)>, u32) {
        let mut words = Vec::new();
        let mut position = from;
        // A field has no more words than one text may have.
        for part in parts {
            if position >= MOST_WORDS {
                break;
            }
            for word in self.analyzer.words(part) {
                if position >= MOST_WORDS {
                    break;
                }
                words.push((position, word));
                position += 1;
            }
            position += GAP;
        }
        (words, position)
    }

    fn set_length(&mut self, text: Text, words: usize) {
        self.tokens.lengths[text as usize] = u16::try_from(words).unwrap_or(u16::MAX);
    }

    fn add(&mut self, text: Text, word: String, position: u32) {
        self.tokens.postings.push(Posting { word, text, position });
    }
}
