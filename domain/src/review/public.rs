//! The public events of a review. Its texts are nobody's but its writer's, and are not published.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Review, ReviewEvent};
use crate::ids::{ProductId, ReviewId, SellerId, UserId};
use crate::public::public_events;

public_events! {
    /// What the world may know of a review.
    ReviewPublicEvent of Review {
        ReviewWritten,
    }
}

impl From<ReviewEvent> for ReviewPublicEvent {
    fn from(event: ReviewEvent) -> Self {
        match event {
            ReviewEvent::ReviewWritten(written) => Self::ReviewWritten(ReviewWritten {
                verified_purchase: written.is_verified_purchase(),
                review_id: written.review_id,
                product_id: written.product_id,
                seller_id: written.seller_id,
                user_id: written.user_id,
                rating: written.rating,
            }),
        }
    }
}

/// It was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewWritten {
    /// What clients call it by.
    pub review_id: ReviewId,
    /// Of what.
    pub product_id: ProductId,
    /// Whose product it is.
    pub seller_id: SellerId,
    /// Whose review.
    pub user_id: UserId,
    /// Stars.
    #[schemars(range(min = 1, max = 5))]
    pub rating: u8,
    /// Whether the product had been delivered to whoever wrote it.
    pub verified_purchase: bool,
}
