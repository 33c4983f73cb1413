//! A category comes into the tree, under a slug that no other has.

use super::categorise::move_thing;
use crate::category::{Category, CategoryCommand, CategoryDetails, CategoryError};
use crate::claim::{self, Claim, ClaimCommand, ClaimError};
use crate::ids::CategoryId;
use crate::shelf::Thing;
use crate::{Halt, StreamId, Streams};

/// How many categories may stand above one.
pub const MOST_ANCESTORS: usize = 20;

/// A category to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateCategory {
    /// The category's id, made by the caller.
    pub category_id: CategoryId,
    /// What is said of it.
    pub details: CategoryDetails,
}

/// Why the tree doesn't change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// There is a category with this slug.
    #[error("there is a category with slug {slug} already")]
    SlugTaken {
        /// Which.
        slug: String,
    },
    /// What it is to be part of is not there.
    #[error("there is no category {parent_id}")]
    UnknownParent {
        /// Which.
        parent_id: CategoryId,
    },
    /// It would be part of itself.
    #[error("a category cannot be part of itself")]
    Cycle,
    /// There would be more than [`MOST_ANCESTORS`] above it.
    #[error("a category can have at most {MOST_ANCESTORS} categories above it")]
    TooDeep,
    /// Something is in it.
    #[error("the category has {products} products and {categories} categories in it")]
    NotEmpty {
        /// How many products.
        products: u64,
        /// How many categories.
        categories: u64,
    },
    /// The category refuses.
    #[error(transparent)]
    Category(#[from] CategoryError),
}

/// Claims the slug and creates the category below its parent.
pub fn create_category<S: Streams>(streams: &mut S, command: &CreateCategory) -> Result<(), Halt<TreeError>> {
    let CreateCategory { category_id, details } = command;
    let slug = claim::category(&details.slug);
    let mut known = vec![StreamId::of::<Claim>(&slug), StreamId::of::<Category>(category_id)];
    known.extend(details.parent_id.map(StreamId::of::<Category>));
    streams.need(&known)?;
    require_parent(streams, *category_id, details.parent_id)?;
    let create = CategoryCommand::Create(details.clone());
    streams.execute::<Category, TreeError>(category_id, create)?;
    let claim = ClaimCommand::Claim { owner: category_id.to_string() };
    streams
        .execute::<Claim, ClaimError>(&slug, claim)
        .map_err(|halt| halt.map(|_| TreeError::SlugTaken { slug: details.slug.clone() }))?;
    move_thing(streams, Thing::Category(*category_id), None::<CategoryId>, details.parent_id)
}

/// Walks up from a parent: every category above must be there, and none may be this one.
pub(super) fn require_parent<S: Streams>(
    streams: &S,
    category_id: CategoryId,
    parent_id: Option<CategoryId>,
) -> Result<(), Halt<TreeError>> {
    let mut above = parent_id;
    for _ in 0..MOST_ANCESTORS {
        let Some(id) = above else { return Ok(()) };
        if id == category_id {
            return Err(Halt::Refused(TreeError::Cycle));
        }
        let category = streams.state::<Category, TreeError>(id)?.kept();
        above = category.ok_or(Halt::Refused(TreeError::UnknownParent { parent_id: id }))?.parent_id;
    }
    if above.is_none() { Ok(()) } else { Err(Halt::Refused(TreeError::TooDeep)) }
}
