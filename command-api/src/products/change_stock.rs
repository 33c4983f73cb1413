//! `POST /products/{id}/stock`: goods came in, or a count found more or fewer.

use api_contract::views::Stock;
use api_contract::{
    ApiError, EventPosition, Fields, IdempotencyKey, IfMatch, JsonBody, PathId, Role, Success, Version,
};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::decisions::{ReceiveOrAdjustStock, StockChange, StockError, receive_or_adjust_stock};
use domain::ids::ProductId;
use domain::inventory::{Inventory, InventoryEvent};
use domain::product::Product;
use domain::{Decide as _, Halt, StreamId, Streams as _};
use event_store::{Accepted, AsOf, Decision};
use identity::personal::{self, Purpose, Rows};
use serde::Serialize;

use super::{MOST_UNITS, require_owner, stock_refusal};
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> Router<Shop> {
    Router::new().route("/products/{id}/stock", post(change_stock))
}

struct ChangeStock {
    quantity: i64,
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StockAnswer {
    id: ProductId,
    product_id: ProductId,
    stock: u64,
    in_stock: bool,
    on_hand: u64,
    reserved: u64,
}

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

    let mut rows = Rows::default();
    let reason = rows.text(Purpose::StockReason, request.reason.as_deref());
    personal::keep(shop.log.pool(), caller.principal.user, &rows).await.map_err(identity::failed)?;

    let submission = caller.keyed(&key, fingerprint);
    let change = ReceiveOrAdjustStock { product_id, change: StockChange::By(request.quantity), reason };
    let decision = move |streams: &mut Decision<'_>| {
        streams.need(&[StreamId::of::<Product>(product_id), StreamId::of::<Inventory>(product_id)])?;
        let unknown = || Halt::Refused(ApiError::not_found("Product"));
        let details = streams.state::<Product, ApiError>(product_id)?.on_sale().ok_or_else(unknown)?;
        require_owner(&caller.principal, details.seller_id).map_err(Halt::Refused)?;
        if_match.check(streams.version::<Inventory, ApiError>(product_id)?).map_err(Halt::Refused)?;
        receive_or_adjust_stock(streams, &change).map_err(|halt| halt.map(|error| refusal(&error)))?;
        streams.remember(200, product_id);
        let stock = Stock::from(streams.state::<Inventory, ApiError>(product_id)?);
        Ok((stock, streams.version::<Inventory, ApiError>(product_id)?))
    };
    let ((stock, version), position) = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value, position } => (value, position),
        Accepted::Replayed(before) => {
            (stock_as_of(&shop, product_id, before.position).await?, before.position)
        }
    };
    let answer = StockAnswer {
        id: product_id,
        product_id,
        stock: stock.available(),
        in_stock: stock.available() > 0,
        on_hand: stock.on_hand,
        reserved: stock.reserved,
    };
    let answer = Success::new(answer).message("Stock updated successfully");
    Ok((Version(version), EventPosition(position), answer).into_response())
}

/// The stock as it was at the position of an answer that is given again.
pub(super) async fn stock_as_of(
    shop: &Shop,
    product_id: ProductId,
    position: i64,
) -> Result<(Stock, u64), ApiError> {
    let events = shop.log.events_of::<Inventory>(product_id, Some(AsOf::Position(position))).await;
    let events: Vec<(_, InventoryEvent)> = events.map_err(ApiError::internal)?;
    let mut inventory = Inventory::default();
    for (_, event) in &events {
        inventory.evolve(event);
    }
    Ok((Stock::from(&inventory), events.len() as u64))
}

fn refusal(error: &StockError) -> ApiError {
    match error {
        StockError::UnknownProduct { .. } => ApiError::not_found("Product"),
        StockError::Inventory(error) => stock_refusal(error),
    }
}
