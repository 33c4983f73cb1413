//! A shop's statistics.

mod stats;

use std::sync::Arc;

use api_contract::openapi::{Envelope, FreshnessParams};
use api_contract::{
    ApiError, Code, Fields, MinPosition, PathId, Principal, ProjectionPosition, Query, Role, Success,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use chrono_tz::Tz;
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
    let (period, interval) =
        query.read(|f| Some((period(f, |tz| sellers.stats.first_day(tz)), interval(f))))?;
    sellers.freshness.ready(NAME, min, Some(reader)).await?;
    let filter = StatsFilter { seller: Some(seller), period, interval, top: TOP };
    let found = sellers.stats.report(&filter).await.map_err(unanswered)?;
    let ids: Vec<_> = found.value.top_products.iter().map(|product| product.product_id).collect();
    let products = sellers.names.products.by_ids(&ids).await.map_err(unanswered)?.value;
    let stats = ShopStats::of(seller, &filter, &found.value, &products)?;
    Ok((ProjectionPosition(found.position), Success::new(stats)).into_response())
}

/// Days before the `first_day` of a time zone begin within a quarter of an hour, and so within a sum.
fn period(f: &mut Fields<'_, '_>, first_day: impl Fn(Tz) -> Option<NaiveDate>) -> Period {
    let AskedDays { from, to, tz } = AskedDays::read(f);
    for (name, day) in [("from", from), ("to", to)] {
        let Some(day) = day else { continue };
        if let Some(first) = first_day(tz).filter(|first| day < *first) {
            let message = format!(
                "{name} must not be before {first} in {tz}: its clocks were no whole quarters of an hour from UTC then"
            );
            f.violation(name, Code::ValidationError, message);
        }
    }
    Period { from, to, tz }
}

fn interval(f: &mut Fields<'_, '_>) -> Interval {
    let words =
        [Interval::Day, Interval::Week, Interval::Month].map(|interval| (interval.as_str(), interval));
    f.field("interval").one_of(&words).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use api_contract::JsonBody;

    use super::*;

    /// Guards against sums that are off by what was sold around a midnight, without anybody being told.
    #[test]
    fn days_that_began_within_a_quarter_of_an_hour_are_refused() {
        let read = |body: &str| {
            let first = "1972-01-08".parse::<NaiveDate>().unwrap();
            let first_day = |tz: Tz| (tz == Tz::Africa__Monrovia).then_some(first);
            let read = JsonBody::from_text(body.to_owned()).read(|f| Some(period(f, first_day)));
            let violations = |error: ApiError| {
                error.violations().iter().map(|it| it.message.to_string()).collect::<Vec<_>>()
            };
            read.map(|period| (period.from, period.to)).map_err(violations)
        };
        let said = |name: &str| {
            format!(
                "{name} must not be before 1972-01-08 in Africa/Monrovia: its clocks were no whole quarters of an hour from \
                 UTC then"
            )
        };
        for (body, refused) in [
            (r#"{"from": "1972-01-07", "tz": "Africa/Monrovia"}"#, vec!["from"]),
            (r#"{"to": "1972-01-07", "tz": "Africa/Monrovia"}"#, vec!["to"]),
            (r#"{"from": "1960-01-01", "to": "1961-01-01", "tz": "Africa/Monrovia"}"#, vec!["from", "to"]),
            (r#"{"from": "1972-01-08", "to": "1972-01-08", "tz": "Africa/Monrovia"}"#, vec![]),
            (r#"{"tz": "Africa/Monrovia"}"#, vec![]),
            (r#"{"from": "1960-01-01", "to": "1961-01-01"}"#, vec![]),
        ] {
            let expected: Vec<_> = refused.into_iter().map(said).collect();
            assert_eq!(read(body).err().unwrap_or_default(), expected, "{body}");
        }
    }
}
