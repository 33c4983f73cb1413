//! Which questions are so little work that the thread that has a request answers it itself: a way to another thread and
//! back costs as much as a search does.

use super::query::SearchQuery;
use crate::product_search::index::Snapshot;
use crate::product_search::relevance::{RARE, Typed};
use crate::product_search::text::Analyzer;

/// More products than these are gone through elsewhere: it takes up to a millisecond for each hundred thousand.
const PRODUCTS: usize = 200_000;
/// So many words and no more.
const WORDS: usize = 8;

/// A page that begins farther behind is sorted elsewhere.
const DEEP: usize = 1_000;

/// Whether a search is.
pub(crate) fn is_quick(shown: &Snapshot, query: &SearchQuery) -> bool {
    is_small(shown)
        && query.offset <= DEEP
        && query.words().is_none_or(|text| {
            let typed = Typed::read(text, &shown.words.analyzer);
            // Where words stand in a text is read from the disk anew.
            !typed.has_phrases()
                && typed.words.len() <= WORDS
                && typed.words.iter().all(|word| is_known(shown, &word.surface))
        })
}

/// Whether what was typed so far is completed so.
pub(crate) fn is_quickly_completed(shown: &Snapshot, text: &str) -> bool {
    let words = words(text, &shown.words.analyzer);
    let Some((last, before)) = words.split_last() else { return true };
    let goes_on = !shown.disk.vocabulary.beginning_with(last).is_empty();
    is_small(shown) && goes_on && words.len() <= WORDS && before.iter().all(|word| is_known(shown, word))
}

fn is_small(shown: &Snapshot) -> bool {
    shown.table.len() <= PRODUCTS
}

/// For a word that hardly any product has others are looked for, and that is many times the work.
fn is_known(shown: &Snapshot, word: &str) -> bool {
    shown.disk.vocabulary.times(word) as usize > RARE
}

fn words(text: &str, analyzer: &Analyzer) -> Vec<String> {
    Typed::read(text, analyzer).words.into_iter().map(|word| word.surface).collect()
}
