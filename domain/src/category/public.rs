//! The public events of a category. Everything in a catalog is public.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Category, CategoryDetails, CategoryEvent};
use crate::ids::CategoryId;
use crate::public::public_events;

public_events! {
    /// What the world may know of a category.
    CategoryPublicEvent of Category {
        CategoryCreated,
        CategoryRevised,
        CategoryRemoved,
    }
}

impl From<CategoryEvent> for CategoryPublicEvent {
    fn from(event: CategoryEvent) -> Self {
        match event {
            CategoryEvent::CategoryCreated(details) => {
                Self::CategoryCreated(CategoryCreated { category: details.into() })
            }
            CategoryEvent::CategoryRevised(details) => {
                Self::CategoryRevised(CategoryRevised { category: details.into() })
            }
            CategoryEvent::CategoryRemoved {} => Self::CategoryRemoved(CategoryRemoved {}),
        }
    }
}

/// It is in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryCreated {
    /// What is said of it.
    #[serde(flatten)]
    pub category: TreeEntry,
}

/// Its details are now these, all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryRevised {
    /// What is said of it now.
    #[serde(flatten)]
    pub category: TreeEntry,
}

/// It is no longer in the tree. It was empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryRemoved {}

/// Everything that is said of a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TreeEntry {
    /// What people call it.
    pub name: String,
    /// Unique among categories.
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
    pub sort_order: i32,
}

impl From<CategoryDetails> for TreeEntry {
    fn from(it: CategoryDetails) -> Self {
        Self {
            name: it.name,
            slug: it.slug,
            description: it.description,
            image: it.image,
            parent_id: it.parent_id,
            sort_order: it.sort_order,
        }
    }
}
