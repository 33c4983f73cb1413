//! What people of a made-up shop say of what they bought.

use chrono::{DateTime, Utc};
use domain::ids::{OrderId, ProductId, ReviewId, SellerId, UserId};
use domain::review::{ReviewEvent, Written};
use uuid::Uuid;

use super::happened::{Happened, Stored};

/// A review, of an order where there is one.
pub(crate) fn reviewed(
    product_id: ProductId,
    user_id: UserId,
    rating: u8,
    order_id: Option<OrderId>,
    occurred_at: DateTime<Utc>,
) -> Happened {
    let review_id = ReviewId(Uuid::from_u128(product_id.0.as_u128() ^ user_id.0.as_u128()));
    let seller_id = SellerId(Uuid::nil());
    let written = Written { review_id, product_id, seller_id, user_id, rating, order_id, text: None };
    let event = Stored::Review(ReviewEvent::ReviewWritten(written));
    Happened { aggregate_id: product_id.0, sequence: 1, occurred_at, event }
}
