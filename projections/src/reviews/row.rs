//! What the queries answer.

use domain::ids::UserId;
use domain::review::Rating;
use serde::Deserialize;

/// A review. The rest of it is in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ReviewRow {
    /// Whose.
    pub user_id: UserId,
}

/// Some of a product's reviews, and what all of them come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ReviewPage {
    /// All of them; nothing where there are none.
    pub rating: Option<Rating>,
    /// Those on this page.
    pub items: Vec<ReviewRow>,
}
