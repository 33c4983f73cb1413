//! The read models in Postgres.

use crate::catalog::Catalog;
use crate::coupons::Coupons;
use crate::order_history::OrderHistory;
use crate::read_model::ReadModel;
use crate::seller_stats::SellerStats;

/// Each of them, in the order in which they are shown.
pub static READ_MODELS: [&dyn ReadModel; 4] = [&OrderHistory, &SellerStats, &Catalog, &Coupons];

/// The read model of this name.
pub fn find(name: &str) -> Option<&'static dyn ReadModel> {
    READ_MODELS.into_iter().find(|model| model.name() == name)
}
