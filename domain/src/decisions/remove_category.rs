//! A category that is empty leaves the tree.

use super::categorise::move_thing;
use super::create_category::TreeError;
use super::rename::release;
use crate::category::{Category, CategoryCommand, CategoryDetails, CategoryError};
use crate::claim::{self, Claim};
use crate::ids::CategoryId;
use crate::shelf::{self, Shelf, Thing};
use crate::{Halt, StreamId, Streams};

/// Removes a category; its slug is free again.
pub fn remove_category<S: Streams>(streams: &mut S, category_id: CategoryId) -> Result<(), Halt<TreeError>> {
    streams.need(&[StreamId::of::<Category>(category_id), StreamId::of::<Shelf>(category_id)])?;
    let category = streams.state::<Category, TreeError>(category_id)?;
    let details = category.kept().cloned().ok_or(Halt::Refused(CategoryError::NotFound.into()))?;
    let Shelf { categories, products } = *streams.state::<Shelf, TreeError>(category_id)?;
    let products = products + by_word(streams, category_id, &details)?;
    if categories > 0 || products > 0 {
        return Err(Halt::Refused(TreeError::NotEmpty { products, categories }));
    }
    let slug = claim::category(&details.slug);
    streams.need(&[StreamId::of::<Claim>(&slug)])?;
    streams.execute::<Category, TreeError>(category_id, CategoryCommand::Remove)?;
    release(streams, category_id, &slug)?;
    move_thing(streams, Thing::Category(category_id), details.parent_id, None::<CategoryId>)
}

/// How many products have no category but a word that this one is known by, in which lists show them: its slug, or its
/// name, unless that is another one's slug. Of two categories of one name both are kept by such a word.
fn by_word<S: Streams>(
    streams: &S,
    category_id: CategoryId,
    details: &CategoryDetails,
) -> Result<u64, Halt<TreeError>> {
    let (slug, name) = (shelf::of_word(&details.slug), shelf::of_word(&details.name));
    let namesake = claim::category(&shelf::word_key(&details.name));
    streams.need(&[
        StreamId::of::<Shelf>(&slug),
        StreamId::of::<Shelf>(&name),
        StreamId::of::<Claim>(&namesake),
    ])?;
    let by_slug = streams.state::<Shelf, TreeError>(&slug)?.products;
    if name == slug {
        return Ok(by_slug);
    }
    let owner = &streams.state::<Claim, TreeError>(&namesake)?.owner;
    let anothers = owner.as_ref().is_some_and(|owner| *owner != category_id.to_string());
    let by_name = if anothers { 0 } else { streams.state::<Shelf, TreeError>(&name)?.products };
    Ok(by_slug + by_name)
}
