//! From a text to the words that are indexed and looked for.
//!
//! In goes what is said of a product, or what somebody typed; out come words. Both are read by the same rules: what is
//! looked for is found where it is the same word.
//!
//! - Any text: [normal] signs and [letters], [numbers], [units], and the [language], by whose rules [analyze] cuts words to
//!   their stems. With the [synonyms] they are a shop's [words].
//! - A product: its [entry], of which some [texts] are searched; the words in them are its [tokens], and a [sieve] says which
//!   it surely doesn't have. Where words are that may be marked, [spots] say.

mod analyze;
mod entry;
mod language;
mod letters;
mod normal;
mod numbers;
mod sieve;
pub(crate) mod spots;
mod synonyms;
mod texts;
mod tokens;
mod units;
mod words;

#[cfg(test)]
pub(crate) use self::analyze::MOST_WORDS;
pub(crate) use self::analyze::{Analyzer, Word};
pub use self::entry::Entry;
pub use self::language::Language;
pub(crate) use self::normal::Normal;
pub(crate) use self::sieve::Bits;
pub use self::synonyms::SynonymsError;
pub(crate) use self::texts::Text;
pub(crate) use self::tokens::Tokens;
pub(crate) use self::units::measure;
pub use self::words::Words;
