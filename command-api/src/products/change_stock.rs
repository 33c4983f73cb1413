//! `POST /products/{id}/stock`: goods came in, or a count found more or fewer.

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::Stock;
use api_contract::{
    ApiError, EventPosition, Fields, IdempotencyKey, IfMatch, JsonBody, PathId, Role, Success, Version,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::decisions::{ReceiveOrAdjustStock, StockChange, StockError, receive_or_adjust_stock};
use domain::ids::ProductId;
use domain::inventory::Inventory;
use domain::product::Product;
use domain::{Halt, StreamId, Streams as _};
use event_store::{Accepted, Decision};
use identity::personal::{Purpose, Rows};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{record_as_of, stock_as_of};
use super::{MOST_UNITS, require_owner, stock_refusal};
use crate::command::{Caller, decide};
use crate::history::Told;
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(change_stock))
}

/// A change of a product's stock.
#[derive(ToSchema)]
struct ChangeStock {
    /// So many more; below 0 so many fewer. Not 0.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    quantity: i64,
    /// Why.
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    reason: Option<String>,
}

impl ChangeStock {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let quantity = f.field("quantity").required().integer(-MOST_UNITS..=MOST_UNITS);
        let reason = f.field("reason").text(1..=500);
        if quantity == Some(0) {
            f.violation("quantity", api_contract::Code::ValidationError, "quantity must not be 0");
        }
        Some(Self { quantity: quantity?, reason })
    }
}

/// A product's stock.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Stock)]
struct StockAnswer {
    #[schema(value_type = Uuid)]
    id: ProductId,
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// For sale: on hand, less what is reserved.
    stock: u64,
    in_stock: bool,
    on_hand: u64,
    reserved: u64,
}

impl StockAnswer {
    fn of(product_id: ProductId, stock: &Stock) -> Self {
        Self {
            id: product_id,
            product_id,
            stock: stock.available(),
            in_stock: stock.available() > 0,
            on_hand: stock.on_hand,
            reserved: stock.reserved,
        }
    }
}

/// Receives goods, or adjusts the stock to a count.
///
/// `If-Match` is the product's `ETag`: it guards against a change of the product. Quantities are relative, so no change
/// of stock is lost without it.
#[utoipa::path(
    post, path = "/products/{id}/stock", operation_id = "changeStock", tag = "products", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The product"),
        ("Idempotency-Key" = Option<String>, Header, description = "Counts once for this key", min_length = 1, max_length = 255),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the product's ETag"),
    ),
    request_body = ChangeStock,
    responses(
        (status = 200, description = "The stock as it is now", body = Envelope<StockAnswer>),
        (status = 409, description = "Below what is reserved, or more than is counted", body = Refusal),
        (status = 412, description = "The product has changed since", body = Refusal),
    ),
)]
async fn change_stock(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    key: IdempotencyKey,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Seller, Role::Admin])?;
    let (request, fingerprint) = body.read_keyed(ChangeStock::read)?;

    let mut rows = Rows::of(caller.principal.user);
    let reason = rows.text(Purpose::StockReason, request.reason.as_deref());
    shop.personal.keep(rows).await?;

    let submission = caller.keyed(&key, fingerprint);
    let change = ReceiveOrAdjustStock { product_id, change: StockChange::By(request.quantity), reason };
    let decision = move |streams: &mut Decision<'_>| {
        streams.need(&[StreamId::of::<Product>(product_id), StreamId::of::<Inventory>(product_id)])?;
        let unknown = || Halt::Refused(ApiError::not_found("Product"));
        let details = streams.state::<Product, ApiError>(product_id)?.kept().ok_or_else(unknown)?;
        require_owner(&caller.principal, details.seller_id).map_err(Halt::Refused)?;
        if_match.check(streams.version::<Product, ApiError>(product_id)?).map_err(Halt::Refused)?;
        receive_or_adjust_stock(streams, &change).map_err(|halt| halt.map(|error| refusal(&error)))?;
        streams.remember(200, product_id);
        let stock = Stock::from(streams.state::<Inventory, ApiError>(product_id)?);
        Ok((stock, streams.version::<Product, ApiError>(product_id)?))
    };
    let ((stock, version), position) = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value, position } => (value, position),
        Accepted::Replayed(before) => (again(&shop, product_id, before.position).await?, before.position),
    };
    let answer = Success::new(StockAnswer::of(product_id, &stock)).message("Stock updated successfully");
    Ok((Version(version), EventPosition(position), answer).into_response())
}

/// The stock and the product's version as a command left them that is answered again.
async fn again(shop: &Shop, product_id: ProductId, position: i64) -> Result<(Stock, u64), ApiError> {
    let stock = stock_as_of(shop, product_id, position).await?;
    let Told { record, .. } = record_as_of(shop, product_id, position).await?;
    Ok((stock, record.version))
}

fn refusal(error: &StockError) -> ApiError {
    match error {
        StockError::UnknownProduct { .. } => ApiError::not_found("Product"),
        StockError::Inventory(error) => stock_refusal(error),
    }
}
