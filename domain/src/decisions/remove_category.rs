//! A category that is empty leaves the tree.

use super::categorise::move_thing;
use super::create_category::TreeError;
use super::rename::release;
use crate::category::{Category, CategoryCommand, CategoryError};
use crate::claim::{self, Claim};
use crate::ids::CategoryId;
use crate::shelf::{Shelf, Thing};
use crate::{Halt, StreamId, Streams};

/// Removes a category; its slug is free again.
pub fn remove_category<S: Streams>(streams: &mut S, category_id: CategoryId) -> Result<(), Halt<TreeError>> {
    streams.need(&[StreamId::of::<Category>(category_id), StreamId::of::<Shelf>(category_id)])?;
    let category = streams.state::<Category, TreeError>(category_id)?;
    let details = category.kept().cloned().ok_or(Halt::Refused(CategoryError::NotFound.into()))?;
    let Shelf { categories, products } = *streams.state::<Shelf, TreeError>(category_id)?;
    if categories > 0 || products > 0 {
        return Err(Halt::Refused(TreeError::NotEmpty { products, categories }));
    }
    let slug = claim::category(&details.slug);
    streams.need(&[StreamId::of::<Claim>(&slug)])?;
    streams.execute::<Category, TreeError>(category_id, CategoryCommand::Remove)?;
    release(streams, category_id, &slug)?;
    move_thing(streams, Thing::Category(category_id), details.parent_id, None)
}
