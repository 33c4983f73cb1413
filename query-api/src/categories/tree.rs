//! `GET /categories`.

use std::collections::HashMap;

use api_contract::ApiError;
use api_contract::openapi::{ConditionParams, Envelope, FreshnessParams};
use api_contract::views::{CategoryNode, CategoryView};
use axum::extract::State;
use axum::response::Response;
use domain::category::CategoryDetails;
use domain::ids::CategoryId;
use projections::catalog::{Branch, Tree};

use super::Categories;
use crate::public_read::PublicRead;
use crate::unanswered::unanswered;

/// The categories as a tree.
///
/// `productCount` counts what a list of the category has: the products in it and in those below it.
#[utoipa::path(
    get, path = "/categories", operation_id = "listCategories", tag = "categories", security((), ("bearer" = [])),
    params(ConditionParams, FreshnessParams),
    responses(
        (status = 200, description = "The roots, each with what is in it", body = Envelope<Vec<CategoryNode>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn tree(State(categories): State<Categories>, read: PublicRead) -> Result<Response, ApiError> {
    read.ready(&categories.freshness, &[projections::catalog::NAME]).await?;
    let found = categories.names.products.tree().await.map_err(unanswered)?;
    let tree = &found.value;
    let products = tree.products();
    let details: Vec<_> = tree.roots().map(|root| Described::of(tree, root, &products)).collect();
    let nodes: Vec<_> = details.iter().map(Described::node).collect();
    Ok(read.answer(found.position, None, &nodes))
}

/// A category in the words of the domain, which its view borrows.
struct Described {
    id: CategoryId,
    details: CategoryDetails,
    own: u64,
    children: Vec<Described>,
}

impl Described {
    fn of(tree: &Tree, branch: &Branch, products: &HashMap<CategoryId, u64>) -> Self {
        let details = CategoryDetails {
            name: branch.name.clone(),
            slug: branch.slug.clone(),
            description: branch.description.clone(),
            image: branch.image.clone(),
            parent_id: branch.parent_id,
            sort_order: branch.sort_order,
        };
        let id = branch.category_id;
        let children = tree.children(id).map(|child| Self::of(tree, child, products)).collect();
        Self { id, details, own: products.get(&id).copied().unwrap_or(0), children }
    }

    fn node(&self) -> CategoryNode<'_> {
        let children = self.children.iter().map(Self::node).collect();
        CategoryNode::of(CategoryView::of(self.id, &self.details), self.own, children)
    }
}
