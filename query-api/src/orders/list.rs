//! `GET /orders` (an admin's with `scope=all`) and `GET /sellers/me/orders`.

use std::borrow::Cow;

use api_contract::openapi::Envelope;
use api_contract::views::OrderStatusWord;
use api_contract::{
    Amount, ApiError, Field, Fields, MinPosition, Page, Paging, Principal, ProjectionPosition, Query, Role,
    Success, Timestamp,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::{OrderId, SellerId, UserId};
use domain::{Currency, Money};
use projections::order_history::{NAME, OrderFilter, OrderStatus, OrderSummary, Scope};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::History;
use super::filters::{ListParams, filters};
use crate::lists::{Listed, ListedOf};
use crate::unanswered::unanswered;

/// The caller's orders; with `scope=all` an admin reads everybody's.
#[utoipa::path(
    get, path = "/orders", operation_id = "listOrders", tag = "orders", security(("bearer" = [])),
    params(
        ("scope" = inline(Option<ScopeWord>), Query, description = "mine, or an admin's all"),
        OfAll,
        ListParams,
    ),
    responses((status = 200, description = "A page of the caller's orders, the newest first", body = Envelope<ListedOf<Summary>>)),
)]
pub async fn mine(
    State(history): State<History>,
    principal: Principal,
    min: MinPosition,
    query: Query,
) -> Result<Response, ApiError> {
    let (all, scope, filter, paging) = query.read(|f| {
        let all = f.field("scope").one_of(&[("mine", false), ("all", true)]).unwrap_or(false);
        let scope = if all {
            of_all(f)
        } else {
            let scope = Scope::Customer(principal.user);
            refuse_others(f, scope);
            scope
        };
        let (filter, paging) = filters(f, scope)?;
        Some((all, scope, filter, paging))
    })?;
    if all {
        principal.require(&[Role::Admin])?;
    }
    answer(&history, &principal, min, scope, filter, paging).await
}

/// Of whom a list may be asked for.
fn customer<'f, 'j>(f: &'f mut Fields<'_, 'j>) -> Field<'f, 'j> {
    f.field("customerId").or("userId")
}

/// With a line of whom.
fn seller<'f, 'j>(f: &'f mut Fields<'_, 'j>) -> Field<'f, 'j> {
    f.field("sellerId")
}

/// Which of all an admin reads.
fn of_all(f: &mut Fields<'_, '_>) -> Scope {
    let customer = customer(f).id::<UserId>();
    match (seller(f).id::<SellerId>(), customer) {
        (None, None) => Scope::All,
        (None, Some(customer)) => Scope::Customer(customer),
        (Some(seller), customer) => Scope::WithLineOf(seller, customer),
    }
}

/// A list of which is said already whose it is. Who names somebody else all the same is told: a page of other orders than
/// were asked for looks like one of those that were.
fn refuse_others(f: &mut Fields<'_, '_>, scope: Scope) {
    let (own_customer, own_seller) = match scope {
        Scope::Customer(customer) => (Some(customer), None),
        Scope::Seller(seller) => (None, Some(seller)),
        Scope::All | Scope::WithLineOf(..) => (None, None),
    };
    let others = || Cow::Borrowed("is for GET /orders?scope=all alone");
    let is_own = |text: &str| own_customer.is_some() && text.parse().ok() == own_customer;
    customer(f).parse(0..=usize::MAX, |text| is_own(text).then_some(()).ok_or_else(others));
    let is_own = |text: &str| own_seller.is_some() && text.parse().ok() == own_seller;
    seller(f).parse(0..=usize::MAX, |text| is_own(text).then_some(()).ok_or_else(others));
}

/// Of whom an admin reads orders.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `of_all` reads")]
struct OfAll {
    /// With `scope=all`: only of this customer. `userId` is read as well.
    customer_id: Option<Uuid>,
    /// With `scope=all`: only with a line of this seller's. Status and amounts are of the seller's part then, as in
    /// `GET /sellers/me/orders`.
    seller_id: Option<Uuid>,
}

/// The orders with a line of the seller's. Status and amounts are of the seller's part.
#[utoipa::path(
    get, path = "/sellers/me/orders", operation_id = "listSellerOrders", tag = "orders", security(("bearer" = [])),
    params(ListParams),
    responses((status = 200, description = "A page of the orders with a line of the seller's", body = Envelope<ListedOf<Summary>>)),
)]
pub async fn of_my_shop(
    State(history): State<History>,
    principal: Principal,
    min: MinPosition,
    query: Query,
) -> Result<Response, ApiError> {
    principal.require(&[Role::Seller])?;
    let shop = principal.shop.ok_or_else(ApiError::forbidden)?;
    let scope = Scope::Seller(shop);
    let (filter, paging) = query.read(|f| {
        refuse_others(f, scope);
        filters(f, scope)
    })?;
    answer(&history, &principal, min, scope, filter, paging).await
}

/// Whose orders.
#[derive(ToSchema)]
#[schema(as = OrderScope, rename_all = "snake_case")]
#[allow(dead_code, reason = "it says what is read")]
enum ScopeWord {
    Mine,
    All,
}

/// An order in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderSummary)]
struct Summary {
    #[schema(value_type = Uuid)]
    id: OrderId,
    order_number: String,
    external_id: Option<String>,
    #[schema(value_type = Option<Uuid>)]
    user_id: Option<UserId>,
    /// To a seller that of the shop's lines.
    status: OrderStatusWord,
    /// How many units.
    item_count: i64,
    line_count: i32,
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// To a seller what falls on the shop's lines.
    total: Amount,
    refunded_amount: Amount,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<OrderSummary> for Summary {
    fn from(order: OrderSummary) -> Self {
        let amount = |minor| Amount(Money::new(minor, order.currency));
        Self {
            id: order.order_id,
            status: word(order.status),
            item_count: order.unit_count,
            line_count: order.line_count,
            currency: order.currency,
            total: amount(order.total),
            refunded_amount: amount(order.refunded),
            order_number: order.number,
            external_id: order.external_id,
            user_id: order.customer_id,
            created_at: order.placed_at.into(),
            updated_at: order.updated_at.into(),
        }
    }
}

fn word(status: OrderStatus) -> OrderStatusWord {
    match status {
        OrderStatus::Pending => OrderStatusWord::Pending,
        OrderStatus::Confirmed => OrderStatusWord::Confirmed,
        OrderStatus::Processing => OrderStatusWord::Processing,
        OrderStatus::Shipped => OrderStatusWord::Shipped,
        OrderStatus::Delivered => OrderStatusWord::Delivered,
        OrderStatus::Cancelled => OrderStatusWord::Cancelled,
    }
}

async fn answer(
    history: &History,
    reader: &Principal,
    min: MinPosition,
    scope: Scope,
    filter: OrderFilter,
    paging: Paging,
) -> Result<Response, ApiError> {
    history.freshness.ready(NAME, min, Some(reader)).await?;
    let found = history.orders.list(scope, &filter).await.map_err(unanswered)?;
    let total = u64::try_from(found.value.total).unwrap_or(0);
    let items: Vec<Summary> = found.value.items.into_iter().map(Into::into).collect();
    let next = found.value.next.as_ref();
    let page = Listed::new(Page::new(items, paging, total), filter.after.is_some(), next);
    Ok((ProjectionPosition(found.position), Success::new(page)).into_response())
}
