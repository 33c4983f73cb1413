//! How texts become words here, and which words mean the same: a setting of the whole shop.

use super::analyze::Analyzer;
use super::language::Language;
use super::synonyms::{Synonyms, SynonymsError};

/// A language and a table of synonyms.
pub struct Words {
    pub(super) analyzer: Analyzer,
    pub(super) synonyms: Synonyms,
}

impl Words {
    /// A language with a table of synonyms: a group of words on each line, separated by commas.
    pub fn new(language: Language, synonyms: &str) -> Result<Self, SynonymsError> {
        let analyzer = Analyzer::new(language);
        Ok(Self { synonyms: Synonyms::read(synonyms, &analyzer)?, analyzer })
    }

    /// A language with the table of synonyms in the box, which is English.
    pub fn of(language: Language) -> Self {
        let analyzer = Analyzer::new(language);
        let synonyms =
            if language == Language::default() { Synonyms::ours(&analyzer) } else { Synonyms::default() };
        Self { analyzer, synonyms }
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
