//! Which products have a word, as sets: before anything is said of how well they match.

use tantivy::TantivyError;

use super::plan::{Alternative, Plan};
use super::together::Split;
use super::weights::Weights;
use crate::product_search::index::{List, Snapshot};
use crate::product_search::table::Slots;
use crate::product_search::text::Text;

/// A word of a plan, looked up.
pub(super) struct Group<'a> {
    pub(super) alternatives: Vec<(&'a Alternative, Vec<List<'a>>)>,
    /// What it may be in several words.
    pub(super) splits: Vec<&'a Split>,
    /// The products that have it, hidden ones too.
    pub(super) having: Slots,
}

/// The words of a plan, looked up.
pub(super) fn groups<'a>(
    snapshot: &'a Snapshot,
    plan: &'a Plan,
    weights: &Weights,
) -> Result<Vec<Group<'a>>, TantivyError> {
    let texts: Vec<Text> = texts(weights).collect();
    let group = |(number, group): (usize, &'a Vec<Alternative>)| {
        let (mut alternatives, mut all) = (Vec::new(), Slots::default());
        for alternative in group.iter().filter(|alternative| alternative.weight > 0.0) {
            let lists = snapshot.lists(&alternative.word, &texts)?;
            all.insert_all(&on_lists(snapshot, &alternative.word, weights, &texts, &lists)?, None);
            alternatives.push((alternative, lists));
        }
        let splits: Vec<_> =
            plan.splits.iter().filter(|split| split.group == number && split.weight > 0.0).collect();
        let places = splits.iter().flat_map(|split| &split.places);
        places.filter(|(_, text)| texts.contains(text)).for_each(|(slot, _)| all.insert(*slot));
        Ok(Group { alternatives, splits, having: all })
    };
    plan.groups.iter().enumerate().map(group).collect()
}

/// The products that have a word where it counts.
pub(crate) fn products_with(
    snapshot: &Snapshot,
    word: &str,
    weights: &Weights,
) -> Result<Slots, TantivyError> {
    let texts: Vec<Text> = texts(weights).collect();
    on_lists(snapshot, word, weights, &texts, &snapshot.lists(word, &texts)?)
}

fn on_lists(
    snapshot: &Snapshot,
    word: &str,
    weights: &Weights,
    texts: &[Text],
    lists: &[List<'_>],
) -> Result<Slots, TantivyError> {
    let mut slots = snapshot.with_word(word, texts, lists)?;
    if weights.category > 0.0 {
        snapshot.in_categories(word).for_each(|slot| slots.insert(slot));
    }
    Ok(slots)
}

/// The texts that count.
fn texts(weights: &Weights) -> impl Iterator<Item = Text> {
    Text::ALL.into_iter().filter(|text| weights.of(*text).boost > 0.0)
}

/// The products that may be found, with all phrases of a plan, each in any of its ways.
pub(super) fn wanted(snapshot: &Snapshot, plan: &Plan) -> Result<Slots, TantivyError> {
    let mut wanted = snapshot.table.shown().clone();
    for ways in &plan.phrases {
        let mut with = Slots::default();
        for way in ways {
            match way.as_slice() {
                [(_, word)] => {
                    let lists = snapshot.lists(word, &Text::ALL)?;
                    with.insert_all(&snapshot.with_word(word, &Text::ALL, &lists)?, None);
                }
                words => snapshot.with_phrase(words, |slot, _| with.insert(slot))?,
            }
        }
        wanted.keep(&with);
    }
    Ok(wanted)
}
