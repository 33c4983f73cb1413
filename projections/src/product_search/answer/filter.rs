//! Which of the products that match are wanted.

use std::collections::BTreeSet;

use super::query::SearchQuery;
use crate::catalog::word_key;
use crate::product_search::index::Snapshot;
use crate::product_search::table::{NO_NAME, Name, Rest, Row, Runs, Table, price_key};
use domain::ids::SellerId;
use domain::{Currency, Money};

/// The filters of a query, looked up; what takes the least work first.
pub(super) struct Filter(Vec<Condition>);

/// Something that a product must be. Names are in order.
enum Condition {
    InStock(bool),
    Featured(bool),
    /// At least so many hundredths of a star on average.
    Rated(u16),
    Currency(Currency),
    /// At least so much of this currency, as [`price_key`] says it.
    PriceFrom(Currency, i64),
    /// At most so much.
    PriceTo(Currency, i64),
    Brands(Vec<Name>),
    Categories(Vec<Name>),
    Seller(SellerId),
    /// One tag, or none where no product has that.
    Tags(Vec<Name>),
}

/// Filters that are counted without themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Facet {
    Category = 1,
    Brand = 2,
    Price = 4,
    Stock = 8,
    Rating = 16,
}

/// Which filters a product fails, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed(u8);

impl Failed {
    /// A filter that isn't counted.
    const OTHER: u8 = 32;

    /// It passes all.
    pub(super) fn none(self) -> bool {
        self.0 == 0
    }

    /// It passes all others than this one.
    pub(super) fn none_but(self, facet: Facet) -> bool {
        self.0 & !(facet as u8) == 0
    }
}

impl Condition {
    fn holds(&self, row: &Row, rest: &Rest) -> bool {
        let one_of = |names: &[Name], name: Name| names.binary_search(&name).is_ok();
        match self {
            Self::InStock(in_stock) => (row.stock > 0) == *in_stock,
            Self::Featured(featured) => row.featured == *featured,
            Self::Rated(least) => row.average >= *least,
            Self::Currency(currency) => row.currency == Some(*currency),
            Self::PriceFrom(currency, from) => row.price >= *from && row.currency == Some(*currency),
            Self::PriceTo(currency, to) => row.price <= *to && row.currency == Some(*currency),
            Self::Brands(brands) => one_of(brands, row.brand),
            Self::Categories(categories) => one_of(categories, row.category),
            Self::Seller(seller) => rest.seller == *seller,
            Self::Tags(tags) => rest.tags.iter().any(|tag| tags.contains(tag)),
        }
    }

    /// The bit of what fails it.
    fn bit(&self) -> u8 {
        match self {
            Self::InStock(_) => Facet::Stock as u8,
            Self::Rated(_) => Facet::Rating as u8,
            Self::PriceFrom(..) | Self::PriceTo(..) => Facet::Price as u8,
            Self::Brands(_) => Facet::Brand as u8,
            Self::Categories(_) => Facet::Category as u8,
            Self::Featured(_) | Self::Currency(_) | Self::Seller(_) | Self::Tags(_) => Failed::OTHER,
        }
    }

    /// The products among which are all that it holds of, where it names few.
    fn among<'a>(&self, table: &'a Table) -> Option<Vec<&'a Runs>> {
        match self {
            Self::Brands(brands) => Some(brands.iter().map(|brand| table.of_brand(*brand)).collect()),
            Self::Categories(categories) => {
                Some(categories.iter().map(|category| table.of_category(*category)).collect())
            }
            Self::Seller(seller) => Some(vec![table.of_seller(*seller)]),
            Self::InStock(_)
            | Self::Featured(_)
            | Self::Rated(_)
            | Self::Currency(_)
            | Self::PriceFrom(..)
            | Self::PriceTo(..)
            | Self::Tags(_) => None,
        }
    }
}

/// The brands of a list: those that a product has.
fn listed(table: &Table, list: &str) -> Vec<Name> {
    table.brands.listed(list, |brand| !table.of_brand(brand).is_empty())
}

impl Filter {
    pub(super) fn of(query: &SearchQuery, snapshot: &Snapshot) -> Self {
        let table = &snapshot.table;
        let from = |price: Money| Condition::PriceFrom(price.currency, price_key(price));
        let to = |price: Money| Condition::PriceTo(price.currency, price_key(price));
        let brands = query.brands.as_ref();
        let brands = brands
            .map(|lists| Condition::Brands(distinct(lists.iter().flat_map(|list| listed(table, list)))));
        let categories = query.categories.as_ref().map(|words| {
            let keys = words.iter().flat_map(|word| snapshot.categories.tree().keys(word));
            Condition::Categories(distinct(keys.flat_map(|key| table.categories.numbers_like(&key)).copied()))
        });
        let tags = query
            .tag
            .as_ref()
            .map(|tag| Condition::Tags(table.tags.number(&word_key(tag)).into_iter().collect()));
        let conditions = [
            query.in_stock.map(Condition::InStock),
            query.featured.map(Condition::Featured),
            query.min_rating.map(Condition::Rated),
            query.currency.map(Condition::Currency),
            query.min_price.map(from),
            query.max_price.map(to),
            brands,
            categories,
            query.seller.map(Condition::Seller),
            tags,
        ];
        Self(conditions.into_iter().flatten().collect())
    }

    /// The products among which are all that pass, where a brand, a category or a seller names few; nothing where it may be
    /// any.
    pub(super) fn among<'a>(&self, table: &'a Table) -> Option<Vec<&'a Runs>> {
        let count = |slots: &Vec<&Runs>| slots.iter().map(|slots| slots.len()).sum::<usize>();
        self.0.iter().filter_map(|condition| condition.among(table)).min_by_key(count)
    }

    /// Whether a product passes all of them.
    pub(super) fn passes(&self, row: &Row, rest: &Rest) -> bool {
        self.0.iter().all(|condition| condition.holds(row, rest))
    }

    /// Which of them a product fails.
    pub(super) fn failed(&self, row: &Row, rest: &Rest) -> Failed {
        let failed = self.0.iter().filter(|condition| !condition.holds(row, rest));
        Failed(failed.fold(0, |bits, condition| bits | condition.bit()))
    }
}

/// Each name once, in order: a product would be found as often as its name is given. What has no name is found by none.
fn distinct(names: impl Iterator<Item = Name>) -> Vec<Name> {
    names.filter(|name| *name != NO_NAME).collect::<BTreeSet<_>>().into_iter().collect()
}
