//! `GET /orders` (an admin's with `scope=all`) and `GET /sellers/me/orders`.

use api_contract::openapi::{Envelope, FreshnessParams, PageOf, PageParams};
use api_contract::{
    Amount, ApiError, Fields, MinPosition, Page, Paging, Principal, ProjectionPosition, Query, Role, Success,
    Timestamp,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Days, NaiveTime, Utc};
use domain::ids::{OrderId, UserId};
use domain::{Currency, Money};
use projections::order_history::{NAME, OrderFilter, OrderStatus, OrderSummary, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use super::History;
use crate::products::unanswered;

/// `GET /orders`.
#[utoipa::path(
    get, path = "/orders", operation_id = "listOrders", tag = "orders", security(("bearer" = [])),
    params(
        ("scope" = Option<String>, Query, description = "mine, or an admin's all"),
        ("status" = Option<String>, Query, description = "pending, confirmed (or paid), processing, shipped, delivered, cancelled"),
        ("startDate" = Option<String>, Query, description = "A day, or a moment in RFC 3339", example = "2025-11-02"),
        ("endDate" = Option<String>, Query, description = "A day (its end), or a moment in RFC 3339", example = "2025-11-02"),
        PageParams, FreshnessParams,
    ),
    responses((status = 200, description = "The caller's orders, the newest first", body = Envelope<PageOf<Summary>>)),
)]
pub async fn mine(
    State(history): State<History>,
    principal: Principal,
    min: MinPosition,
    query: Query,
) -> Result<Response, ApiError> {
    let (all, filter, paging) = query.read(|f| {
        let all = f.field("scope").one_of(&[("mine", false), ("all", true)]);
        let (filter, paging) = filter(f)?;
        Some((all.unwrap_or(false), filter, paging))
    })?;
    let scope = if all {
        principal.require(&[Role::Admin])?;
        Scope::All
    } else {
        Scope::Customer(principal.user)
    };
    answer(&history, &principal, min, scope, filter, paging).await
}

/// `GET /sellers/me/orders`: those with a line of the seller's.
#[utoipa::path(
    get, path = "/sellers/me/orders", operation_id = "listSellerOrders", tag = "orders", security(("bearer" = [])),
    params(
        ("status" = Option<String>, Query, description = "pending, confirmed (or paid), processing, shipped, delivered, cancelled"),
        ("startDate" = Option<String>, Query, description = "A day, or a moment in RFC 3339", example = "2025-11-02"),
        ("endDate" = Option<String>, Query, description = "A day (its end), or a moment in RFC 3339", example = "2025-11-02"),
        PageParams, FreshnessParams,
    ),
    responses((status = 200, description = "The orders with a line of the seller's", body = Envelope<PageOf<Summary>>)),
)]
pub async fn of_my_shop(
    State(history): State<History>,
    principal: Principal,
    min: MinPosition,
    query: Query,
) -> Result<Response, ApiError> {
    principal.require(&[Role::Seller])?;
    let shop = principal.shop.ok_or_else(ApiError::forbidden)?;
    let (filter, paging) = query.read(filter)?;
    answer(&history, &principal, min, Scope::Seller(shop), filter, paging).await
}

fn filter(f: &mut Fields<'_, '_>) -> Option<(OrderFilter, Paging)> {
    let status = f
        .field("status")
        .parse(1..=20, |word| word.parse::<OrderStatus>().map_err(|error| error.to_string().into()));
    let from = moment(f, "startDate", 0);
    let until = moment(f, "endDate", 1);
    let paging = Paging::read(f, 10)?;
    Some((OrderFilter { status, from, until, offset: paging.offset(), limit: paging.limit() }, paging))
}

/// A moment, or a day: then its beginning, or with `days` 1 its end.
fn moment(f: &mut Fields<'_, '_>, name: &'static str, days: u64) -> Option<DateTime<Utc>> {
    f.field(name).parse(1..=40, |text| {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(moment.to_utc());
        }
        let day: Option<chrono::NaiveDate> = text.parse().ok();
        day.and_then(|day| day.checked_add_days(Days::new(days)))
            .map(|day| day.and_time(NaiveTime::MIN).and_utc())
            .ok_or_else(|| "must be a day (2025-11-02) or a moment in RFC 3339".into())
    })
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
    status: &'static str,
    item_count: i64,
    line_count: i32,
    #[schema(value_type = String)]
    currency: Currency,
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
            status: order.status.as_str(),
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
    Ok((ProjectionPosition(found.position), Success::new(Page::new(items, paging, total))).into_response())
}
