//! From what was typed to what is looked for: for each word, the words that may stand for it.

use tantivy::TantivyError;

use super::having::products_with;
use super::spelling::{beginning_with, farther, near};
use super::together::{Sequence, Split, splits, turns, ways};
use super::typed::Typed;
use super::weights::Weights;
use crate::product_search::index::Snapshot;
use crate::product_search::text::Word;

/// A word that so few products have may be a slip of the pen in them, or of who searches.
pub(crate) const RARE: usize = 2;
/// A word is only taken for a slip if the one that it may stand for is so many times as frequent.
pub(crate) const MUCH_MORE: usize = 20;
/// So many words are tried for one that nothing has.
const CANDIDATES: usize = 3;
/// So many words that nothing has, or hardly anything, are taken for slips, the first ones: each is compared with all words.
const MOST_SLIPS: usize = 5;
/// So many words are tried for one that isn't finished.
const ENDINGS: usize = 12;
/// An end of a word begins so many letters in.
const SHORTEST_HALF: usize = 3;

/// A word of the index, and how much it counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alternative {
    pub(crate) word: String,
    pub(crate) weight: f32,
}

/// What may stand for one word. A product that has any of them has the word.
pub(super) type Group = Vec<Alternative>;

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) groups: Vec<Group>,
    /// The places of the groups of words that were typed as one.
    pub(crate) together: Vec<Vec<usize>>,
    /// What codes may be in several words.
    pub(crate) splits: Vec<Split>,
    /// Each in the ways in which it may be written.
    pub(crate) phrases: Vec<Vec<Sequence>>,
    /// What was typed, with the likeliest of the words that are looked for in the place of one, or beside it.
    pub(crate) corrected: Option<String>,
}

/// What is looked for in a word's place, and what that is as a text, where it is another one.
type Instead = (Vec<Group>, Option<String>);

/// A word on its way to a group.
struct Looked<'a> {
    word: &'a Word,
    group: Group,
    known: bool,
}

impl Plan {
    pub(crate) fn of(typed: &Typed, snapshot: &Snapshot, weights: &Weights) -> Result<Self, TantivyError> {
        let planning = Planning { snapshot, weights };
        let looked = planning.as_typed(typed);
        let phrases = typed.phrases.iter().map(|phrase| ways(snapshot, phrase)).collect();
        let mut plan = Self { phrases, ..Self::default() };
        let mut corrected = false;
        let mut said = Vec::new();
        // Where the groups of each word begin.
        let mut begins = Vec::new();
        let last = looked.len().saturating_sub(1);
        let mut slips = 0;
        for (place, mut it) in looked.into_iter().enumerate() {
            let splits = splits(snapshot, it.word, plan.groups.len(), weights.joined)?;
            it.known = !splits.is_empty() || planning.is_known(&it.group)?;
            plan.splits.extend(splits);
            let may_go_on = typed.is_open && place == last;
            let (groups, instead) = if typed.is_quoted(it.word) {
                // It must stand there as it is.
                (vec![it.group], None)
            } else {
                planning.look_around(it, may_go_on, &mut slips)?
            };
            corrected |= instead.is_some();
            begins.push(plan.groups.len());
            said.push(instead.unwrap_or_else(|| typed.words[place].surface.clone()));
            plan.groups.extend(groups);
        }
        begins.push(plan.groups.len());
        let groups_of = |surface: &String| {
            let places = (0..typed.words.len()).filter(|place| typed.words[*place].surface == *surface);
            places.flat_map(|place| begins[place]..begins[place + 1]).collect::<Vec<_>>()
        };
        plan.together = typed.together().map(|words| words.iter().flat_map(groups_of).collect()).collect();
        plan.corrected = corrected.then(|| said.join(" "));
        Ok(plan)
    }
}

struct Planning<'a> {
    snapshot: &'a Snapshot,
    weights: &'a Weights,
}

impl Planning<'_> {
    /// Each word as it was typed, alone and joined with its neighbours, and those that mean the same.
    fn as_typed<'a>(&self, typed: &'a Typed) -> Vec<Looked<'a>> {
        let mut looked: Vec<Looked<'a>> = Vec::new();
        for word in &typed.words {
            let mut group = Vec::new();
            add(&mut group, &word.stem, 1.0);
            for synonym in self.snapshot.words.synonyms.of(&word.stem) {
                add(&mut group, synonym, self.weights.synonym);
            }
            if let Some(whole) = &word.whole {
                add(&mut group, whole, 1.0);
                for synonym in self.snapshot.words.synonyms.of(whole) {
                    add(&mut group, synonym, self.weights.synonym);
                }
            }
            looked.push(Looked { word, group, known: false });
        }
        // A word of two codes stands only once, so those before it needn't be of the same code.
        for joined in &typed.joined {
            let earlier = &joined.words[..joined.words.len() - 1];
            for it in looked.iter_mut().filter(|it| earlier.contains(&it.word.surface)) {
                add(&mut it.group, &joined.whole, 1.0);
            }
        }
        for place in 1..looked.len() {
            let joined = format!("{}{}", looked[place - 1].word.surface, looked[place].word.surface);
            let stem = self.snapshot.words.analyzer.stem(&joined);
            for it in &mut looked[place - 1..=place] {
                add(&mut it.group, &stem, self.weights.joined);
            }
        }
        looked
    }

    fn is_known(&self, group: &[Alternative]) -> Result<bool, TantivyError> {
        for alternative in group {
            if self.snapshot.knows(&alternative.word)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A word that nothing has, or hardly anything, may be unfinished, two in one, or typed wrong. `slips` counts those
    /// that were taken for the latter.
    fn look_around(
        &self,
        mut it: Looked<'_>,
        may_go_on: bool,
        slips: &mut usize,
    ) -> Result<Instead, TantivyError> {
        let surface = &it.word.surface;
        let written = self.snapshot.written(surface, RARE + 1)?;
        if written > RARE || (it.known && it.word.whole.is_some()) {
            return Ok((vec![it.group], None));
        }
        if may_go_on && written == 0 && surface.chars().count() > 1 {
            let endings = beginning_with(self.snapshot, surface, ENDINGS)?;
            for ending in &endings {
                self.add_written(&mut it.group, &ending.word, self.weights.prefix);
            }
            if !endings.is_empty() {
                return Ok((vec![it.group], None));
            }
        }
        let having = products_with(self.snapshot, &it.word.stem, self.weights)?.count();
        // One that is known without a product that has it is one by its synonyms, or with its neighbour: `couch` is a word
        // where there are sofas.
        if having > RARE || (having == 0 && it.known) || *slips == MOST_SLIPS {
            return Ok((vec![it.group], None));
        }
        *slips += 1;
        self.corrected(it, having)
    }

    /// The two words that one is made of, or those that it is nearly. What a few products have is not replaced: beside them
    /// what is nearly it is found, if that is much more frequent.
    fn corrected(&self, it: Looked<'_>, having: usize) -> Result<Instead, TantivyError> {
        let Looked { word, mut group, .. } = it;
        let mut meant = near(self.snapshot, &word.surface, CANDIDATES)?;
        if having == 0 && meant.is_empty() {
            if let Some(parts) = self.parts(&word.surface)? {
                let instead = parts.join(" ");
                let parts = parts.iter().map(|part| {
                    let mut group = group.clone();
                    self.add_written(&mut group, part, 1.0);
                    group
                });
                return Ok((parts.collect(), Some(instead)));
            }
            meant = farther(self.snapshot, &word.surface, CANDIDATES)?;
        }
        meant.retain(|it| it.products >= (having * MUCH_MORE).max(1));
        let beside = if having == 0 { 1.0 } else { self.weights.guess };
        for candidate in &meant {
            let weight = self.weights.typo.powi(candidate.wrong.into()) * beside;
            self.add_written(&mut group, &candidate.word, weight);
        }
        let instead = meant.first().map(|it| it.word.clone());
        Ok((vec![group], instead))
    }

    /// Adds a word as it is written, and those that mean the same.
    fn add_written(&self, group: &mut Group, surface: &str, weight: f32) {
        let stem = self.snapshot.words.analyzer.stem(surface);
        add(group, &stem, weight);
        for synonym in self.snapshot.words.synonyms.of(&stem) {
            add(group, synonym, weight * self.weights.synonym);
        }
    }

    /// The two words that one is made of, if products have both: where letters end and a number begins, or anywhere.
    fn parts(&self, surface: &str) -> Result<Option<[String; 2]>, TantivyError> {
        let mut best = None;
        let turns = turns(surface);
        let places: Vec<usize> = if turns.is_empty() {
            let letters = surface.chars().count();
            let within = SHORTEST_HALF..(letters + 1).saturating_sub(SHORTEST_HALF);
            let places = surface.char_indices().map(|(place, _)| place).enumerate();
            places.filter(|(letter, _)| within.contains(letter)).map(|(_, place)| place).collect()
        } else {
            turns
        };
        for place in places {
            let (one, other) = surface.split_at(place);
            let products =
                self.snapshot.written(one, usize::MAX)?.min(self.snapshot.written(other, usize::MAX)?);
            if products > 0 && best.as_ref().is_none_or(|(most, _)| products > *most) {
                best = Some((products, [one.to_owned(), other.to_owned()]));
            }
        }
        Ok(best.map(|(_, parts)| parts))
    }
}

/// Adds a word to a group, or makes it count more there.
fn add(group: &mut Group, word: &str, weight: f32) {
    match group.iter_mut().find(|known| known.word == word) {
        Some(known) => known.weight = known.weight.max(weight),
        None => group.push(Alternative { word: word.to_owned(), weight }),
    }
}
