//! The order of a list of products.
//!
//! So that a score stays too, a list by relevance goes on with the
//! [`Scale`](crate::product_search::relevance::Scale) that it began with.

use std::sync::Arc;

use super::query::Sort;
use crate::cursor::{InCurrency, Key, Numbers, Prices};
use crate::product_search::relevance::Match;
use crate::product_search::table::{Rest, Row};
use domain::Currency;
use domain::review::Rating;

/// An order of products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) sort: Sort,
    pub(super) has_text: bool,
    /// The prices that come first in an order by prices.
    pub(super) prices_in: Option<Currency>,
}

impl Order {
    /// Where a product stands in a list.
    pub(super) fn key(self, it: Match, row: &Row, rest: &Rest) -> Key {
        let price = |order, amount| Key::Price(order, InCurrency::of(row.currency, self.prices_in), amount);
        match self.sort {
            Sort::Relevance if self.has_text => Key::Score(it.score),
            Sort::Relevance | Sort::Newest => Key::Number(Numbers::Newest, -row.created),
            Sort::Oldest => Key::Number(Numbers::Oldest, row.created),
            Sort::PriceAscending => price(Prices::Cheapest, row.price),
            Sort::PriceDescending => price(Prices::Dearest, -row.price),
            Sort::NameAscending => Key::Word(Arc::clone(&rest.name_key)),
            Sort::NameDescending => Key::WordDown(Arc::clone(&rest.name_key)),
            Sort::BestRated => Key::Number(Numbers::BestRated, rated(rest.rating).map_or(0, |it| -it)),
            Sort::WorstRated => Key::Number(Numbers::WorstRated, rated(rest.rating).unwrap_or(i64::MAX)),
        }
    }
}

/// The average and, behind it, how many reviews it is of, as one number; nothing without reviews.
fn rated(rating: Rating) -> Option<i64> {
    rating.average().map(|average| i64::from(average) << u32::BITS | i64::from(rating.reviews))
}

/// Whether a place is one of a list in this order.
pub(super) fn is_of(key: &Key, sort: Sort, has_text: bool) -> bool {
    match sort {
        Sort::Relevance if has_text => matches!(key, Key::Score(_)),
        Sort::Relevance | Sort::Newest => matches!(key, Key::Number(Numbers::Newest, _)),
        Sort::Oldest => matches!(key, Key::Number(Numbers::Oldest, _)),
        Sort::PriceAscending => matches!(key, Key::Price(Prices::Cheapest, ..)),
        Sort::PriceDescending => matches!(key, Key::Price(Prices::Dearest, ..)),
        Sort::NameAscending => matches!(key, Key::Word(_)),
        Sort::NameDescending => matches!(key, Key::WordDown(_)),
        Sort::BestRated => matches!(key, Key::Number(Numbers::BestRated, _)),
        Sort::WorstRated => matches!(key, Key::Number(Numbers::WorstRated, _)),
    }
}
