//! The order of a list of products.
//!
//! So that a score stays too, a list by relevance goes on with the [`Scale`](super::scale::Scale) that it began with.

use std::sync::Arc;

use super::matching::Match;
use super::query::Sort;
use super::row::{Rest, Row};
use crate::cursor::{Key, Numbers};

/// Where a product stands in a list.
pub(super) fn key(sort: Sort, has_text: bool, it: Match, row: &Row, rest: &Rest) -> Key {
    match sort {
        Sort::Relevance if has_text => Key::Score(it.score),
        Sort::Relevance | Sort::Newest => Key::Number(Numbers::Newest, -row.created),
        Sort::Oldest => Key::Number(Numbers::Oldest, row.created),
        Sort::PriceAscending => Key::Number(Numbers::Cheapest, row.price),
        Sort::PriceDescending => Key::Number(Numbers::Dearest, -row.price),
        Sort::NameAscending => Key::Word(Arc::clone(&rest.name_key)),
        Sort::NameDescending => Key::WordDown(Arc::clone(&rest.name_key)),
    }
}

/// Whether a place is one of a list in this order.
pub(super) fn is_of(key: &Key, sort: Sort, has_text: bool) -> bool {
    match sort {
        Sort::Relevance if has_text => matches!(key, Key::Score(_)),
        Sort::Relevance | Sort::Newest => matches!(key, Key::Number(Numbers::Newest, _)),
        Sort::Oldest => matches!(key, Key::Number(Numbers::Oldest, _)),
        Sort::PriceAscending => matches!(key, Key::Number(Numbers::Cheapest, _)),
        Sort::PriceDescending => matches!(key, Key::Number(Numbers::Dearest, _)),
        Sort::NameAscending => matches!(key, Key::Word(_)),
        Sort::NameDescending => matches!(key, Key::WordDown(_)),
    }
}
