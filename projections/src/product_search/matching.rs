//! Which products match a text, and how well.
//!
//! Word by word over all products that have it, with the frequencies of its texts added up before they are weighed
//! (BM25F). How rare a word is, is counted while it is looked for, over the products that are there: so the same products
//! have the same scores whatever merges and commits came before.

use std::sync::{Mutex, PoisonError};

use tantivy::TantivyError;

use super::fields::Text;
use super::plan::{Alternative, Plan};
use super::scale::Scale;
use super::slots::Slots;
use super::snapshot::Snapshot;
use super::weights::{Weight, Weights};

/// A product that matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Match {
    pub(super) slot: u32,
    /// The higher the better.
    pub(super) score: f32,
}

/// Tells `found` the products that match, in no order. What their scores are made with: what is given, if it is of as many
/// words, else what is so now.
pub(super) fn matching(
    snapshot: &Snapshot,
    plan: &Plan,
    weights: &Weights,
    began: Option<Scale>,
    found: impl FnMut(Match),
) -> Result<Scale, TantivyError> {
    let began = began.filter(|scale| scale.with.len() == plan.groups.len());
    let mut scale = began.unwrap_or_else(|| Scale::of(&snapshot.table));
    let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut scratch = spare.unwrap_or_default();
    scratch.make_room(snapshot.table.len());
    let matched = scratch.matching(snapshot, plan, weights, &mut scale, found);
    scratch.clear();
    let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    if spare.len() < MOST_SPARE {
        spare.push(scratch);
    }
    matched.map(|()| scale)
}

/// So much room is kept, if so many searches were ever under way at once.
const MOST_SPARE: usize = 16;

/// Room for every product: made once, and cleared where it was written to. What was used last is taken first, and is still
/// near at hand; threads, which are many more than cores, would each have their own.
static SPARE: Mutex<Vec<Scratch>> = Mutex::new(Vec::new());

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
    found: Vec<u32>,
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

    /// Also after an error in the middle of a word.
    fn clear(&mut self) {
        for slot in self.alternative.drain(..) {
            self.frequency[slot as usize] = 0.0;
        }
        for slot in self.group.drain(..) {
            self.best[slot as usize] = 0.0;
        }
        for slot in self.found.drain(..) {
            self.score[slot as usize] = 0.0;
            self.words[slot as usize] = 0;
        }
    }

    fn matching(
        &mut self,
        snapshot: &Snapshot,
        plan: &Plan,
        weights: &Weights,
        scale: &mut Scale,
        mut found: impl FnMut(Match),
    ) -> Result<(), TantivyError> {
        let is_given = scale.with.len() == plan.groups.len();
        for (place, group) in plan.groups.iter().enumerate() {
            self.word(snapshot, group, weights, scale, place)?;
        }
        let mut phrases: Option<Slots> = None;
        for phrase in &plan.phrases {
            let mut with = Slots::default();
            snapshot.with_phrase(phrase, |slot| {
                if phrases.as_ref().is_none_or(|before| before.contains(slot)) {
                    with.insert(slot);
                }
            })?;
            phrases = Some(with);
        }
        self.found.retain(|slot| {
            let kept = snapshot.table.is_shown(*slot)
                && phrases.as_ref().is_none_or(|phrases| phrases.contains(*slot));
            if !kept {
                self.score[*slot as usize] = 0.0;
                self.words[*slot as usize] = 0;
            }
            kept
        });
        if !is_given {
            scale.least = self.least_words(plan.groups.len(), weights.enough);
        }
        let parts = parts(plan.groups.len(), weights);
        for slot in &self.found {
            let words = self.words[*slot as usize];
            if words >= scale.least {
                let stock = if snapshot.table.row(*slot).stock > 0 { 1.0 } else { weights.out_of_stock };
                let part = parts.get(usize::from(words)).copied().unwrap_or(1.0);
                let score = self.score[*slot as usize] * part * stock;
                found(Match { slot: *slot, score });
            }
        }
        Ok(())
    }

    /// How many words a product must have: all, or fewer where too few products have so many.
    fn least_words(&self, words: usize, enough: usize) -> u8 {
        let mut with = vec![0_usize; words + 1];
        for slot in &self.found {
            with[usize::from(self.words[*slot as usize]).min(words)] += 1;
        }
        let mut products = 0;
        for least in (2..=words).rev() {
            products += with[least];
            if products >= enough {
                return u8::try_from(least).unwrap_or(u8::MAX);
            }
        }
        1
    }

    /// Adds the word at a place to the scores.
    fn word(
        &mut self,
        snapshot: &Snapshot,
        group: &[Alternative],
        weights: &Weights,
        scale: &mut Scale,
        place: usize,
    ) -> Result<(), TantivyError> {
        for alternative in group.iter().filter(|alternative| alternative.weight > 0.0) {
            self.frequencies(snapshot, &alternative.word, weights, scale)?;
            for slot in self.alternative.drain(..) {
                let place = slot as usize;
                let frequency = std::mem::take(&mut self.frequency[place]);
                let value = alternative.weight * frequency / (weights.k1 + frequency);
                if self.best[place] == 0.0 {
                    self.group.push(slot);
                }
                self.best[place] = self.best[place].max(value);
            }
        }
        if scale.with.len() == place {
            scale.with.push(u32::try_from(self.group.len()).unwrap_or(u32::MAX));
        }
        let rarity = scale.with.get(place).map_or(0.0, |with| scale.rarity(*with));
        for slot in self.group.drain(..) {
            let place = slot as usize;
            if self.words[place] == 0 {
                self.found.push(slot);
            }
            self.score[place] += rarity * (weights.k1 + 1.0) * std::mem::take(&mut self.best[place]);
            self.words[place] += 1;
        }
        Ok(())
    }

    /// How often a word is in each product, weighed by where it is and by how long that text is.
    #[allow(clippy::cast_precision_loss, reason = "numbers of words")]
    fn frequencies(
        &mut self,
        snapshot: &Snapshot,
        word: &str,
        weights: &Weights,
        scale: &Scale,
    ) -> Result<(), TantivyError> {
        let weighed = |slot: u32, text: Text, weight: Weight, times: u32| {
            let length = f32::from(snapshot.table.lengths(slot)[text as usize]);
            let longer = 1.0 + weight.length * (length / scale.averages[text as usize] - 1.0);
            weight.boost * times as f32 / longer
        };
        for text in Text::ALL.into_iter().filter(|text| weights.of(*text).boost > 0.0) {
            let weight = weights.of(text);
            snapshot.on_disk_with(text, word, |slot, times| {
                self.add(slot, weighed(slot, text, weight, times));
            })?;
        }
        snapshot.in_memory_with(word, |slot, text, times| {
            let value = weighed(slot, text, weights.of(text), times);
            if value > 0.0 {
                self.add(slot, value);
            }
        });
        let categories = snapshot.categories.with_word(word);
        if weights.category > 0.0 {
            for slot in categories.iter().flat_map(|category| snapshot.table.of_category(*category)) {
                self.add(*slot, weights.category);
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
