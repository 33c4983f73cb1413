//! A shop's statistics.

use std::collections::BTreeMap;
use std::sync::Arc;

use api_contract::openapi::{Envelope, FreshnessParams};
use api_contract::{
    Amount, ApiError, Fields, MinPosition, PathId, Principal, ProjectionPosition, Query, Role, Success,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::ids::{ProductId, SellerId};
use domain::{Currency, Money};
use projections::seller_stats::{Interval, NAME, Period, Report, Stats, StatsFilter, Sums};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::days::AskedDays;
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

/// Which days, and how they are grouped.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes what `answer` reads")]
struct Days {
    /// From this day.
    from: Option<NaiveDate>,
    /// To this day, and with it.
    to: Option<NaiveDate>,
    /// Whose midnight begins a day: a name of the IANA time zone database; UTC if none is named.
    #[param(max_length = 64, example = "Asia/Karachi")]
    tz: Option<String>,
    /// By day, by week from Monday on, or by month.
    #[param(inline)]
    interval: Option<IntervalWord>,
}

/// What figures are grouped by.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "it says what is read")]
enum IntervalWord {
    Day,
    Week,
    Month,
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

/// What was sold in a day, a week or a month.
#[derive(Serialize, ToSchema)]
#[schema(as = SalesOfPeriod)]
struct Row {
    /// Its first day.
    date: NaiveDate,
    #[schema(value_type = String)]
    currency: Currency,
    #[serde(flatten)]
    figures: Figures,
}

/// How many customers bought. Guests are not among them.
#[derive(Clone, Copy, Serialize, ToSchema)]
struct Customers {
    /// Those whose first paid order in this shop it was.
    new: i64,
    /// Those who had bought here before.
    returning: i64,
}

impl From<projections::seller_stats::Customers> for Customers {
    fn from(customers: projections::seller_stats::Customers) -> Self {
        Self { new: customers.new, returning: customers.returning }
    }
}

/// How many customers bought in a day, a week or a month.
#[derive(Serialize, ToSchema)]
struct CustomersOfPeriod {
    /// Its first day.
    date: NaiveDate,
    #[serde(flatten)]
    customers: Customers,
}

/// The customers of the whole time, and of each day, week or month.
#[derive(Serialize, ToSchema)]
struct ShopCustomers {
    #[serde(flatten)]
    whole: Customers,
    periods: Vec<CustomersOfPeriod>,
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
    #[schema(example = "Asia/Karachi")]
    time_zone: &'static str,
    #[schema(inline, value_type = IntervalWord)]
    interval: &'static str,
    /// By currency.
    totals: BTreeMap<String, Figures>,
    /// Where the interval is a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily: Option<Vec<Row>>,
    /// Where it is a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    weekly: Option<Vec<Row>>,
    /// Where it is a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    monthly: Option<Vec<Row>>,
    customers: ShopCustomers,
    top_products: Vec<TopProduct>,
}

async fn answer(
    sellers: &Sellers,
    reader: &Principal,
    min: MinPosition,
    seller: SellerId,
    query: &Query,
) -> Result<Response, ApiError> {
    let (period, interval) = query.read(|f| Some((period(f), interval(f))))?;
    sellers.freshness.ready(NAME, min, Some(reader)).await?;
    let filter = StatsFilter { seller: Some(seller), period, interval, top: TOP };
    let found = sellers.stats.report(&filter).await.map_err(unanswered)?;
    let view = view(sellers, seller, &filter, found.value).await?;
    Ok((ProjectionPosition(found.position), Success::new(view)).into_response())
}

fn period(f: &mut Fields<'_, '_>) -> Period {
    let AskedDays { from, to, tz } = AskedDays::read(f);
    Period { from, to, tz }
}

fn interval(f: &mut Fields<'_, '_>) -> Interval {
    let words =
        [Interval::Day, Interval::Week, Interval::Month].map(|interval| (interval.as_str(), interval));
    f.field("interval").one_of(&words).unwrap_or_default()
}

async fn view(
    sellers: &Sellers,
    seller_id: SellerId,
    filter: &StatsFilter,
    report: Report,
) -> Result<ShopStats, ApiError> {
    let ids: Vec<_> = report.top_products.iter().map(|product| product.product_id).collect();
    let known = sellers.names.products.by_ids(&ids).await.map_err(unanswered)?.value;
    let totals = report.totals.iter();
    let totals = totals
        .map(|t| Ok((t.currency.to_string(), Figures::of(&t.sums, t.currency)?)))
        .collect::<Result<_, ApiError>>()?;
    let rows = report.periods.iter();
    let rows: Vec<_> = rows
        .map(|r| Ok(Row { date: r.day, currency: r.currency, figures: Figures::of(&r.sums, r.currency)? }))
        .collect::<Result<_, ApiError>>()?;
    let (daily, weekly, monthly) = match filter.interval {
        Interval::Day => (Some(rows), None, None),
        Interval::Week => (None, Some(rows), None),
        Interval::Month => (None, None, Some(rows)),
    };
    let customers = report.customer_periods.iter();
    let customers = customers.map(|row| CustomersOfPeriod { date: row.day, customers: row.customers.into() });
    let customers = ShopCustomers { whole: report.customers.into(), periods: customers.collect() };
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
    Ok(ShopStats {
        seller_id,
        time_zone: filter.period.tz.name(),
        interval: filter.interval.as_str(),
        totals,
        daily,
        weekly,
        monthly,
        customers,
        top_products,
    })
}
