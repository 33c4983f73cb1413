//! The reader's own cart.

use std::sync::Arc;

use api_contract::openapi::{Envelope, FreshnessParams};
use api_contract::views::{CartRecord, CartView};
use api_contract::{ApiError, MinPosition, Principal, Success, Version};
use axum::extract::State;
use axum::response::IntoResponse;
use chrono::Utc;
use domain::Currency;
use domain::cart::Cart;
use domain::coupon::Coupon;
use domain::decisions::{Offer, Offers, Quoting};
use domain::ids::{ProductId, UserId};
use domain::tax::TaxRates;
use event_store::Log;
use projections::coupons::CouponList;
use projections::{catalog, coupons};
use rust_decimal::Decimal;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::freshness::Freshness;
use crate::history::told;
use crate::products::Names;
use crate::unanswered::unanswered;

/// What carts are shown with.
#[derive(Clone)]
pub struct Carts {
    /// The carts.
    pub log: Log,
    /// Users' addresses.
    pub pool: PgPool,
    /// Makes a reader see what they have written.
    pub freshness: Freshness,
    /// The catalog.
    pub names: Arc<Names>,
    /// The coupons.
    pub coupons: Arc<CouponList>,
    /// The rates of the tax.
    pub tax_rates: Arc<TaxRates>,
    /// The currency of an empty cart.
    pub currency: Currency,
}

/// The routes.
pub fn router(carts: Carts) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(get_cart)).with_state(carts)
}

/// The reader's cart, with the catalog's prices and stock of now, and what has changed since things were put in.
#[utoipa::path(
    get, path = "/cart", operation_id = "getCart", tag = "cart", security(("bearer" = [])),
    params(FreshnessParams),
    responses((status = 200, description = "The cart; one that nothing was ever put into is empty", body = Envelope<CartView>)),
)]
async fn get_cart(
    State(carts): State<Carts>,
    principal: Principal,
    min: MinPosition,
) -> Result<impl IntoResponse, ApiError> {
    carts.freshness.ready(catalog::NAME, min, Some(&principal)).await?;
    let user_id = principal.user;
    let record: CartRecord = told(&carts.log, user_id).await?;
    let (offers, coupon, tax_rate) = tokio::try_join!(
        carts.offers(&record.cart),
        carts.coupon(&record.cart, &principal, min),
        carts.tax_rate(user_id)
    )?;
    let quoting = Quoting { user_id, at: Utc::now(), tax_rate, currency: carts.currency };
    let view = CartView::of(&record, &offers, coupon.as_ref(), quoting).map_err(ApiError::internal)?;
    Ok((Version(record.version), Success::new(view)).into_response())
}

impl Carts {
    /// What the catalog says of the products in it. One that is too new for the catalog is folded from its stream.
    async fn offers(&self, cart: &Cart) -> Result<Offers, ApiError> {
        let ids: Vec<ProductId> = cart.lines.iter().map(|line| line.product_id).collect();
        let mut offers = Offers::with_capacity(ids.len());
        if ids.is_empty() {
            return Ok(offers);
        }
        for known in self.names.products.by_ids(&ids).await.map_err(unanswered)?.value {
            let stock = u64::try_from(known.stock).unwrap_or(0);
            let sold = known.is_shown();
            let details = Some(Arc::new(known.details.into()));
            offers.insert(known.product_id, Offer { details, sold, stock });
        }
        for id in ids {
            if offers.contains_key(&id) {
                continue;
            }
            if let Some(shown) = self.names.folded(&self.log, id).await? {
                let (sold, stock) = (!shown.details.hidden, shown.stock);
                offers.insert(id, Offer { details: Some(shown.details), sold, stock });
            }
        }
        Ok(offers)
    }

    /// The coupon that lies in it, as its user meets it.
    async fn coupon(
        &self,
        cart: &Cart,
        reader: &Principal,
        min: MinPosition,
    ) -> Result<Option<Coupon>, ApiError> {
        let Some(code) = &cart.coupon else { return Ok(None) };
        self.freshness.ready(coupons::NAME, min, Some(reader)).await?;
        let met = self.coupons.met_by(code, reader.user).await.map_err(unanswered)?.value;
        Ok(met.map(|met| met.state(reader.user)))
    }

    /// The rate at the user's default address, else the default rate.
    async fn tax_rate(&self, user: UserId) -> Result<Decimal, ApiError> {
        let home = identity::addresses::default_of(&self.pool, user).await.map_err(identity::failed)?;
        let standard = self.tax_rates.standard();
        Ok(home.map_or(standard, |home| self.tax_rates.rate(&home.address.region())))
    }
}
