//! Which questions are so little work that the thread that has a request answers it itself: a way to another thread and
//! back costs as much as a search does.

use super::analyze::Analyzer;
use super::plan::RARE;
use super::snapshot::Snapshot;
use super::typed::Typed;

/// More products than these are gone through elsewhere: it takes up to a millisecond for each hundred thousand.
const PRODUCTS: usize = 200_000;
/// So many words and no more.
const WORDS: usize = 8;

/// Whether a search for this is.
pub(super) fn is_quick(shown: &Snapshot, text: Option<&str>) -> bool {
    let known = |surface: &str| shown.disk.vocabulary.times(surface) as usize > RARE;
    shown.table.len() <= PRODUCTS
        && text.is_none_or(|text| {
            let words = words(text, &shown.words.analyzer);
            // For a word that hardly any product has others are looked for, and that is many times the work.
            words.len() <= WORDS && words.iter().all(|word| known(word))
        })
}

/// Whether what was typed so far is completed so.
pub(super) fn is_quickly_completed(shown: &Snapshot, text: &str) -> bool {
    let words = words(text, &shown.words.analyzer);
    let goes_on = |begun: &String| !shown.disk.vocabulary.beginning_with(begun).is_empty();
    shown.table.len() <= PRODUCTS && words.len() <= WORDS && words.last().is_none_or(goes_on)
}

fn words(text: &str, analyzer: &Analyzer) -> Vec<String> {
    Typed::read(text, analyzer).words.into_iter().map(|word| word.surface).collect()
}
