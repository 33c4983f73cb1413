//! A shop's statistics.

mod stats;

use std::sync::Arc;

use api_contract::openapi::{Envelope, FreshnessParams};
use api_contract::{
    ApiError, Fields, MinPosition, PathId, Principal, ProjectionPosition, Query, Role, Success,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::ids::SellerId;
use projections::seller_stats::{Interval, NAME, Period, Stats, StatsFilter};
use sqlx::PgPool;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::stats::{IntervalWord, ShopStats};
use crate::days::AskedDays;
use crate::freshness::Freshness;
use crate::products::Names;
use crate::unanswered::unanswered;

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

/// What the caller's own shop has sold.
#[utoipa::path(
    get, path = "/sellers/me/stats", operation_id = "getMyShopStats", tag = "sellers", security(("bearer" = [])),
    params(Days, FreshnessParams),
    responses((status = 200, description = "Totals by currency, by day, and the products that earned most",
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
    responses((status = 200, description = "Totals by currency, by day, and the products that earned most",
               body = Envelope<ShopStats>)),
)]
async fn of_seller(
    State(sellers): State<Sellers>,
    principal: Principal,
    min: MinPosition,
    PathId(seller): PathId<SellerId>,
    query: Query,
) -> Result<Response, ApiError> {
    // A shop stays somebody's who sells no longer.
    let own = principal.is(Role::Seller) && principal.shop == Some(seller);
    if !principal.is(Role::Admin) && !own {
        return Err(ApiError::forbidden());
    }
    if !sellers.names.has_shop(seller).await? {
        return Err(ApiError::not_found("Seller"));
    }
    answer(&sellers, &principal, min, seller, &query).await
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
    let ids: Vec<_> = found.value.top_products.iter().map(|product| product.product_id).collect();
    let products = sellers.names.products.by_ids(&ids).await.map_err(unanswered)?.value;
    let stats = ShopStats::of(seller, &filter, &found.value, &products)?;
    Ok((ProjectionPosition(found.position), Success::new(stats)).into_response())
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
