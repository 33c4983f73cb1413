//! What a product's details name: its category, and the products beside it.

use std::fmt::Display;

use super::create_product::CatalogError;
use crate::category::Category;
use crate::claim::{self, Claim};
use crate::ids::{CategoryId, ProductId};
use crate::product::{Product, ProductDetails};
use crate::shelf::{self, Shelf, ShelfCommand, ShelfError, Thing};
use crate::{Halt, StreamId, Streams};

/// Puts details into the category that a word names by id or slug. An id must be a category's; any other word that
/// names none is kept as it is, for an outside system has words of its own.
pub(super) fn categorise<S: Streams>(
    streams: &S,
    details: &mut ProductDetails,
    word: Option<String>,
) -> Result<(), Halt<CatalogError>> {
    details.category_id = None;
    details.category = word;
    let Some(word) = &details.category else { return Ok(()) };
    let Some(category_id) = named(streams, word)? else { return Ok(()) };
    let category = streams.state::<Category, CatalogError>(category_id)?.kept();
    let category = category.ok_or(Halt::Refused(CatalogError::UnknownCategory { category_id }))?;
    details.category = Some(category.name.clone());
    details.category_id = Some(category_id);
    Ok(())
}

/// The id that a word is, or that owns it as a slug. A name is found as well where its slug was made from it.
fn named<S: Streams>(streams: &S, word: &str) -> Result<Option<CategoryId>, Halt<CatalogError>> {
    if word.len() == 36
        && let Ok(id) = word.parse()
    {
        return Ok(Some(id));
    }
    let owner = &streams.state::<Claim, CatalogError>(claim::category(&slug::slugify(word)))?.owner;
    Ok(owner.as_ref().and_then(|owner| owner.parse().ok()))
}

/// The shelf that a product stands on: its category's, or that of a word which named no category.
pub(super) fn place(details: &ProductDetails) -> Option<String> {
    match (details.category_id, &details.category) {
        (Some(category_id), _) => Some(category_id.to_string()),
        (None, Some(word)) => Some(shelf::of_word(word)),
        (None, None) => None,
    }
}

/// Moves a product from one [place] to another.
pub(super) fn shelve<S: Streams>(
    streams: &mut S,
    product_id: ProductId,
    from: Option<String>,
    to: Option<String>,
) -> Result<(), Halt<CatalogError>> {
    if from == to {
        return Ok(());
    }
    move_thing(streams, Thing::Product(product_id), from, to)
}

/// Moves anything from one shelf to another. Nothing refuses: what is taken was put there before, or before words had
/// shelves.
pub(super) fn move_thing<S: Streams, E>(
    streams: &mut S,
    thing: Thing,
    from: Option<impl Display>,
    to: Option<impl Display>,
) -> Result<(), Halt<E>> {
    let taken = from.map(|shelf| (shelf.to_string(), ShelfCommand::Take(thing)));
    let put = to.map(|shelf| (shelf.to_string(), ShelfCommand::Put(thing)));
    let moves: Vec<_> = taken.into_iter().chain(put).collect();
    streams.need(&moves.iter().map(|(shelf, _)| StreamId::of::<Shelf>(shelf)).collect::<Vec<_>>())?;
    for (shelf, command) in moves {
        match streams.execute::<Shelf, ShelfError>(shelf, command) {
            Err(Halt::NotLoaded(missing)) => return Err(Halt::NotLoaded(missing)),
            Ok(()) | Err(Halt::Refused(ShelfError::Empty)) => {}
        }
    }
    Ok(())
}

/// Requires that the products to be shown beside this one exist; each once, and never itself.
pub(super) fn require_related<S: Streams>(
    streams: &S,
    product_id: ProductId,
    details: &mut ProductDetails,
) -> Result<(), Halt<CatalogError>> {
    let mut related = Vec::with_capacity(details.related.len());
    streams.need(&details.related.iter().map(StreamId::of::<Product>).collect::<Vec<_>>())?;
    for other in &details.related {
        if streams.state::<Product, CatalogError>(other)?.kept().is_none() && *other != product_id {
            return Err(Halt::Refused(CatalogError::UnknownRelated { product_id: *other }));
        }
        if *other != product_id && !related.contains(other) {
            related.push(*other);
        }
    }
    details.related = related;
    Ok(())
}
