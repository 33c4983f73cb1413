//! Words that mean the same.

use std::collections::HashMap;

use super::analyze::Analyzer;

/// The table in the box.
const OURS: &str = include_str!("synonyms.txt");

/// Why a table can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line} of the synonyms must be single words, separated by commas: {entry:?} is not one")]
pub struct SynonymsError {
    line: usize,
    entry: String,
}

/// A table of synonyms, by their stems.
#[derive(Debug, Default)]
pub(crate) struct Synonyms(HashMap<String, Vec<String>>);

impl Synonyms {
    /// The table in the box.
    pub(super) fn ours(analyzer: &Analyzer) -> Self {
        Self::read(OURS, analyzer).unwrap_or_default()
    }

    /// Reads a table: a group on each line, `#` begins a remark.
    pub(super) fn read(table: &str, analyzer: &Analyzer) -> Result<Self, SynonymsError> {
        let mut synonyms: HashMap<String, Vec<String>> = HashMap::new();
        for (line, text) in (1..).zip(table.lines()) {
            let text = text.split('#').next().unwrap_or_default();
            let mut group = Vec::new();
            for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
                let bad = || SynonymsError { line, entry: entry.to_owned() };
                let mut words = analyzer.words(entry);
                let last = words.pop().ok_or_else(bad)?;
                // `e-book` is one word, `usb stick` is two.
                let word = if words.is_empty() { last.stem } else { last.whole.ok_or_else(bad)? };
                if last.joins != words.len() {
                    return Err(bad());
                }
                group.push(word);
            }
            for word in &group {
                let others = group.iter().filter(|other| *other != word);
                let known = synonyms.entry(word.clone()).or_default();
                known.extend(others.cloned());
                known.sort_unstable();
                known.dedup();
            }
        }
        Ok(Self(synonyms))
    }

    /// The stems of the words that mean the same as this stem's.
    pub(crate) fn of(&self, stem: &str) -> &[String] {
        self.0.get(stem).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::Language;
    use super::*;

    fn read(table: &str) -> Result<Synonyms, SynonymsError> {
        Synonyms::read(table, &Analyzer::new(Language::default()))
    }

    #[test]
    fn words_of_a_group_mean_the_same() {
        let synonyms =
            read("Laptops, notebook # computers\n\n# nothing\nlaptop, netbook\ne-book, reader").unwrap();
        assert_eq!(synonyms.of("laptop"), ["netbook", "notebook"]);
        assert_eq!(synonyms.of("notebook"), ["laptop"]);
        assert_eq!(synonyms.of("ebook"), ["reader"]);
        assert!(synonyms.of("lamp").is_empty());
    }

    #[test]
    fn several_words_are_no_synonym() {
        let error = read("tv, television\nusb stick, drive").unwrap_err();
        assert_eq!(error, SynonymsError { line: 2, entry: "usb stick".to_owned() });
        assert!(read("™").is_err());
    }

    #[test]
    fn our_own_table_is_read() {
        let ours = read(OURS).unwrap();
        for (word, expected) in [
            ("laptop", "notebook"),
            ("grey", "gray"),
            ("gray", "grey"),
            ("color", "colour"),
            ("tyre", "tire"),
        ] {
            assert_eq!(ours.of(word), [expected]);
        }
    }
}
