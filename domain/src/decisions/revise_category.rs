//! A category is renamed, described otherwise, or moved.

use super::categorise::move_thing;
use super::create_category::{TreeError, require_parent};
use super::rename::rename;
use crate::category::{Category, CategoryChanges, CategoryCommand, CategoryError};
use crate::claim;
use crate::ids::CategoryId;
use crate::shelf::Thing;
use crate::{Halt, Streams};

/// A change of a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviseCategory {
    /// Which.
    pub category_id: CategoryId,
    /// What changes.
    pub changes: CategoryChanges,
}

/// Revises a category. With it moves all that is in it.
pub fn revise_category<S: Streams>(streams: &mut S, command: &ReviseCategory) -> Result<(), Halt<TreeError>> {
    let ReviseCategory { category_id, changes } = command;
    let category = streams.state::<Category, TreeError>(category_id)?;
    let before = category.kept().cloned().ok_or(Halt::Refused(CategoryError::NotFound.into()))?;
    let after = changes.applied_to(&before);
    if after.parent_id != before.parent_id {
        require_parent(streams, *category_id, after.parent_id)?;
    }
    let (slug, parent_id) = (after.slug.clone(), after.parent_id);
    streams.execute::<Category, TreeError>(category_id, CategoryCommand::Revise(after))?;
    rename(streams, category_id, &claim::category(&before.slug), &claim::category(&slug))
        .map_err(|halt| halt.map(|_| TreeError::SlugTaken { slug }))?;
    if parent_id == before.parent_id {
        return Ok(());
    }
    move_thing(streams, Thing::Category(*category_id), before.parent_id, parent_id)
}
