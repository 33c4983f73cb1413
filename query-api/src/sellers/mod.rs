//! A shop's statistics.

use std::collections::BTreeMap;
use std::sync::Arc;

use api_contract::openapi::{Envelope, FreshnessParams};
use api_contract::{
    Amount, ApiError, MinPosition, PathId, Principal, ProjectionPosition, Query, Role, Success,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::ids::{ProductId, SellerId};
use domain::{Currency, Money};
use projections::seller_stats::{NAME, Report, Stats, StatsFilter, Sums};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::freshness::Freshness;
use crate::products::{Names, unanswered};

/// So many products are shown.
const TOP: i64 = 10;

#[derive(Clone)]
struct Sellers {
    stats: Arc<Stats>,
    names: Arc<Names>,
    freshness: Freshness,
}

/// The routes.
pub fn router(pool: PgPool, names: Arc<Names>, freshness: Freshness) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(mine)).routes(routes!(of_seller)).with_state(Sellers {
        stats: Arc::new(Stats::new(pool)),
        names,
        freshness,
    })
}

/// Which days.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes what `answer` reads")]
struct Days {
    /// From this day.
    from: Option<NaiveDate>,
    /// To this day, and with it.
    to: Option<NaiveDate>,
}

/// What the caller's own shop has sold.
#[utoipa::path(
    get, path = "/sellers/me/stats", operation_id = "getMyShopStats", tag = "sellers", security(("bearer" = [])),
    params(Days, FreshnessParams),
    responses((status = 200, description = "Totals by currency, by day, and the products that sold most",
               body = Envelope<ShopStats>)),
)]
async fn mine(
    State(sellers): State<Sellers>,
    principal: Principal,
    min: MinPosition,
    query: Query,
) -> Result<Response, ApiError> {
    principal.require(&[Role::Seller])?;
    let shop = principal.shop.ok_or_else(ApiError::forbidden)?;
    answer(&sellers, &principal, min, shop, &query).await
}

/// What a shop has sold: for an admin, and for its owner.
#[utoipa::path(
    get, path = "/sellers/{id}/stats", operation_id = "getShopStats", tag = "sellers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The shop"), Days, FreshnessParams),
    responses((status = 200, description = "Totals by currency, by day, and the products that sold most",
               body = Envelope<ShopStats>)),
)]
async fn of_seller(
    State(sellers): State<Sellers>,
    principal: Principal,
    min: MinPosition,
    PathId(seller): PathId<SellerId>,
    query: Query,
) -> Result<Response, ApiError> {
    if !principal.is(Role::Admin) && principal.shop != Some(seller) {
        return Err(ApiError::forbidden());
    }
    answer(&sellers, &principal, min, seller, &query).await
}

/// What was sold, in one currency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SalesFigures)]
struct Figures {
    gross_revenue: Amount,
    refunds: Amount,
    net_revenue: Amount,
    orders: i64,
    units: i64,
    returned_units: i64,
    average_order_value: Amount,
    /// A share of gross revenue, 0 to 1.
    #[schema(value_type = f64, minimum = 0, maximum = 1)]
    refund_rate: Box<RawValue>,
}

impl Figures {
    fn of(sums: &Sums, currency: Currency) -> Result<Self, ApiError> {
        let amount = |minor| Amount(Money::new(minor, currency));
        Ok(Self {
            gross_revenue: amount(sums.gross),
            refunds: amount(sums.refunds),
            net_revenue: amount(sums.net()),
            orders: sums.orders,
            units: sums.units,
            returned_units: sums.returned_units,
            average_order_value: amount(sums.average_order_value()),
            refund_rate: RawValue::from_string(sums.refund_rate().to_string()).map_err(ApiError::internal)?,
        })
    }
}

/// What was sold on a day.
#[derive(Serialize, ToSchema)]
#[schema(as = SalesOfDay)]
struct Day {
    date: NaiveDate,
    #[schema(value_type = String)]
    currency: Currency,
    #[serde(flatten)]
    figures: Figures,
}

/// A product that sold well.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TopProduct {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    product_name: Option<String>,
    sku: Option<String>,
    #[schema(value_type = String)]
    currency: Currency,
    gross_revenue: Amount,
    refunds: Amount,
    net_revenue: Amount,
    units: i64,
    returned_units: i64,
}

/// What a shop has sold.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShopStats {
    #[schema(value_type = Uuid)]
    seller_id: SellerId,
    /// By currency.
    totals: BTreeMap<String, Figures>,
    daily: Vec<Day>,
    top_products: Vec<TopProduct>,
}

async fn answer(
    sellers: &Sellers,
    reader: &Principal,
    min: MinPosition,
    seller: SellerId,
    query: &Query,
) -> Result<Response, ApiError> {
    let (from, to) = query.read(|f| Some((f.field("from").date(), f.field("to").date())))?;
    sellers.freshness.ready(NAME, min, Some(reader)).await?;
    let filter = StatsFilter { seller: Some(seller), from, to, top: TOP };
    let found = sellers.stats.report(&filter).await.map_err(unanswered)?;
    let view = view(sellers, seller, &found.value).await?;
    Ok((ProjectionPosition(found.position), Success::new(view)).into_response())
}

async fn view(sellers: &Sellers, seller_id: SellerId, report: &Report) -> Result<ShopStats, ApiError> {
    let ids: Vec<_> = report.top_products.iter().map(|product| product.product_id).collect();
    let known = sellers.names.products.by_ids(&ids).await.map_err(unanswered)?.value;
    let totals = report.totals.iter();
    let totals = totals
        .map(|t| Ok((t.currency.to_string(), Figures::of(&t.sums, t.currency)?)))
        .collect::<Result<_, ApiError>>()?;
    let daily = report.daily.iter();
    let daily = daily
        .map(|d| Ok(Day { date: d.day, currency: d.currency, figures: Figures::of(&d.sums, d.currency)? }))
        .collect::<Result<_, ApiError>>()?;
    let top_products = report
        .top_products
        .iter()
        .map(|product| {
            let details = known.iter().find(|known| known.product_id == product.product_id);
            let amount = |minor| Amount(Money::new(minor, product.currency));
            TopProduct {
                product_id: product.product_id,
                product_name: details.map(|known| known.details.name.clone()),
                sku: details.map(|known| known.details.sku.clone()),
                currency: product.currency,
                gross_revenue: amount(product.sums.gross),
                refunds: amount(product.sums.refunds),
                net_revenue: amount(product.sums.net()),
                units: product.sums.units,
                returned_units: product.sums.returned_units,
            }
        })
        .collect();
    Ok(ShopStats { seller_id, totals, daily, top_products })
}
