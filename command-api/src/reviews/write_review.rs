//! `POST /products/{id}/reviews`: each user once for each product.
//!
//! Whether they have got the product is decided by the orders' own streams. Which orders these may be, where the request names
//! none that delivered it, is looked up in order history, which may be a moment behind: whoever reviews what was delivered just
//! now names the order.

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::{ReviewRecord, ReviewText, ReviewView};
use api_contract::{
    ApiError, Code, EventPosition, Fields, Fingerprint, IdempotencyKey, JsonBody, PathId, Role, Success,
    Version,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::decisions::{ReviewOutcome, WriteReview, WriteReviewError, write_review};
use domain::ids::{OrderId, ProductId, ReviewId, UserId};
use domain::review::{self, LEAST, MOST, ReviewError};
use event_store::{Accepted, Decision, Submission};
use identity::personal::{Purpose, Rows};
use identity::users;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::command::{Caller, decide, now, unanswered};
use crate::history::{Told, bodies, told};
use crate::shop::Shop;

const LONGEST_TITLE: usize = 200;
const LONGEST_COMMENT: usize = 5_000;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(write))
}

/// A review to be written.
#[derive(ToSchema)]
#[schema(as = NewReview, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes the body")]
struct NewReviewBody {
    /// Stars.
    #[schema(minimum = 1, maximum = 5, example = 5)]
    rating: u8,
    /// In a few words.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00]*\S[^\x00]*$")]
    title: Option<String>,
    /// In more.
    #[schema(min_length = 1, max_length = 5000, pattern = r"^[^\x00]*\S[^\x00]*$")]
    comment: Option<String>,
    /// An order of the caller's with the product. Without it any of theirs is looked for that was delivered.
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
}

struct NewReview {
    rating: u8,
    text: ReviewText,
    order_id: Option<OrderId>,
}

impl NewReview {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let rating = f.field("rating").required().integer(i64::from(LEAST)..=i64::from(MOST));
        let title = f.field("title").text(1..=LONGEST_TITLE);
        let comment = f.field("comment").text(1..=LONGEST_COMMENT);
        let order_id = f.field("orderId").id();
        let text = ReviewText { title, comment };
        Some(Self { rating: u8::try_from(rating?).ok()?, text, order_id })
    }
}

/// Reviews a product.
///
/// It is a `verifiedPurchase` where an order with the product was delivered to the caller. A review stays as it is written.
#[utoipa::path(
    post, path = "/products/{id}/reviews", operation_id = "writeReview", tag = "reviews", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product"),
        ("Idempotency-Key" = Option<String>, Header, description = "Counts once for this key", min_length = 1, max_length = 255),
    ),
    request_body = NewReviewBody,
    responses(
        (status = 201, description = "The review", body = Envelope<ReviewView>),
        (status = 403, description = "Not with this role, or the product is of the caller's own shop", body = Refusal),
        (status = 409, description = "The caller has reviewed this product already", body = Refusal),
    ),
)]
async fn write(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    // Auditors and other programs buy nothing.
    caller.principal.require(&[Role::Customer, Role::Seller, Role::Admin])?;
    let (NewReview { rating, text, order_id }, fingerprint): (_, Fingerprint) =
        body.read_keyed(NewReview::read)?;
    let user_id = caller.principal.user;

    let mut rows = Rows::of(user_id);
    let text = if text.is_empty() {
        None
    } else {
        Some(rows.add(Purpose::ReviewText, serde_json::to_value(&text).map_err(ApiError::internal)?))
    };
    shop.personal.keep(rows).await?;

    let review_id = ReviewId(Uuid::now_v7());
    let its_shop = caller.principal.shop;
    let command =
        WriteReview { review_id, product_id, user_id, shop: its_shop, rating, order_id, perhaps: None, text };
    let submission = Submission { occurred_at: Some(now()), ..caller.keyed(&key, fingerprint) };
    let position = match decided(&shop, submission, command).await? {
        Accepted::Done { value: _, position } => position,
        Accepted::Replayed(before) => before.position,
    };
    // A key is of one user and one path, so it is the same stream.
    review_at(&shop, product_id, user_id, position).await.map_err(ApiError::after_acceptance)
}

/// Has it decided; and where that depends on orders that nobody has named, once more, with those that order history knows of.
async fn decided(
    shop: &Shop,
    submission: Submission,
    command: WriteReview,
) -> Result<Accepted<ReviewOutcome>, ApiError> {
    let first = decided_once(shop, submission.clone(), command.clone()).await?;
    if !matches!(first, Accepted::Done { value: ReviewOutcome::Unproven, position: _ }) {
        return Ok(first);
    }
    let perhaps = shop.orders.with_product(command.user_id, command.product_id).await;
    let perhaps = Some(perhaps.map_err(unanswered)?.value);
    decided_once(shop, submission, WriteReview { perhaps, ..command }).await
}

async fn decided_once(
    shop: &Shop,
    submission: Submission,
    command: WriteReview,
) -> Result<Accepted<ReviewOutcome>, ApiError> {
    let decision = move |streams: &mut Decision<'_>| {
        let outcome = write_review(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        // Where nothing is written, no key is kept either: what is decided anew has it.
        streams.remember(201, review::stream(command.product_id, command.user_id));
        Ok(outcome)
    };
    decide(&shop.decider, submission, decision).await
}

/// The review as the command left it.
async fn review_at(
    shop: &Shop,
    product_id: ProductId,
    user_id: UserId,
    position: i64,
) -> Result<Response, ApiError> {
    let stream = review::stream(product_id, user_id);
    let Told { record, .. }: Told<ReviewRecord> = told(&shop.log, stream, Some(position)).await?;
    let bodies = bodies(&shop.log, record.text().as_slice()).await?;
    let names = users::names_for_others(shop.log.pool(), &[user_id]).await.map_err(identity::failed)?;
    let name = names.into_iter().next().map(|(_, name)| name);
    let view = ReviewView::of(&record, &bodies, name).ok_or_else(|| ApiError::not_found("Review"))?;
    let answer = Success::new(view).message("Review added successfully");
    Ok((StatusCode::CREATED, Version(record.version), EventPosition(position), answer).into_response())
}

fn refusal(error: &WriteReviewError) -> ApiError {
    let message = error.to_string();
    match error {
        WriteReviewError::UnknownProduct { .. } => ApiError::not_found("Product"),
        WriteReviewError::OwnProduct => ApiError::new(Code::Forbidden, message),
        WriteReviewError::UnknownOrder { .. } => ApiError::not_found("Order").field("orderId"),
        WriteReviewError::NotInOrder { .. } => ApiError::invalid("orderId", message),
        WriteReviewError::Review(ReviewError::AlreadyWritten) => {
            ApiError::already_exists("productId", message)
        }
        WriteReviewError::Review(ReviewError::Rating) => ApiError::invalid("rating", message),
    }
}
