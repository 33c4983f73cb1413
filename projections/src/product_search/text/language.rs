//! The language that a catalog is written in: how its words are cut to their stems.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

/// A language, by its English name in lower case; `none` leaves words as they are.
///
/// An index knows the language that it was made for and is built again when that is another one.
#[derive(Clone, Copy, Debug)]
pub struct Language {
    name: &'static str,
    algorithm: Option<fn() -> Algorithm>,
    /// Words that say nothing of a product; looked for only where there are no others.
    filler: &'static [&'static str],
    /// Words that a search may have, but that nobody begins to type for their own sake.
    function_words: &'static [&'static str],
}

const ENGLISH_FILLER: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "that",
    "the", "this", "to", "with",
];

const ENGLISH_FUNCTION_WORDS: &[&str] = &[
    "about", "after", "also", "any", "be", "been", "because", "before", "both", "but", "could", "do", "does",
    "each", "every", "had", "has", "have", "he", "her", "his", "how", "however", "if", "into", "its", "may",
    "might", "more", "most", "must", "my", "no", "nor", "not", "only", "other", "our", "shall", "she",
    "should", "so", "some", "such", "than", "their", "them", "then", "there", "these", "they", "those",
    "though", "through", "thus", "too", "until", "upon", "us", "very", "was", "we", "were", "what", "when",
    "where", "whether", "which", "while", "who", "whose", "why", "will", "within", "without", "would", "you",
    "your",
];

macro_rules! languages {
    ($($name:literal $algorithm:ident),* $(,)?) => {
        const LANGUAGES: &[Language] = &[
            Language { name: "english", algorithm: Some(|| Algorithm::English), filler: ENGLISH_FILLER, function_words: ENGLISH_FUNCTION_WORDS },
            Language { name: "none", algorithm: None, filler: &[], function_words: &[] },
            $(Language { name: $name, algorithm: Some(|| Algorithm::$algorithm), filler: &[], function_words: &[] },)*
        ];
    };
}

languages! {
    "arabic" Arabic, "danish" Danish, "dutch" Dutch, "finnish" Finnish, "french" French, "german" German,
    "greek" Greek, "hungarian" Hungarian, "italian" Italian, "norwegian" Norwegian, "portuguese" Portuguese,
    "romanian" Romanian, "russian" Russian, "spanish" Spanish, "swedish" Swedish, "tamil" Tamil, "turkish" Turkish,
}

impl Language {
    /// The language of this name.
    pub fn named(name: &str) -> Option<Self> {
        LANGUAGES.iter().find(|language| language.name == name).copied()
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The names of all.
    pub fn names() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|language| language.name)
    }

    /// Whether a word says nothing of a product.
    pub(in crate::product_search) fn is_filler(&self, word: &str) -> bool {
        self.filler.contains(&word)
    }

    /// Whether somebody may be about to type a word for what it says.
    pub(in crate::product_search) fn is_completed(&self, word: &str) -> bool {
        !self.is_filler(word) && !self.function_words.contains(&word)
    }

    /// Whether its words have no accents of their own: they are taken off before a word is cut. Of other languages, the
    /// rules by which a word is cut know the accents.
    pub(super) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// What its words are cut with.
    pub(super) fn stems(&self) -> Stems {
        Stems { language: self.name, stemmer: self.algorithm.map(|algorithm| Stemmer::create(algorithm())) }
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Language {}

impl Default for Language {
    fn default() -> Self {
        LANGUAGES[0]
    }
}

/// Cuts words to their stems.
pub(super) struct Stems {
    language: &'static str,
    stemmer: Option<Stemmer>,
}

/// So many stems are remembered by a thread.
const REMEMBERED: usize = 4_096;

thread_local! {
    /// Stems of words of one language that a thread has cut lately, nothing where a word is its own: finding one here
    /// is less work than cutting it, and texts are made of the same words.
    static KNOWN: RefCell<(&'static str, HashMap<String, Option<String>>)> = RefCell::default();
}

impl Stems {
    /// The stem of a word in lower case. What has a digit in it is no word of a language.
    pub(super) fn of<'a>(&self, word: &'a str) -> Cow<'a, str> {
        match &self.stemmer {
            Some(stemmer) if word.chars().all(char::is_alphabetic) => self.known(word, stemmer),
            Some(_) | None => Cow::Borrowed(word),
        }
    }

    fn known<'a>(&self, word: &'a str, stemmer: &Stemmer) -> Cow<'a, str> {
        KNOWN.with_borrow_mut(|(language, known)| {
            if *language != self.language || known.len() >= REMEMBERED {
                *language = self.language;
                known.clear();
            }
            if let Some(stem) = known.get(word) {
                return stem.clone().map_or(Cow::Borrowed(word), Cow::Owned);
            }
            let stem = stemmer.stem(word);
            known.insert(word.to_owned(), (stem != word).then(|| stem.clone().into_owned()));
            stem
        })
    }
}
