//! How texts become words here, and which words mean the same: a setting of the whole shop.

use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(test)]
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::analyze::Analyzer;
use super::entry::Entry;
use super::language::Language;
use super::synonyms::{Synonyms, SynonymsError};
use super::tokens::Tokens;

/// A language and a table of synonyms.
pub struct Words {
    pub(crate) analyzer: Analyzer,
    pub(crate) synonyms: Synonyms,
    /// A bug, as long as it is set: products that are called a poison can't be read.
    #[cfg(test)]
    pub(crate) has_bug: Arc<AtomicBool>,
}

impl Words {
    /// A language with a table of synonyms: a group of words on each line, separated by commas.
    pub fn new(language: Language, synonyms: &str) -> Result<Self, SynonymsError> {
        let analyzer = Analyzer::new(language);
        Ok(Self::with(Synonyms::read(synonyms, &analyzer)?, analyzer))
    }

    /// A language with the table of synonyms in the box, which is English.
    pub fn of(language: Language) -> Self {
        let analyzer = Analyzer::new(language);
        let synonyms =
            if language == Language::default() { Synonyms::ours(&analyzer) } else { Synonyms::default() };
        Self::with(synonyms, analyzer)
    }

    fn with(synonyms: Synonyms, analyzer: Analyzer) -> Self {
        Self {
            analyzer,
            synonyms,
            #[cfg(test)]
            has_bug: Arc::default(),
        }
    }

    /// A product's texts as words; nothing where that panics. That is a bug, but one of this product.
    pub(in crate::product_search) fn read(&self, entry: &Entry) -> Option<Tokens> {
        catch_unwind(AssertUnwindSafe(|| {
            #[cfg(test)]
            assert!(!(self.has_bug.load(Ordering::SeqCst) && entry.product.name.contains("Poison")), "a bug");
            Tokens::of(entry, &self.analyzer)
        }))
        .ok()
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::of(Language::default())
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").field("language", &self.analyzer.language().name()).finish_non_exhaustive()
    }
}
