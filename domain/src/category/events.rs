//! What may have happened to a category.

use serde::{Deserialize, Serialize};

use crate::domain_event;
use crate::ids::CategoryId;

/// What may have happened to a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CategoryEvent {
    /// It is in the tree.
    CategoryCreated(CategoryDetails),
    /// Its details are now these, all of them.
    CategoryRevised(CategoryDetails),
    /// It is no longer in the tree.
    CategoryRemoved {},
}

domain_event!(CategoryEvent { CategoryCreated, CategoryRevised, CategoryRemoved });

/// Everything that is said of a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryDetails {
    /// What people call it.
    pub name: String,
    /// Unique among categories; made from the name where none is given.
    pub slug: String,
    /// One paragraph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where its picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The category that it is part of; a root has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<CategoryId>,
    /// Its place among its siblings, the lowest first.
    #[serde(default)]
    pub sort_order: i32,
}
