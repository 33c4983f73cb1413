//! A category.

use chrono::{DateTime, Utc};
use domain::Decide;
use domain::category::{Category, CategoryDetails, CategoryEvent};
use domain::ids::CategoryId;
use serde::Serialize;
use utoipa::ToSchema;

use super::Record;

/// A category and how many events it has.
#[derive(Clone, Debug, Default)]
pub struct CategoryRecord {
    /// The category.
    pub category: Category,
    /// How many events it has.
    pub version: u64,
}

impl Record for CategoryRecord {
    type Of = Category;

    fn apply(&mut self, event: &CategoryEvent, _at: DateTime<Utc>) {
        self.category.evolve(event);
        self.version += 1;
    }
}

/// A category as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Category)]
pub struct CategoryView<'a> {
    /// Which.
    #[schema(value_type = Uuid)]
    id: CategoryId,
    /// The same.
    #[schema(value_type = Uuid)]
    category_id: CategoryId,
    /// What people call it.
    name: &'a str,
    /// Unique among categories.
    slug: &'a str,
    /// One paragraph.
    description: Option<&'a str>,
    /// Where its picture is.
    image: Option<&'a str>,
    /// The category that it is part of; a root has none.
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<CategoryId>,
    /// Its place among its siblings, the lowest first.
    sort_order: i32,
}

impl<'a> CategoryView<'a> {
    /// What is said of a category.
    pub fn of(id: CategoryId, details: &'a CategoryDetails) -> Self {
        Self {
            id,
            category_id: id,
            name: &details.name,
            slug: &details.slug,
            description: details.description.as_deref(),
            image: details.image.as_deref(),
            parent_id: details.parent_id,
            sort_order: details.sort_order,
        }
    }
}

/// A category with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CategoryNode)]
pub struct CategoryNode<'a> {
    #[serde(flatten)]
    category: CategoryView<'a>,
    /// How many products for sale are in it and in the categories below it: as many as a list of it has.
    product_count: u64,
    /// The categories that are part of it.
    #[schema(no_recursion)]
    children: Vec<CategoryNode<'a>>,
}

impl<'a> CategoryNode<'a> {
    /// A category with its own products, and with the categories below it.
    pub fn of(category: CategoryView<'a>, own: u64, children: Vec<Self>) -> Self {
        let below: u64 = children.iter().map(|child| child.product_count).sum();
        Self { category, product_count: own.saturating_add(below), children }
    }
}

/// The category of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryBrief {
    /// Which; none where the product has a word of its own that names no category.
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<CategoryId>,
    /// What people call it.
    pub name: String,
    /// Its slug.
    pub slug: Option<String>,
}

impl CategoryBrief {
    /// In short.
    pub fn of(id: CategoryId, details: &CategoryDetails) -> Self {
        Self { id: Some(id), name: details.name.clone(), slug: Some(details.slug.clone()) }
    }

    /// A word that names no category.
    pub fn word(word: &str) -> Self {
        Self { id: None, name: word.to_owned(), slug: None }
    }
}
