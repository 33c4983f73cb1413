//! Which of the products that match are wanted.

use super::entry::price_key;
use super::query::SearchQuery;
use super::snapshot::Snapshot;
use super::table::{Name, Row};
use crate::catalog::word_key;
use domain::ids::SellerId;

/// The filters of a query, looked up.
pub(super) struct Filter {
    seller: Option<SellerId>,
    /// One tag, or none where no product has that.
    tags: Option<Vec<Name>>,
    featured: Option<bool>,
    categories: Option<Vec<Name>>,
    brands: Option<Vec<Name>>,
    prices: Option<(i64, i64)>,
    in_stock: Option<bool>,
}

/// Filters that are counted without themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Facet {
    Category = 1,
    Brand = 2,
    Price = 4,
    Stock = 8,
}

/// Which filters a product fails, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed(u8);

impl Failed {
    /// A filter that isn't counted.
    const OTHER: u8 = 16;

    /// It passes all.
    pub(super) fn none(self) -> bool {
        self.0 == 0
    }

    /// It passes all others than this one.
    pub(super) fn none_but(self, facet: Facet) -> bool {
        self.0 & !(facet as u8) == 0
    }
}

impl Filter {
    pub(super) fn of(query: &SearchQuery, snapshot: &Snapshot) -> Self {
        let table = &snapshot.table;
        let categories = query.categories.as_ref().map(|words| {
            let keys = words.iter().flat_map(|word| snapshot.categories.tree().keys(word));
            keys.filter_map(|key| table.categories.number(&key)).collect()
        });
        let brands = query.brands.as_ref().map(|brands| {
            let keys: Vec<_> = brands.iter().map(|brand| word_key(brand)).collect();
            table.brands.numbers_where(|brand| keys.contains(&word_key(brand)))
        });
        let prices = (query.min_price.is_some() || query.max_price.is_some()).then(|| {
            (query.min_price.map_or(i64::MIN, price_key), query.max_price.map_or(i64::MAX, price_key))
        });
        Self {
            seller: query.seller,
            tags: query.tag.as_ref().map(|tag| table.tags.number(&word_key(tag)).into_iter().collect()),
            featured: query.featured,
            categories,
            brands,
            prices,
            in_stock: query.in_stock,
        }
    }

    /// Which of them a product fails.
    pub(super) fn failed(&self, row: &Row) -> Failed {
        let mut failed = 0;
        let mut must = |holds: bool, bit: u8| failed |= if holds { 0 } else { bit };
        must(self.seller.is_none_or(|seller| row.seller == seller), Failed::OTHER);
        must(self.featured.is_none_or(|featured| row.featured == featured), Failed::OTHER);
        let has = |tags: &Vec<Name>| row.tags.iter().any(|tag| tags.contains(tag));
        must(self.tags.as_ref().is_none_or(has), Failed::OTHER);
        let one_of =
            |names: &Option<Vec<Name>>, name| names.as_ref().is_none_or(|names| names.contains(&name));
        must(one_of(&self.categories, row.category), Facet::Category as u8);
        must(one_of(&self.brands, row.brand), Facet::Brand as u8);
        must(self.prices.is_none_or(|(from, to)| (from..=to).contains(&row.price)), Facet::Price as u8);
        must(self.in_stock.is_none_or(|in_stock| (row.stock > 0) == in_stock), Facet::Stock as u8);
        Failed(failed)
    }
}
