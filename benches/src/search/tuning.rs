//! What each weight adds, and how good weights are on queries that they were not chosen by.

use projections::product_search::{Weight, Weights};

use super::edits::Random;
use super::judgements::mean;
use crate::Error;

/// A weight, and the values that are tried for it.
struct Dial {
    name: &'static str,
    values: &'static [f32],
    set: fn(Weights, f32) -> Weights,
}

const fn boosted(it: Weight, boost: f32) -> Weight {
    Weight { boost, length: it.length }
}

const fn shortened(it: Weight, length: f32) -> Weight {
    Weight { boost: it.boost, length }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of products")]
fn products(value: f32) -> usize {
    value as usize
}

const DIALS: [Dial; 12] = [
    Dial {
        name: "model",
        values: &[0.0, 0.25, 0.5, 1.0, 2.0],
        set: |it, v| Weights { model: boosted(it.model, v), ..it },
    },
    Dial {
        name: "brand",
        values: &[0.0, 0.5, 1.0, 2.0],
        set: |it, v| Weights { brand: boosted(it.brand, v), ..it },
    },
    Dial {
        name: "attributes",
        values: &[0.0, 0.1, 0.2, 0.4, 0.6],
        set: |it, v| Weights { attributes: boosted(it.attributes, v), ..it },
    },
    Dial {
        name: "description",
        values: &[0.0, 0.5, 0.75, 1.0, 1.5],
        set: |it, v| Weights { description: boosted(it.description, v), ..it },
    },
    Dial {
        name: "length of the name",
        values: &[0.0, 0.2, 0.4, 0.6, 0.8],
        set: |it, v| Weights { name: shortened(it.name, v), ..it },
    },
    Dial {
        name: "length of the description",
        values: &[0.5, 0.75, 0.9],
        set: |it, v| Weights { description: shortened(it.description, v), ..it },
    },
    Dial {
        name: "length of the attributes",
        values: &[0.5, 0.75, 0.9],
        set: |it, v| Weights { attributes: shortened(it.attributes, v), ..it },
    },
    Dial { name: "k1", values: &[0.6, 0.9, 1.2, 1.6, 2.0], set: |it, k1| Weights { k1, ..it } },
    Dial { name: "coverage", values: &[0.0, 1.0, 2.0], set: |it, coverage| Weights { coverage, ..it } },
    Dial { name: "synonym", values: &[0.0, 0.3, 0.5, 0.7], set: |it, synonym| Weights { synonym, ..it } },
    Dial { name: "joined", values: &[0.0, 0.5, 0.8, 1.0], set: |it, joined| Weights { joined, ..it } },
    Dial {
        name: "enough",
        values: &[1.0, 10.0, 50.0, 1e6],
        set: |it, v| Weights { enough: products(v), ..it },
    },
];

/// Something that a score is made by.
pub struct Rule {
    /// What it is.
    pub name: &'static str,
    /// Whether it is there for queries that are typed wrong.
    pub is_of_slips: bool,
    /// The weights without it.
    pub without: fn(Weights) -> Weights,
}

const fn rule(name: &'static str, without: fn(Weights) -> Weights) -> Rule {
    Rule { name, is_of_slips: false, without }
}

/// Each of them. Tags, categories and stock are the same for all of Icecat's products.
pub const RULES: [Rule; 11] = [
    rule("codes", |it| Weights { model: boosted(it.model, 0.0), ..it }),
    rule("brand", |it| Weights { brand: boosted(it.brand, 0.0), ..it }),
    rule("attributes", |it| Weights { attributes: boosted(it.attributes, 0.0), ..it }),
    rule("description", |it| Weights { description: boosted(it.description, 0.0), ..it }),
    rule("different weights of texts", |it| Weights {
        model: boosted(it.model, 1.0),
        attributes: boosted(it.attributes, 1.0),
        ..it
    }),
    rule("lengths of texts", |it| Weights {
        name: shortened(it.name, 0.0),
        model: shortened(it.model, 0.0),
        attributes: shortened(it.attributes, 0.0),
        description: shortened(it.description, 0.0),
        ..it
    }),
    rule("what has more of the words counts more", |it| Weights { coverage: 0.0, ..it }),
    rule("where enough have all words, the others are left out", |it| Weights { enough: usize::MAX, ..it }),
    rule("synonyms", |it| Weights { synonym: 0.0, ..it }),
    rule("two words as one, and one as two", |it| Weights { joined: 0.0, ..it }),
    Rule {
        name: "words that are nearly so",
        is_of_slips: true,
        without: |it| Weights { typo: 0.0, prefix: 0.0, ..it },
    },
];

/// nDCG@10 of queries by weights.
pub trait Scored {
    /// Of these queries, by their numbers.
    fn scored(&self, weights: Weights, queries: &[usize]) -> Result<Vec<f64>, Error>;
}

/// A weight at a value, and nDCG@10 with it.
pub struct Step {
    /// What was changed.
    pub what: String,
    /// nDCG@10.
    pub ndcg: f64,
}

/// Our weights with one of them changed.
pub fn one_by_one(scored: &impl Scored, queries: usize) -> Result<Vec<Step>, Error> {
    let all: Vec<usize> = (0..queries).collect();
    let ours = Weights::default();
    let mut steps = Vec::new();
    for dial in &DIALS {
        for value in dial.values {
            let weights = (dial.set)(ours, *value);
            if weights != ours {
                let ndcg = mean(&scored.scored(weights, &all)?);
                steps.push(Step { what: format!("{} {value}", dial.name), ndcg });
            }
        }
    }
    Ok(steps)
}

/// k-fold cross-validation: weights are chosen on all folds but one, from flat ones on, each dial in turn while that
/// helps, and judged on that one. What is answered is nDCG@10 of each fold's queries, judged while they were held out.
pub fn held_out(
    scored: &impl Scored,
    queries: usize,
    folds: usize,
    seed: u64,
) -> Result<Vec<Vec<f64>>, Error> {
    let mut order: Vec<usize> = (0..queries).collect();
    let mut random = Random(seed);
    for place in (1..queries).rev() {
        order.swap(place, random.below(place + 1));
    }
    let mut held = Vec::with_capacity(folds);
    for fold in 0..folds {
        let part = |within: bool| {
            let is_within = move |place: &usize| (place % folds == fold) == within;
            (0..queries).filter(is_within).map(|place| order[place]).collect::<Vec<_>>()
        };
        let chosen = chosen(scored, &part(false))?;
        held.push(scored.scored(chosen, &part(true))?);
    }
    Ok(held)
}

/// The same weight for every text.
fn flat() -> Weights {
    let same = Weight { boost: 1.0, length: 0.75 };
    let ours = Weights::default();
    Weights {
        name: same,
        model: same,
        brand: same,
        attributes: same,
        description: same,
        coverage: 0.0,
        synonym: 0.5,
        joined: 0.5,
        ..ours
    }
}

fn chosen(scored: &impl Scored, queries: &[usize]) -> Result<Weights, Error> {
    let mut best = flat();
    let mut most = mean(&scored.scored(best, queries)?);
    for _ in 0..2 {
        let before = most;
        for dial in &DIALS {
            for value in dial.values {
                let tried = (dial.set)(best, *value);
                let ndcg = if tried == best { most } else { mean(&scored.scored(tried, queries)?) };
                if ndcg > most + 0.0005 {
                    (best, most) = (tried, ndcg);
                }
            }
        }
        if most <= before {
            break;
        }
    }
    Ok(best)
}
