//! What may have happened to a review.

use serde::{Deserialize, Serialize};

use crate::domain_event;
use crate::ids::{OrderId, PersonalId, ProductId, ReviewId, SellerId, UserId};

/// What may have happened to a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReviewEvent {
    /// It was written.
    ReviewWritten(Written),
}

domain_event!(ReviewEvent { ReviewWritten });

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// What clients call it by.
    pub review_id: ReviewId,
    /// Of what.
    pub product_id: ProductId,
    /// Whose product it is.
    pub seller_id: SellerId,
    /// Whose.
    pub user_id: UserId,
    /// Stars, from [`LEAST`](super::LEAST) to [`MOST`](super::MOST).
    pub rating: u8,
    /// An order of theirs in which the product was delivered, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Title and comment, kept in `personal`, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<PersonalId>,
}

impl Written {
    /// Whether whoever wrote it had got the product.
    pub fn is_verified_purchase(&self) -> bool {
        self.order_id.is_some()
    }
}
