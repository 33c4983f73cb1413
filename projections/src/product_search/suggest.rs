//! What may be meant while it is being typed.

use std::collections::HashSet;
use std::ops::ControlFlow;

use tantivy::TantivyError;

use super::analyze::Word;
use super::matching::matching;
use super::page::search;
use super::plan::{Alternative, Plan};
use super::query::{Hit, SearchQuery};
use super::slots::Slots;
use super::snapshot::Snapshot;
use super::spelling::{beginning_with, near};
use super::typed::Typed;
use super::weights::Weights;
use crate::catalog::word_key;

/// So many ends of the last word are looked at.
const ENDINGS: usize = 40;

/// What may be meant.
#[derive(Clone, Debug, Default)]
pub struct Suggestions {
    /// Searches, the one that finds most first.
    pub searches: Vec<Completion>,
    /// Brands with a word that begins so.
    pub brands: Vec<Completion>,
    /// The best products for the first search.
    pub products: Vec<Hit>,
}

/// A text, and how many products there are with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The text.
    pub text: String,
    /// How many products.
    pub products: usize,
}

/// Completes what was typed so far.
pub(super) fn suggest(
    snapshot: &Snapshot,
    text: &str,
    limit: usize,
    weights: &Weights,
) -> Result<Suggestions, TantivyError> {
    let typed = Typed::read(text, &snapshot.words.analyzer);
    let Some((last, before)) = typed.words.split_last() else { return Ok(Suggestions::default()) };
    let mut endings = beginning_with(snapshot, &last.surface, ENDINGS)?;
    if endings.is_empty() {
        endings = near(snapshot, &last.surface, ENDINGS)?;
    }
    let with_others = match before {
        [] => None,
        before => Some(with_all(snapshot, before, weights)?),
    };
    let mut searches = Vec::new();
    let mut seen = HashSet::new();
    for ending in endings {
        let mut products = 0;
        snapshot.with_written(&ending.word, |slot| {
            let found = with_others.as_ref().is_none_or(|others| others.contains(slot));
            products += usize::from(found && snapshot.table.is_shown(slot));
            ControlFlow::Continue(())
        })?;
        // One word of each stem: the one that most products have.
        if products > 0 {
            searches.push((snapshot.words.analyzer.stem(&ending.word), ending.word, products));
        }
    }
    searches.sort_by(|one, other| (other.2, &one.1).cmp(&(one.2, &other.1)));
    searches.retain(|(stem, ..)| seen.insert(stem.clone()));
    searches.truncate(limit);
    let searches: Vec<Completion> = searches
        .into_iter()
        .map(|(_, word, products)| Completion { text: said(before, &word), products })
        .collect();
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

/// The words before, and an end of the last.
fn said(before: &[Word], last: &str) -> String {
    before.iter().map(|word| word.surface.as_str()).chain([last]).collect::<Vec<_>>().join(" ")
}

/// The products that have all of these words.
fn with_all(snapshot: &Snapshot, words: &[Word], weights: &Weights) -> Result<Slots, TantivyError> {
    let group = |word: &Word| vec![Alternative { word: word.stem.clone(), weight: 1.0 }];
    let plan = Plan { groups: words.iter().map(group).collect(), ..Plan::default() };
    let all = Weights { enough: 1, ..*weights };
    let mut slots = Slots::default();
    matching(snapshot, &plan, &all, None, |it| slots.insert(it.slot))?;
    Ok(slots)
}

fn brands(snapshot: &Snapshot, text: &str, limit: usize) -> Vec<Completion> {
    let typed = word_key(text);
    let names = &snapshot.table.brands;
    let begins = |brand: &str| {
        let brand = word_key(brand);
        brand.starts_with(&typed) || brand.split_whitespace().any(|word| word.starts_with(&typed))
    };
    let numbers = if typed.is_empty() { Vec::new() } else { names.numbers_where(begins) };
    let told = numbers.into_iter().map(|brand| Completion {
        text: names.word(brand).to_string(),
        products: snapshot.table.of_brand(brand).len(),
    });
    let mut told: Vec<_> = told.filter(|brand| brand.products > 0).collect();
    told.sort_by(|one, other| (other.products, &one.text).cmp(&(one.products, &other.text)));
    told.truncate(limit);
    told
}
