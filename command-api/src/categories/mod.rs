//! The tree of categories, which admins tend.

mod create_category;
mod fields;
mod remove_category;
mod revise_category;

use api_contract::ApiError;
use api_contract::views::{CategoryRecord, CategoryView};
use api_contract::{EventPosition, Success, Version};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::category::CategoryError;
use domain::decisions::TreeError;
use domain::ids::CategoryId;
use utoipa_axum::router::OpenApiRouter;

use crate::history::{Told, told};
use crate::shop::Shop;

/// The routes.
pub fn routes(shop: Shop) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(create_category::route())
        .merge(revise_category::route())
        .merge(remove_category::route())
        .with_state(shop)
}

/// The category as a command left it: its last event is at `position`.
async fn answer(
    shop: &Shop,
    id: CategoryId,
    position: i64,
    status: StatusCode,
    message: &'static str,
) -> Result<Response, ApiError> {
    let told = told(&shop.log, id, Some(position)).await;
    let Told { record, .. }: Told<CategoryRecord> = told.map_err(ApiError::after_acceptance)?;
    let details = record.category.details.as_deref().ok_or_else(|| ApiError::not_found("Category"))?;
    let answer = Success::new(CategoryView::of(id, details)).message(message);
    Ok((status, Version(record.version), EventPosition(position), answer).into_response())
}

/// How a refusal of the tree is answered.
fn refusal(error: &TreeError) -> ApiError {
    let message = error.to_string();
    match error {
        TreeError::SlugTaken { .. } => ApiError::already_exists("slug", message),
        TreeError::UnknownParent { .. } => ApiError::not_found("Category").field("parentId"),
        TreeError::Cycle | TreeError::TooDeep | TreeError::NotEmpty { .. } => ApiError::conflict(message),
        TreeError::Category(error) => match error {
            CategoryError::AlreadyExists => ApiError::conflict(message),
            CategoryError::NotFound => ApiError::not_found("Category"),
            CategoryError::Missing { field } => ApiError::invalid(*field, message),
        },
    }
}
