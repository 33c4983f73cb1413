//! Which of the products that match are wanted.

use std::collections::BTreeSet;

use super::entry::price_key;
use super::query::SearchQuery;
use super::snapshot::Snapshot;
use super::table::{NO_NAME, Name, Row, Table};
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
            distinct(keys.filter_map(|key| table.categories.number(&key)))
        });
        let brands = query.brands.as_ref();
        let brands =
            brands.map(|brands| distinct(brands.iter().flat_map(|brand| table.brands.numbers_like(brand))));
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

    /// The products among which are all that pass, where a brand or a category names few; nothing where it may be any.
    pub(super) fn among<'a>(&self, table: &'a Table) -> Option<Vec<&'a [u32]>> {
        let of = |names: &Option<Vec<Name>>, slots: &dyn Fn(Name) -> &'a [u32]| {
            names.as_ref().map(|names| names.iter().map(|name| slots(*name)).collect::<Vec<_>>())
        };
        let brands = of(&self.brands, &|brand| table.of_brand(brand));
        let categories = of(&self.categories, &|category| table.of_category(category));
        let count = |slots: &Vec<&[u32]>| slots.iter().map(|slots| slots.len()).sum::<usize>();
        brands.into_iter().chain(categories).min_by_key(count)
    }

    /// Whether a product passes all of them.
    pub(super) fn passes(&self, row: &Row) -> bool {
        let one_of =
            |names: &Option<Vec<Name>>, name| names.as_ref().is_none_or(|names| names.contains(&name));
        one_of(&self.brands, row.brand)
            && one_of(&self.categories, row.category)
            && self.prices.is_none_or(|(from, to)| (from..=to).contains(&row.price))
            && self.in_stock.is_none_or(|in_stock| (row.stock > 0) == in_stock)
            && self.seller.is_none_or(|seller| row.seller == seller)
            && self.featured.is_none_or(|featured| row.featured == featured)
            && self.tags.as_ref().is_none_or(|tags| row.tags.iter().any(|tag| tags.contains(tag)))
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

/// Each name once: a product would be found as often as its name is given. What has no name is found by none.
fn distinct(names: impl Iterator<Item = Name>) -> Vec<Name> {
    names.filter(|name| *name != NO_NAME).collect::<BTreeSet<_>>().into_iter().collect()
}
