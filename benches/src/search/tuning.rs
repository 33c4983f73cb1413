//! What each weight adds, and how good weights are on queries that they were not chosen by.

use projections::product_search::{Weight, Weights};

use super::judgements::mean;
use crate::Error;
use crate::random::Random;

/// A weight, and the values that are tried for it.
struct Dial {
    name: &'static str,
    values: &'static [f32],
    set: fn(Weights, f32) -> Weights,
}

const fn dial(name: &'static str, values: &'static [f32], set: fn(Weights, f32) -> Weights) -> Dial {
    Dial { name, values, set }
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

/// What is tried for a weight, beside the name's 1: powers of two.
const BOOSTS: &[f32] = &[0.0, 0.25, 0.5, 1.0, 2.0, 4.0];
/// For how much a text's length counts.
const LENGTHS: &[f32] = &[0.0, 0.25, 0.5, 0.75, 1.0];
/// For a word that isn't quite the one that was typed.
const SHARES: &[f32] = &[0.0, 0.25, 0.5, 1.0];

/// Their values are spaced evenly, or by powers of two, wherever ours are.
const DIALS: [Dial; 17] = [
    dial("model", BOOSTS, |it, v| Weights { model: boosted(it.model, v), ..it }),
    dial("brand", BOOSTS, |it, v| Weights { brand: boosted(it.brand, v), ..it }),
    dial("attributes", BOOSTS, |it, v| Weights { attributes: boosted(it.attributes, v), ..it }),
    dial("description", BOOSTS, |it, v| Weights { description: boosted(it.description, v), ..it }),
    dial("length of the name", LENGTHS, |it, v| Weights { name: shortened(it.name, v), ..it }),
    dial("length of the model", LENGTHS, |it, v| Weights { model: shortened(it.model, v), ..it }),
    dial("length of the brand", LENGTHS, |it, v| Weights { brand: shortened(it.brand, v), ..it }),
    dial("length of the attributes", LENGTHS, |it, v| Weights {
        attributes: shortened(it.attributes, v),
        ..it
    }),
    dial("length of the description", LENGTHS, |it, v| Weights {
        description: shortened(it.description, v),
        ..it
    }),
    dial("k1", &[0.3, 0.6, 1.2, 2.4, 4.8], |it, k1| Weights { k1, ..it }),
    dial("coverage", BOOSTS, |it, coverage| Weights { coverage, ..it }),
    dial("synonym", SHARES, |it, synonym| Weights { synonym, ..it }),
    dial("joined", SHARES, |it, joined| Weights { joined, ..it }),
    dial("prefix", SHARES, |it, prefix| Weights { prefix, ..it }),
    dial("typo", SHARES, |it, typo| Weights { typo, ..it }),
    dial("guess", SHARES, |it, guess| Weights { guess, ..it }),
    dial("enough", &[1.0, 4.0, 16.0, 64.0, 1e6], |it, v| Weights { enough: products(v), ..it }),
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

/// k-fold cross-validation: weights are chosen on all folds but one, from a textbook's on, each dial in turn while that
/// helps, and judged on that one. What is answered is nDCG@10 of each query, judged while it was held out.
pub fn held_out(scored: &impl Scored, queries: usize, folds: usize, seed: u64) -> Result<Vec<f64>, Error> {
    let mut order: Vec<usize> = (0..queries).collect();
    let mut random = Random(seed);
    for place in (1..queries).rev() {
        order.swap(place, random.below(place + 1));
    }
    let mut held = vec![0.0; queries];
    for fold in 0..folds {
        let part = |within: bool| {
            let is_within = move |place: &usize| (place % folds == fold) == within;
            (0..queries).filter(is_within).map(|place| order[place]).collect::<Vec<_>>()
        };
        let chosen = chosen(scored, &part(false))?;
        let judged = part(true);
        for (query, ndcg) in judged.iter().zip(scored.scored(chosen, &judged)?) {
            held[*query] = ndcg;
        }
    }
    Ok(held)
}

/// A textbook's: BM25 with k1 1.2 and b 0.75, every text and every rule as good as any other, nothing left out. None of it is
/// taken from what we have chosen.
fn textbook() -> Weights {
    let same = Weight { boost: 1.0, length: 0.75 };
    Weights {
        k1: 1.2,
        name: same,
        model: same,
        brand: same,
        tags: same,
        attributes: same,
        description: same,
        category: 1.0,
        synonym: 1.0,
        joined: 1.0,
        prefix: 1.0,
        typo: 1.0,
        guess: 1.0,
        coverage: 0.0,
        out_of_stock: 1.0,
        enough: usize::MAX,
    }
}

fn chosen(scored: &impl Scored, queries: &[usize]) -> Result<Weights, Error> {
    let mut best = textbook();
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
