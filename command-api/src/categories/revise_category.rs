//! `PATCH /categories/{id}` and `PUT /categories/{id}`, which merges just as well.

use api_contract::openapi::{Envelope, Refusal, UnchangedParams};
use api_contract::views::CategoryView;
use api_contract::{ApiError, IfMatch, JsonBody, PathId, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::category::Category;
use domain::decisions::{ReviseCategory, revise_category};
use domain::ids::CategoryId;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{self, CategoryChange};
use super::{answer, refusal};
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(change_category, update_category))
}

/// Changes some of a category.
///
/// What isn't named stays; `null` clears what may be missing. What is in it moves with it.
#[utoipa::path(
    patch, path = "/categories/{id}", operation_id = "changeCategory", tag = "categories", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The category"), UnchangedParams),
    request_body = CategoryChange,
    responses(
        (status = 200, description = "The category as it is now", body = Envelope<CategoryView>),
        (status = 409, description = "The slug is taken, or it would be part of itself", body = Refusal),
        (status = 412, description = "It has changed since", body = Refusal),
    ),
)]
async fn change_category(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(category_id): PathId<CategoryId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    revise(&shop, &caller, category_id, if_match, &body).await
}

/// Changes some of a category, as PATCH does.
#[utoipa::path(
    put, path = "/categories/{id}", operation_id = "updateCategory", tag = "categories", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The category"), UnchangedParams),
    request_body = CategoryChange,
    responses(
        (status = 200, description = "The category as it is now", body = Envelope<CategoryView>),
        (status = 409, description = "The slug is taken, or it would be part of itself", body = Refusal),
        (status = 412, description = "It has changed since", body = Refusal),
    ),
)]
async fn update_category(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(category_id): PathId<CategoryId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    revise(&shop, &caller, category_id, if_match, &body).await
}

async fn revise(
    shop: &Shop,
    caller: &Caller,
    category_id: CategoryId,
    if_match: IfMatch,
    body: &JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Admin])?;
    let changes = body.read(|f| fields::read(f, false))?;
    let command = ReviseCategory { category_id, changes };
    let decision = move |streams: &mut Decision<'_>| {
        let unknown = || Halt::Refused(ApiError::not_found("Category"));
        streams.state::<Category, ApiError>(category_id)?.kept().ok_or_else(unknown)?;
        if_match.check(streams.version::<Category, ApiError>(category_id)?).map_err(Halt::Refused)?;
        revise_category(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))
    };
    let position = match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value: (), position } => position,
        Accepted::Replayed(before) => before.position,
    };
    answer(shop, category_id, position, StatusCode::OK, "Category updated successfully").await
}
