//! Which products match a text, and how well.
//!
//! First which products have the words, as sets; then of those that have enough of them how often, word by word, with the
//! frequencies of a product's texts added up before they are weighed (BM25F). How rare a word is, is counted while it is
//! looked for, over the products that are there: so the same products have the same scores whatever merges and commits
//! came before.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use tantivy::TantivyError;

use super::by_count::ByCount;
use super::having::{Group, groups, wanted};
use super::plan::Plan;
use super::scale::Scale;
use super::weights::{Weight, Weights};
use crate::product_search::index::{List, Snapshot};
use crate::product_search::table::Slots;
use crate::product_search::text::Text;

/// A product that matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Match {
    pub(crate) slot: u32,
    /// The higher the better.
    pub(crate) score: f32,
}

/// Tells `found` the products that match, in no order. What their scores are made with: what is given, if it is of as many
/// words, else what is so now.
pub(crate) fn matching(
    snapshot: &Snapshot,
    plan: &Plan,
    weights: &Weights,
    began: Option<Scale>,
    found: impl FnMut(Match),
) -> Result<Scale, TantivyError> {
    let groups = groups(snapshot, plan, weights)?;
    let began = began.filter(|scale| scale.with.len() == groups.len());
    let most = began.as_ref().map_or(groups.len(), |scale| usize::from(scale.least));
    let wanted = wanted(snapshot, plan)?;
    let words = counted(&groups, &plan.together, &wanted);
    let mut by_count = ByCount::none(wanted, most);
    for having in &words {
        by_count.add(having);
    }
    let scale = began.unwrap_or_else(|| {
        let with = groups.iter().map(|group| u32::try_from(group.having.count()).unwrap_or(u32::MAX));
        let least = by_count.most_that(|slots| slots.count() >= weights.enough);
        let least = u8::try_from(least).unwrap_or(u8::MAX);
        Scale { with: with.collect(), least, ..Scale::of(&snapshot.table) }
    });
    if let Some(among) = by_count.at_least(usize::from(scale.least)) {
        let scoring = Scoring { snapshot, weights, scale: &scale, among };
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = spare.unwrap_or_default();
        scratch.make_room(snapshot.table.len());
        let matched = scratch.score(&scoring, &groups, found);
        scratch.clear(among);
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST_SPARE {
            spare.push(scratch);
        }
        matched?;
    }
    Ok(scale)
}

/// The products that have each of the words, as far as those are counted: words that were typed as one count as one where a
/// product has them all, or others that have `01` would fill up what is found for `spk-01`.
fn counted<'a>(groups: &'a [Group<'_>], together: &[Vec<usize>], wanted: &Slots) -> Vec<Cow<'a, Slots>> {
    let mut counted = Vec::new();
    let mut alone = vec![true; groups.len()];
    for places in together {
        let mut having = places.iter().filter_map(|place| groups.get(*place)).map(|group| &group.having);
        let Some(mut with_all) = having.next().cloned() else { continue };
        having.for_each(|having| with_all.keep(having));
        if with_all.count_in(wanted, None) > 0 {
            counted.push(Cow::Owned(with_all));
            for place in places {
                alone[*place] = false;
            }
        }
    }
    let alone = groups.iter().zip(alone).filter(|(_, alone)| *alone);
    counted.extend(alone.map(|(group, _)| Cow::Borrowed(&group.having)));
    counted
}

/// So much room is kept, if so many searches were ever under way at once.
const MOST_SPARE: usize = 16;

/// Room for every product: made once, and cleared where it was written to. What was used last is taken first, and is still
/// near at hand; threads, which are many more than cores, would each have their own.
static SPARE: Mutex<Vec<Scratch>> = Mutex::new(Vec::new());

/// What is scored, and by what.
#[derive(Clone, Copy)]
struct Scoring<'a> {
    snapshot: &'a Snapshot,
    weights: &'a Weights,
    scale: &'a Scale,
    /// The products that have enough of the words.
    among: &'a Slots,
}

impl Scoring<'_> {
    /// How much it counts that a word is so often in a text of a product: by where it is, and by how long that text is.
    #[allow(clippy::cast_precision_loss, reason = "numbers of words")]
    fn weighed(&self, slot: u32, text: Text, weight: Weight, times: u32) -> f32 {
        let length = f32::from(self.snapshot.table.lengths(slot)[text as usize]);
        let longer = 1.0 + weight.length * (length / self.scale.averages[text as usize] - 1.0);
        weight.boost * times as f32 / longer
    }
}

#[derive(Default)]
struct Scratch {
    /// The weighed frequency of one alternative.
    frequency: Vec<f32>,
    alternative: Vec<u32>,
    /// The best alternative of a word.
    best: Vec<f32>,
    group: Vec<u32>,
    score: Vec<f32>,
    words: Vec<u8>,
}

impl Scratch {
    fn make_room(&mut self, slots: usize) {
        if self.score.len() < slots {
            for numbers in [&mut self.frequency, &mut self.best, &mut self.score] {
                numbers.resize(slots, 0.0);
            }
            self.words.resize(slots, 0);
        }
    }

    /// Also after an error in the middle of a word. Only these were scored.
    fn clear(&mut self, among: &Slots) {
        for slot in self.alternative.drain(..) {
            self.frequency[slot as usize] = 0.0;
        }
        for slot in self.group.drain(..) {
            self.best[slot as usize] = 0.0;
        }
        for slot in among.iter() {
            self.score[slot as usize] = 0.0;
            self.words[slot as usize] = 0;
        }
    }

    fn score(
        &mut self,
        scoring: &Scoring<'_>,
        groups: &[Group<'_>],
        mut found: impl FnMut(Match),
    ) -> Result<(), TantivyError> {
        let &Scoring { snapshot, weights, scale, among } = scoring;
        for (group, with) in groups.iter().zip(&scale.with) {
            self.word(scoring, group, scale.rarity(*with))?;
        }
        let parts = parts(groups.len(), weights);
        for slot in among.iter() {
            let part = parts.get(usize::from(self.words[slot as usize])).copied().unwrap_or(1.0);
            let stock = if snapshot.table.row(slot).stock > 0 { 1.0 } else { weights.out_of_stock };
            found(Match { slot, score: self.score[slot as usize] * part * stock });
        }
        Ok(())
    }

    /// Adds a word to the scores.
    fn word(&mut self, scoring: &Scoring<'_>, group: &Group<'_>, rarity: f32) -> Result<(), TantivyError> {
        let k1 = scoring.weights.k1;
        for (alternative, lists) in &group.alternatives {
            self.frequencies(scoring, &alternative.word, lists)?;
            self.weigh(alternative.weight, k1);
        }
        for split in &group.splits {
            for &(slot, text) in split.places.iter().filter(|(slot, _)| scoring.among.contains(*slot)) {
                let value = scoring.weighed(slot, text, scoring.weights.of(text), 1);
                if value > 0.0 {
                    self.add(slot, value);
                }
            }
            self.weigh(split.weight, k1);
        }
        for slot in self.group.drain(..) {
            let place = slot as usize;
            self.score[place] += rarity * (k1 + 1.0) * std::mem::take(&mut self.best[place]);
            self.words[place] += 1;
        }
        Ok(())
    }

    /// Takes an alternative for the word where it is the best one.
    fn weigh(&mut self, weight: f32, k1: f32) {
        for slot in self.alternative.drain(..) {
            let place = slot as usize;
            let frequency = std::mem::take(&mut self.frequency[place]);
            let value = weight * frequency / (k1 + frequency);
            if self.best[place] == 0.0 {
                self.group.push(slot);
            }
            self.best[place] = self.best[place].max(value);
        }
    }

    /// How often a word is in each product, weighed.
    fn frequencies(
        &mut self,
        scoring: &Scoring<'_>,
        word: &str,
        lists: &[List<'_>],
    ) -> Result<(), TantivyError> {
        let &Scoring { snapshot, weights, among, .. } = scoring;
        for list in lists {
            let weight = weights.of(list.text);
            snapshot.on_disk_with(list, among, |slot, times| {
                self.add(slot, scoring.weighed(slot, list.text, weight, times));
            })?;
        }
        snapshot.in_memory_with(word, |slot, text, times| {
            let value = scoring.weighed(slot, text, weights.of(text), times);
            if value > 0.0 && among.contains(slot) {
                self.add(slot, value);
            }
        });
        if weights.category > 0.0 {
            for slot in snapshot.in_categories(word).filter(|slot| among.contains(*slot)) {
                self.add(slot, weights.category);
            }
        }
        Ok(())
    }

    fn add(&mut self, slot: u32, frequency: f32) {
        let known = &mut self.frequency[slot as usize];
        if *known == 0.0 {
            self.alternative.push(slot);
        }
        *known += frequency;
    }
}

/// By how much a product counts that has none of so many words, one, two …, or all.
#[allow(clippy::cast_precision_loss, reason = "numbers of words")]
fn parts(words: usize, weights: &Weights) -> Vec<f32> {
    (0..=words).map(|has| (has as f32 / words.max(1) as f32).powf(weights.coverage)).collect()
}
