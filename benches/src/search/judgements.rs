//! What people thought of products for queries, and how good an order is by it.

use std::collections::HashMap;
use std::path::Path;

use crate::Error;

/// A query, and ratings from 0 to 3 by SKU.
#[derive(Clone, Debug)]
pub struct Judged {
    /// As it was typed.
    pub query: String,
    /// How good a product is for it.
    pub ratings: HashMap<String, u32>,
}

/// The queries for which there is a relevant product.
pub fn read(path: &Path) -> Result<Vec<Judged>, Error> {
    let text = std::fs::read_to_string(path)?;
    let mut judged: Vec<Judged> = Vec::new();
    for line in text.lines().skip(1) {
        let (rest, rating) = line.trim().rsplit_once(',').ok_or("a judgement without a rating")?;
        let (query, sku) = rest.rsplit_once(',').ok_or("a judgement without a product")?;
        if judged.last().is_none_or(|last| last.query != query) {
            judged.push(Judged { query: query.to_owned(), ratings: HashMap::new() });
        }
        if let Some(last) = judged.last_mut() {
            last.ratings.insert(sku.to_owned(), rating.parse()?);
        }
    }
    judged.retain(|it| it.ratings.values().any(|rating| *rating > 0));
    Ok(judged)
}

/// nDCG@10 with a gain of 2^rating − 1. What nobody judged is worth nothing.
pub fn ndcg(found: &[String], judged: &Judged) -> f64 {
    let rating = |sku: &String| judged.ratings.get(sku).copied().unwrap_or(0);
    let mut best: Vec<u32> = judged.ratings.values().copied().collect();
    best.sort_unstable_by(|one, other| other.cmp(one));
    gain(found.iter().map(rating)) / gain(best.into_iter())
}

fn gain(ratings: impl Iterator<Item = u32>) -> f64 {
    let gain = |(place, rating): (u32, u32)| f64::from((1_u32 << rating) - 1) / f64::from(place).log2();
    (2_u32..12).zip(ratings).map(gain).sum()
}

/// The mean of some figures.
#[allow(clippy::cast_precision_loss, reason = "a number of queries")]
pub fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len().max(1) as f64
}

/// Their standard deviation.
#[allow(clippy::cast_precision_loss, reason = "a number of queries")]
pub fn spread(figures: &[f64]) -> f64 {
    let middle = mean(figures);
    let squares: f64 = figures.iter().map(|figure| (figure - middle).powi(2)).sum();
    (squares / figures.len().saturating_sub(1).max(1) as f64).sqrt()
}
