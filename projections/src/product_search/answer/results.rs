//! What the search answers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::{CategoryId, ProductId};
use domain::product::ProductDetails;
use domain::review::Rating;
use domain::{Currency, Money};

use crate::cursor::Cursor;

/// A page of what was found.
#[derive(Clone, Debug, Default)]
pub struct SearchPage {
    /// The products of this page.
    pub hits: Vec<Hit>,
    /// How many there are on all pages.
    pub total: usize,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// The whole result, counted.
    pub facets: Option<Facets>,
    /// What was looked for instead of what was typed, where nothing has that, or beside it, where hardly anything has.
    pub corrected: Option<String>,
}

/// A product that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Which.
    pub id: ProductId,
    /// What is said of it.
    pub details: Arc<ProductDetails>,
    /// When it came into the catalog.
    pub created_at: DateTime<Utc>,
    /// When its details last changed.
    pub updated_at: DateTime<Utc>,
    /// The aggregate's version then.
    pub version: i64,
    /// How many are for sale.
    pub stock: i64,
    /// What its reviews come to.
    pub rating: Rating,
    /// Its category, if the tree has it.
    pub category: Option<CategoryOf>,
    /// Its texts with the words that were found, where they were asked for.
    pub highlights: Option<Highlights>,
}

/// A category of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryOf {
    /// Which.
    pub id: CategoryId,
    /// What people call it.
    pub name: String,
    /// Unique among categories.
    pub slug: String,
}

/// Texts of a product as HTML: escaped, with the words that were found in `<mark>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Highlights {
    /// The name, if a word is in it.
    pub name: Option<String>,
    /// The part of the description with the most words, if any is in it.
    pub description: Option<String>,
}

/// A result, counted. Each list is of what would be found without its own filter, so that one sees what else could be
/// picked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facets {
    /// The most frequent categories.
    pub categories: Vec<CategoryCount>,
    /// The most frequent brands.
    pub brands: Vec<BrandCount>,
    /// Ranges of prices in the list's currency with something in them, the cheapest first.
    pub prices: Vec<PriceCount>,
    /// From how many stars on there is something, the most first.
    pub ratings: Vec<RatingCount>,
    /// What is in stock.
    pub in_stock: usize,
    /// What isn't.
    pub out_of_stock: usize,
}

/// Products of a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryCount {
    /// The category, if the tree has it.
    pub category: Option<CategoryOf>,
    /// What it is called; the sellers' word where the tree has none.
    pub name: String,
    /// How many.
    pub count: usize,
}

/// Products of a brand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandCount {
    /// As it is written most often.
    pub name: String,
    /// How many.
    pub count: usize,
}

/// Products in a range of prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceCount {
    /// From here, in whole units of the currency.
    pub from: i64,
    /// Up to here: the last price before the next range begins; the last range has no end.
    pub to: Option<Money>,
    /// What it is in.
    pub currency: Currency,
    /// How many.
    pub count: usize,
}

/// Products with so many stars on average, or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatingCount {
    /// From 1 to 4.
    pub from: u8,
    /// How many.
    pub count: usize,
}
