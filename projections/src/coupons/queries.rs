//! What may be asked of the coupons.

use domain::coupon::CouponCode;
use domain::ids::UserId;
use sqlx::Arguments as _;
use sqlx::PgPool;

use super::NAME;
use super::row::{CouponPage, MetCoupon};
use crate::live::{Answer, Live, QueryError};

/// Asks the coupons. One for a process: it knows which generation is live.
#[derive(Debug)]
pub struct CouponList {
    live: Live,
}

/// The newest first; those that were withdrawn are left out.
const PAGE: &str = "
    SELECT json_build_object(
        'total', (SELECT count(*) FROM coupons_g{g}_coupons WHERE NOT withdrawn),
        'items', coalesce((SELECT json_agg(page ORDER BY page.created_at DESC, page.code) FROM (
            SELECT * FROM coupons_g{g}_coupons WHERE NOT withdrawn
            ORDER BY created_at DESC, code LIMIT $1 OFFSET $2) page), '[]'))";

const MET: &str = "
    SELECT json_build_object('coupon', to_json(c), 'uses', coalesce(
        (SELECT u.uses FROM coupons_g{g}_users u WHERE u.code = c.code AND u.user_id = $2), 0))
    FROM coupons_g{g}_coupons c WHERE c.code = $1";

impl CouponList {
    /// Asks by this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { live: Live::new(NAME, pool) }
    }

    /// A page of the coupons that may be used, the newest first.
    pub async fn page(&self, limit: i64, offset: i64) -> Result<Answer<CouponPage>, QueryError> {
        self.live
            .ask(PAGE, |arguments| {
                arguments.add(limit)?;
                arguments.add(offset)
            })
            .await
    }

    /// A coupon, withdrawn or not, and how often this user has used it.
    pub async fn met_by(
        &self,
        code: &CouponCode,
        user_id: UserId,
    ) -> Result<Answer<Option<MetCoupon>>, QueryError> {
        self.live
            .ask(MET, |arguments| {
                arguments.add(code.as_str())?;
                arguments.add(user_id.0)
            })
            .await
    }
}
