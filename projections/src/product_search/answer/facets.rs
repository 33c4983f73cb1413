//! Counting a result by its properties.

use std::cmp::Reverse;
use std::collections::HashMap;

use domain::ids::CategoryId;
use domain::{Currency, Money};

use super::filter::{Facet, Failed};
use super::results::{BrandCount, CategoryCount, CategoryOf, Facets, PriceCount, RatingCount};
use crate::product_search::index::Snapshot;
use crate::product_search::table::{Categories, NO_NAME, Name, Names, Row};

/// So many categories and brands are told.
const MOST: usize = 50;

/// Where ranges of prices begin, in whole units.
const STEPS: [i64; 14] = [0, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000];
/// A whole unit of a price.
const UNIT: i64 = 10_000;

/// Stars from which on products are counted together, the most first.
const STARS: [u8; 4] = [4, 3, 2, 1];

/// What was counted so far.
pub(super) struct Counting {
    categories: Vec<usize>,
    brands: Vec<usize>,
    prices: [usize; STEPS.len()],
    ratings: [usize; STARS.len()],
    /// Of which prices are counted: one that is in another currency is in no range.
    currency: Option<Currency>,
    in_stock: usize,
    out_of_stock: usize,
}

impl Counting {
    pub(super) fn new(snapshot: &Snapshot, currency: Option<Currency>) -> Self {
        Self {
            categories: vec![0; snapshot.table.categories.len()],
            brands: vec![0; snapshot.table.brands.len()],
            prices: [0; STEPS.len()],
            ratings: [0; STARS.len()],
            currency,
            in_stock: 0,
            out_of_stock: 0,
        }
    }

    /// Counts a product that matches the text.
    pub(super) fn count(&mut self, row: &Row, failed: Failed) {
        if failed.none_but(Facet::Category) {
            self.categories[row.category as usize] += 1;
        }
        if failed.none_but(Facet::Brand) {
            self.brands[row.brand as usize] += 1;
        }
        if failed.none_but(Facet::Price) && row.currency == self.currency {
            let step = STEPS.partition_point(|from| from * UNIT <= row.price);
            self.prices[step.saturating_sub(1)] += 1;
        }
        if failed.none_but(Facet::Rating) {
            for (count, from) in self.ratings.iter_mut().zip(STARS) {
                *count += usize::from(row.average >= hundredths(from));
            }
        }
        if failed.none_but(Facet::Stock) {
            if row.stock > 0 {
                self.in_stock += 1;
            } else {
                self.out_of_stock += 1;
            }
        }
    }

    /// The counts, by what they are called.
    pub(super) fn told(self, snapshot: &Snapshot) -> Facets {
        Facets {
            categories: categories(&self.categories, &snapshot.table.categories, &snapshot.categories),
            brands: brands(&self.brands, &snapshot.table.brands),
            prices: self.currency.map(|currency| prices(&self.prices, currency)).unwrap_or_default(),
            ratings: ratings(&self.ratings),
            in_stock: self.in_stock,
            out_of_stock: self.out_of_stock,
        }
    }
}

fn hundredths(stars: u8) -> u16 {
    u16::from(stars) * 100
}

fn ratings(counts: &[usize; STARS.len()]) -> Vec<RatingCount> {
    let some = STARS.into_iter().zip(*counts).filter(|(_, count)| *count > 0);
    some.map(|(from, count)| RatingCount { from, count }).collect()
}

/// A range ends where the next price is in the next one.
fn prices(counts: &[usize; STEPS.len()], currency: Currency) -> Vec<PriceCount> {
    let unit = 10_i64.pow(currency.decimals());
    let to = |step: usize| STEPS.get(step + 1).map(|next| Money::new(next * unit - 1, currency));
    let some = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    some.map(|(step, count)| PriceCount { from: STEPS[step], to: to(step), currency, count: *count })
        .collect()
}

fn named(counts: &[usize]) -> impl Iterator<Item = (Name, usize)> {
    (0..).zip(counts.iter().copied()).filter(|(name, count)| *name != NO_NAME && *count > 0)
}

/// A product counts in its category and in all above it, as it is found in all of them.
fn categories(counts: &[usize], names: &Names, known: &Categories) -> Vec<CategoryCount> {
    let mut by_category: HashMap<CategoryId, usize> = HashMap::new();
    let mut words: Vec<(Name, usize)> = Vec::new();
    for (name, count) in named(counts) {
        let path = known.with_those_above(name, names);
        if path.is_empty() {
            words.push((name, count));
        }
        for id in path.iter() {
            *by_category.entry(*id).or_default() += count;
        }
    }
    let words = alike(words.into_iter(), names).map(|(count, word)| (Reverse(count), word, None));
    let mut most: Vec<(Reverse<usize>, &str, Option<CategoryId>)> = words.collect();
    let name = |id| known.branch(id).map_or("", |branch| branch.name.as_str());
    most.extend(by_category.into_iter().map(|(id, count)| (Reverse(count), name(id), Some(id))));
    most.sort_unstable();
    most.truncate(MOST);
    let told = |(Reverse(count), name, id): (Reverse<usize>, &str, Option<CategoryId>)| CategoryCount {
        category: id.and_then(|id| category_of(known, id)),
        name: name.to_owned(),
        count,
    };
    most.into_iter().map(told).collect()
}

/// A category as it is shown.
pub(super) fn category_of(known: &Categories, id: CategoryId) -> Option<CategoryOf> {
    known.branch(id).map(|it| CategoryOf { id, name: it.name.clone(), slug: it.slug.clone() })
}

fn brands(counts: &[usize], names: &Names) -> Vec<BrandCount> {
    let mut told: Vec<_> = alike(named(counts), names).collect();
    told.sort_by(|one, other| (other.0, one.1).cmp(&(one.0, other.1)));
    told.truncate(MOST);
    told.into_iter().map(|(count, name)| BrandCount { name: name.to_owned(), count }).collect()
}

/// Those that differ by their case alone are one, called as most are.
fn alike(counted: impl Iterator<Item = (Name, usize)>, names: &Names) -> impl Iterator<Item = (usize, &str)> {
    let mut alike: HashMap<Name, (usize, usize, &str)> = HashMap::new();
    for (name, count) in counted {
        let word: &str = names.word(name);
        let (sum, most, written) = alike.entry(names.alike(name)).or_insert((0, 0, word));
        *sum += count;
        if (count, word) > (*most, *written) {
            (*most, *written) = (count, word);
        }
    }
    alike.into_values().map(|(count, _, name)| (count, name))
}
