//! What may be meant while it is being typed.

use std::borrow::Cow;
use std::collections::HashSet;

use tantivy::TantivyError;

use super::page::search;
use super::query::SearchQuery;
use super::results::Hit;
use crate::catalog::word_key;
use crate::product_search::index::Snapshot;
use crate::product_search::relevance::spelling::{differ_by_one, frequent, has_letters, near};
use crate::product_search::relevance::{ByCount, MUCH_MORE, Typed, Weights, products_with};
use crate::product_search::table::Slots;
use crate::product_search::text::Word;

/// So many ends of the last word are looked at.
const ENDINGS: usize = 40;
/// A shorter word has too many neighbours to be a slip for one of them.
const SHORTEST_SLIP: usize = 5;

/// What may be meant.
#[derive(Clone, Debug, Default)]
pub struct Suggestions {
    /// Searches, the one whose last word most products have first.
    pub searches: Vec<Completion>,
    /// Brands with a word that begins so.
    pub brands: Vec<Completion>,
    /// The best products for the first search.
    pub products: Vec<Hit>,
}

/// A text, and how many products there are with it: of a search those in which its last word is written so, beside the words
/// before it, which may be in any form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The text.
    pub text: String,
    /// How many products.
    pub products: usize,
}

/// Completes what was typed so far.
pub(crate) fn suggest(
    snapshot: &Snapshot,
    text: &str,
    limit: usize,
    weights: &Weights,
) -> Result<Suggestions, TantivyError> {
    let typed = Typed::read(text, &snapshot.words.analyzer);
    let Some((last, before)) = typed.words.split_last() else { return Ok(Suggestions::default()) };
    let searches = searches(snapshot, before, &last.surface, limit, weights)?;
    let best = SearchQuery {
        text: Some(searches.first().map_or_else(|| text.to_owned(), |it| it.text.clone())),
        limit,
        ..SearchQuery::default()
    };
    Ok(Suggestions {
        brands: brands(snapshot, text, limit),
        products: search(snapshot, &best, weights)?.hits,
        searches,
    })
}

/// What is typed, with the ends of its last word that most products have, or with words that are nearly so.
fn searches(
    snapshot: &Snapshot,
    before: &[Word],
    last: &str,
    limit: usize,
    weights: &Weights,
) -> Result<Vec<Completion>, TantivyError> {
    let among = match before {
        [] => Cow::Borrowed(snapshot.table.shown()),
        before => Cow::Owned(with_most(snapshot, before, weights)?),
    };
    let endings = frequent(snapshot, last, ENDINGS);
    let language = snapshot.words.analyzer.language();
    let said: Vec<_> = endings.iter().filter(|(word, _)| language.is_completed(word)).cloned().collect();
    let mut ends = most_frequent(snapshot, &said, &among, limit)?;
    if ends.is_empty() && !any_is_written(snapshot, &endings)? {
        let near = near(snapshot, last, ENDINGS)?.into_iter().map(|it| (it.word, u32::MAX));
        ends = most_frequent(snapshot, &near.collect::<Vec<_>>(), &among, limit)?;
    }
    let completion = |(word, products): (String, usize)| {
        let words = before.iter().map(|it| it.surface.as_str()).chain([word.as_str()]);
        Completion { text: words.collect::<Vec<_>>().join(" "), products }
    };
    Ok(ends.into_iter().map(completion).collect())
}

/// The words that most of these products have, and how many of them: those that are no slips. Of each word it is said how many
/// have it at most, the most first.
fn most_frequent(
    snapshot: &Snapshot,
    words: &[(String, u32)],
    among: &Slots,
    limit: usize,
) -> Result<Vec<(String, usize)>, TantivyError> {
    let mut on_disk = among.clone();
    on_disk.remove_all(&snapshot.masked);
    let mut found: Vec<Ending<'_>> = Vec::new();
    for (word, most) in words {
        // So many are ahead of this word, and of all behind it.
        let ahead = found.iter().filter(|it| it.products > *most as usize && !it.is_slip_of_any(&found));
        if ahead.map(|it| it.stem.as_str()).collect::<HashSet<_>>().len() >= limit {
            break;
        }
        let products = snapshot.written_in(word, among, &on_disk)?;
        if products > 0 {
            found.push(Ending { word, products, stem: snapshot.words.analyzer.stem(word) });
        }
    }
    found.sort_by(|one, other| (other.products, one.word).cmp(&(one.products, other.word)));
    // One word of each stem: the one that most products have.
    let mut seen = HashSet::new();
    let kept = found.iter().filter(|it| !it.is_slip_of_any(&found) && seen.insert(it.stem.as_str()));
    Ok(kept.take(limit).map(|it| (it.word.to_owned(), it.products)).collect())
}

/// A word that what was typed may become, and how many products have it.
struct Ending<'a> {
    word: &'a str,
    products: usize,
    stem: String,
}

impl Ending<'_> {
    /// Whether it is nearly one of these that far more products have: then it is a slip in those that have it.
    fn is_slip_of_any(&self, others: &[Self]) -> bool {
        let is_of = |other: &Self| {
            other.products >= self.products * MUCH_MORE && differ_by_one(self.word, other.word)
        };
        has_letters(self.word, SHORTEST_SLIP) && others.iter().any(is_of)
    }
}

/// Whether there is a product with any of these, be it none that may be found.
fn any_is_written(snapshot: &Snapshot, words: &[(String, u32)]) -> Result<bool, TantivyError> {
    for (word, _) in words {
        if snapshot.written(word, 1)? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The products that may be found and have all of these words, or as many as any has.
fn with_most(snapshot: &Snapshot, words: &[Word], weights: &Weights) -> Result<Slots, TantivyError> {
    let mut with = ByCount::none(snapshot.table.shown().clone(), words.len());
    for word in words {
        with.add(&products_with(snapshot, &word.stem, weights)?);
    }
    let most = with.most_that(|slots| slots.count() > 0);
    Ok(with.at_least(most).cloned().unwrap_or_default())
}

fn brands(snapshot: &Snapshot, text: &str, limit: usize) -> Vec<Completion> {
    let names = &snapshot.table.brands;
    let numbers = if word_key(text).is_empty() { Vec::new() } else { names.beginning_with(text) };
    let told = numbers.into_iter().map(|brand| Completion {
        text: names.word(brand).to_string(),
        products: snapshot.table.of_brand(brand).len(),
    });
    let mut told: Vec<_> = told.filter(|brand| brand.products > 0).collect();
    told.sort_by(|one, other| (other.products, &one.text).cmp(&(one.products, &other.text)));
    told.truncate(limit);
    told
}
