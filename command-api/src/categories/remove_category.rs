//! `DELETE /categories/{id}`: only an empty one goes.

use api_contract::openapi::{Refusal, UnchangedParams};
use api_contract::{ApiError, EventPosition, IfMatch, PathId, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::category::Category;
use domain::decisions::remove_category;
use domain::ids::CategoryId;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusal;
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(remove))
}

/// Removes an empty category. Its slug is free again.
#[utoipa::path(
    delete, path = "/categories/{id}", operation_id = "deleteCategory", tag = "categories", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The category"), UnchangedParams),
    responses(
        (status = 204, description = "It is no longer in the tree"),
        (status = 409, description = "Products or categories are in it", body = Refusal),
        (status = 412, description = "It has changed since", body = Refusal),
    ),
)]
async fn remove(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(category_id): PathId<CategoryId>,
    if_match: IfMatch,
) -> Result<impl IntoResponse, ApiError> {
    caller.principal.require(&[Role::Admin])?;
    let decision = move |streams: &mut Decision<'_>| {
        let unknown = || Halt::Refused(ApiError::not_found("Category"));
        streams.state::<Category, ApiError>(category_id)?.kept().ok_or_else(unknown)?;
        if_match.check(streams.version::<Category, ApiError>(category_id)?).map_err(Halt::Refused)?;
        remove_category(streams, category_id).map_err(|halt| halt.map(|error| refusal(&error)))
    };
    let position = match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value: (), position } => position,
        Accepted::Replayed(before) => before.position,
    };
    Ok((StatusCode::NO_CONTENT, EventPosition(position), ()))
}
