//! `POST /categories`.

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::CategoryView;
use api_contract::{ApiError, IdempotencyKey, JsonBody, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::category::{Category, CategoryChanges, CategoryDetails};
use domain::claim::{self, Claim};
use domain::decisions::{CreateCategory, create_category};
use domain::ids::CategoryId;
use domain::{Halt, StreamId, Streams as _};
use event_store::{Accepted, Decision, Submission};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::fields::{self, NewCategory};
use super::{answer, refusal};
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(create))
}

/// Creates a category.
#[utoipa::path(
    post, path = "/categories", operation_id = "createCategory", tag = "categories", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Counts once for this key", min_length = 1, max_length = 255)),
    request_body = NewCategory,
    responses(
        (status = 201, description = "It is in the tree", body = Envelope<CategoryView>),
        (status = 409, description = "The slug is taken, or the tree would be too deep", body = Refusal),
    ),
)]
async fn create(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Admin])?;
    let (new, fingerprint) = body.read_keyed(|f| fields::read(f, true))?;
    let category_id = CategoryId(Uuid::now_v7());
    let command = CreateCategory { category_id, details: details(&new) };
    let submission = Submission {
        fresh: vec![StreamId::of::<Category>(category_id)],
        bytes: 4 * 1024,
        ..caller.keyed(&key, fingerprint)
    };
    let decision = move |streams: &mut Decision<'_>| {
        let command = with_slug(streams, &command)?;
        create_category(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        streams.remember(201, category_id);
        Ok(())
    };
    let (id, position) = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (), position } => (category_id, position),
        Accepted::Replayed(before) => (before.resource.parse().map_err(ApiError::internal)?, before.position),
    };
    answer(&shop, id, position, StatusCode::CREATED, "Category created successfully").await
}

/// The details, as yet without a slug where none was given.
fn details(new: &CategoryChanges) -> CategoryDetails {
    new.applied_to(&CategoryDetails {
        name: String::new(),
        slug: String::new(),
        description: None,
        image: None,
        parent_id: None,
        sort_order: 0,
    })
}

/// Makes the slug from the name where none was given. Where another category has it, the parent's slug stands before
/// it (`electronics-audio`), and where that is taken too the end of the id after it.
fn with_slug(streams: &Decision<'_>, command: &CreateCategory) -> Result<CreateCategory, Halt<ApiError>> {
    let mut command = command.clone();
    if !command.details.slug.is_empty() {
        return Ok(command);
    }
    let simple = command.category_id.0.simple().to_string();
    let tail = &simple[simple.len() - 10..];
    let base = match slug::slugify(&command.details.name) {
        base if base.is_empty() => format!("category-{tail}"),
        base => base,
    };
    let mut candidates = vec![base.clone()];
    if let Some(parent) = command.details.parent_id
        && let Some(parent) = streams.state::<Category, ApiError>(parent)?.kept()
    {
        candidates.push(format!("{}-{base}", parent.slug));
    }
    command.details.slug = format!("{base}-{tail}");
    for candidate in candidates {
        if streams.state::<Claim, ApiError>(claim::category(&candidate))?.owner.is_none() {
            command.details.slug = candidate;
            break;
        }
    }
    Ok(command)
}
