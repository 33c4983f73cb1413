//! A category of the catalog.
//!
//! Categories are a tree: each is a root or part of one other. A category is created, revised (renamed, moved), and at
//! last removed. That its slug is unique is decided by a [claim](crate::claim), that it never becomes part of itself
//! by walking up, that it is empty when it goes by its [shelf](crate::shelf), all in the same append.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::CategoryId;
use crate::{Change, Decide, cqrs_aggregate};

mod events;
pub mod public;

pub use events::{CategoryDetails, CategoryEvent};

/// One category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// What is said of it; nothing before it is created.
    pub details: Option<Arc<CategoryDetails>>,
    /// No longer in the tree.
    pub removed: bool,
}

/// What may be asked of a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CategoryCommand {
    /// Into the tree.
    Create(CategoryDetails),
    /// Its details are now these, all of them; the same ones change nothing.
    Revise(CategoryDetails),
    /// Out of the tree.
    Remove,
}

/// A partial change of a category: what isn't named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoryChanges {
    /// What people call it.
    pub name: Option<String>,
    /// Unique among categories.
    pub slug: Option<String>,
    /// One paragraph.
    pub description: Change<String>,
    /// Where its picture is.
    pub image: Change<String>,
    /// What it is part of; cleared, it becomes a root.
    pub parent_id: Change<CategoryId>,
    /// Its place among its siblings.
    pub sort_order: Option<i32>,
}

impl CategoryChanges {
    /// The details after the change.
    pub fn applied_to(&self, before: &CategoryDetails) -> CategoryDetails {
        CategoryDetails {
            name: self.name.clone().unwrap_or_else(|| before.name.clone()),
            slug: self.slug.clone().unwrap_or_else(|| before.slug.clone()),
            description: self.description.apply(before.description.as_ref()),
            image: self.image.apply(before.image.as_ref()),
            parent_id: self.parent_id.apply(before.parent_id.as_ref()),
            sort_order: self.sort_order.unwrap_or(before.sort_order),
        }
    }
}

impl Category {
    /// What is said of it, while it is in the tree.
    pub fn kept(&self) -> Option<&Arc<CategoryDetails>> {
        self.details.as_ref().filter(|_| !self.removed)
    }
}

impl Decide for Category {
    const TYPE: &'static str = "categories";
    type Command = CategoryCommand;
    type Event = CategoryEvent;
    type Error = CategoryError;

    fn decide(&self, command: CategoryCommand) -> Result<Vec<CategoryEvent>, CategoryError> {
        match command {
            CategoryCommand::Create(_) if self.details.is_some() => Err(CategoryError::AlreadyExists),
            CategoryCommand::Create(details) => {
                check(&details)?;
                Ok(vec![CategoryEvent::CategoryCreated(details)])
            }
            CategoryCommand::Revise(details) => {
                let before = self.kept().ok_or(CategoryError::NotFound)?;
                check(&details)?;
                Ok(if **before == details { vec![] } else { vec![CategoryEvent::CategoryRevised(details)] })
            }
            CategoryCommand::Remove => {
                self.kept().ok_or(CategoryError::NotFound)?;
                Ok(vec![CategoryEvent::CategoryRemoved {}])
            }
        }
    }

    fn evolve(&mut self, event: &CategoryEvent) {
        match event {
            CategoryEvent::CategoryCreated(details) | CategoryEvent::CategoryRevised(details) => {
                self.details = Some(Arc::new(details.clone()));
            }
            CategoryEvent::CategoryRemoved {} => self.removed = true,
        }
    }
}

cqrs_aggregate!(Category);

fn check(details: &CategoryDetails) -> Result<(), CategoryError> {
    for (field, text) in [("name", &details.name), ("slug", &details.slug)] {
        if text.trim().is_empty() {
            return Err(CategoryError::Missing { field });
        }
    }
    Ok(())
}

/// Why a category refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CategoryError {
    /// Its id is taken.
    #[error("the category exists already")]
    AlreadyExists,
    /// There is no such category, or it was removed.
    #[error("there is no such category")]
    NotFound,
    /// What every category has.
    #[error("{field} must not be empty")]
    Missing {
        /// Which field.
        field: &'static str,
    },
}

#[cfg(test)]
mod tests;
