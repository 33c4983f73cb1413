//! Coupons, for admins.

use std::sync::Arc;

use api_contract::openapi::{Envelope, FreshnessParams, PageOf, PageParams};
use api_contract::views::CouponView;
use api_contract::{ApiError, MinPosition, Page, Paging, Principal, ProjectionPosition, Role, Success};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::Currency;
use projections::coupons::{CouponList, CouponRow, NAME};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::freshness::Freshness;
use crate::unanswered::unanswered;

#[derive(Clone)]
struct Coupons {
    list: Arc<CouponList>,
    freshness: Freshness,
    currency: Currency,
}

/// The routes.
pub fn router(list: Arc<CouponList>, freshness: Freshness, currency: Currency) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list_coupons)).with_state(Coupons { list, freshness, currency })
}

/// The coupons that were not withdrawn, the newest first.
#[utoipa::path(
    get, path = "/coupons", operation_id = "listCoupons", tag = "coupons", security(("bearer" = [])),
    params(PageParams, FreshnessParams),
    responses((status = 200, description = "A page of coupons", body = Envelope<PageOf<CouponView>>)),
)]
async fn list_coupons(
    State(coupons): State<Coupons>,
    principal: Principal,
    min: MinPosition,
    paging: Paging,
) -> Result<impl IntoResponse, ApiError> {
    principal.require(&[Role::Admin])?;
    coupons.freshness.ready(NAME, min, Some(&principal)).await?;
    let found = coupons.list.page(paging.limit(), paging.offset()).await.map_err(unanswered)?;
    let position = ProjectionPosition(found.position);
    let total = u64::try_from(found.value.total).unwrap_or(0);
    let views = found.value.items.into_iter().map(|row| view(row, coupons.currency)).collect();
    Ok((position, Success::new(Page::new(views, paging, total))))
}

fn view(row: CouponRow, shop_currency: Currency) -> CouponView {
    let times_used = u64::try_from(row.redeemed).unwrap_or(0);
    CouponView::of(row.code, &row.terms.into(), times_used, row.created_at, shop_currency)
}
