//! The order of a list of products.
//!
//! So that a score stays too, a list by relevance goes on with the [`Scale`](super::scale::Scale) that it began with.

use std::sync::Arc;

use super::matching::Match;
use super::query::Sort;
use super::table::Row;
use crate::cursor::Key;

/// Where a product stands in a list.
pub(super) fn key(sort: Sort, has_text: bool, it: Match, row: &Row) -> Key {
    let created = row.created_at.timestamp_micros();
    match sort {
        Sort::Relevance if has_text => Key::Score(it.score),
        Sort::Relevance | Sort::Newest => Key::Number(-created),
        Sort::Oldest => Key::Number(created),
        Sort::PriceAscending => Key::Number(row.price),
        Sort::PriceDescending => Key::Number(-row.price),
        Sort::NameAscending => Key::Word(Arc::clone(&row.name_key)),
        Sort::NameDescending => Key::WordDown(Arc::clone(&row.name_key)),
    }
}
