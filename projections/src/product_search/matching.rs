//! Which products match a text, and how well.
//!
//! Word by word over all products that have it, with the frequencies of its texts added up before they are weighed
//! (BM25F). How rare a word is, is counted while it is looked for, over the products that are there: so the same products
//! have the same scores whatever merges and commits came before.

use std::cell::RefCell;

use tantivy::TantivyError;

use super::fields::Text;
use super::plan::{Alternative, Plan};
use super::scale::Scale;
use super::slots::Slots;
use super::snapshot::Snapshot;
use super::weights::Weights;

/// A product that matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Match {
    pub(super) slot: u32,
    /// The higher the better.
    pub(super) score: f32,
}

/// The products that match, in no order, and what their scores are made with: what is given, if it is of as many words,
/// else what is so now.
pub(super) fn matching(
    snapshot: &Snapshot,
    plan: &Plan,
    weights: &Weights,
    began: Option<Scale>,
) -> Result<(Vec<Match>, Scale), TantivyError> {
    let began = began.filter(|scale| scale.with.len() == plan.groups.len());
    let mut scale = began.unwrap_or_else(|| Scale::of(&snapshot.table));
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.make_room(snapshot.table.len());
        let found = scratch.matching(snapshot, plan, weights, &mut scale);
        scratch.clear();
        found.map(|found| (found, scale))
    })
}

thread_local! {
    /// Room for every product: made once, and cleared where it was written to.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
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
    ) -> Result<Vec<Match>, TantivyError> {
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
            let kept = snapshot.table.row(*slot).is_shown()
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
        let found = self.found.iter().filter(|slot| self.words[**slot as usize] >= scale.least);
        Ok(found.map(|slot| self.matched(*slot, snapshot, plan, weights)).collect())
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

    #[allow(clippy::cast_precision_loss, reason = "a number of words")]
    fn matched(&self, slot: u32, snapshot: &Snapshot, plan: &Plan, weights: &Weights) -> Match {
        let part = f32::from(self.words[slot as usize]) / plan.groups.len().max(1) as f32;
        let stock = if snapshot.table.row(slot).stock > 0 { 1.0 } else { weights.out_of_stock };
        Match { slot, score: self.score[slot as usize] * part.powf(weights.coverage) * stock }
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
        let weighed = |slot: u32, text: Text, times: u32| {
            let weight = weights.of(text);
            let length = f32::from(snapshot.table.lengths(slot)[text as usize]);
            let longer = 1.0 + weight.length * (length / scale.averages[text as usize] - 1.0);
            weight.boost * times as f32 / longer
        };
        for text in Text::ALL.into_iter().filter(|text| weights.of(*text).boost > 0.0) {
            snapshot.on_disk_with(text, word, |slot, times| self.add(slot, weighed(slot, text, times)))?;
        }
        snapshot.in_memory_with(word, |slot, text, times| {
            let value = weighed(slot, text, times);
            if value > 0.0 {
                self.add(slot, value);
            }
        });
        let categories = snapshot.categories.with_word(word);
        if !categories.is_empty() && weights.category > 0.0 {
            for (slot, row) in snapshot.table.rows() {
                if row.described && categories.contains(&row.category) {
                    self.add(slot, weights.category);
                }
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
