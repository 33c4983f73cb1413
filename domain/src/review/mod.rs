//! What somebody says of a product: one review of each user for each product.
//!
//! The stream's id is [made of both](stream), so that the log keeps a second one out. A review is written once and stays.
//! Whether it is of a product that its writer has bought is found by the [decision](crate::decisions::write_review) that
//! writes it; the order that proves it is named in the event. Its texts are a person's own words and no part of this: they
//! are a row of `personal`, which can be erased, and the stars stay.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ProductId, UserId};
use crate::{Decide, cqrs_aggregate};

mod events;
pub mod public;
mod rating;

pub use events::{ReviewEvent, Written};
pub use rating::Rating;

/// The fewest stars.
pub const LEAST: u8 = 1;
/// The most stars.
pub const MOST: u8 = 5;

/// One review.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What is said; nothing before it is written.
    pub written: Option<Arc<Written>>,
}

/// The id of the stream of a user's review of a product.
pub fn stream(product_id: ProductId, user_id: UserId) -> String {
    format!("{product_id}:{user_id}")
}

/// Of which product, and whose, the review in this stream is; nothing where no review has such a stream.
pub fn of_stream(id: &str) -> Option<(ProductId, UserId)> {
    let (product, user) = id.split_once(':')?;
    Some((product.parse().ok()?, user.parse().ok()?))
}

/// What may be asked of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewCommand {
    /// To be written.
    Write(Written),
}

impl Decide for Review {
    const TYPE: &'static str = "reviews";
    type Command = ReviewCommand;
    type Event = ReviewEvent;
    type Error = ReviewError;

    fn decide(&self, command: ReviewCommand) -> Result<Vec<ReviewEvent>, ReviewError> {
        match command {
            ReviewCommand::Write(_) if self.written.is_some() => Err(ReviewError::AlreadyWritten),
            ReviewCommand::Write(written) if !(LEAST..=MOST).contains(&written.rating) => {
                Err(ReviewError::Rating)
            }
            ReviewCommand::Write(written) => Ok(vec![ReviewEvent::ReviewWritten(written)]),
        }
    }

    fn evolve(&mut self, event: &ReviewEvent) {
        match event {
            ReviewEvent::ReviewWritten(written) => self.written = Some(Arc::new(written.clone())),
        }
    }
}

cqrs_aggregate!(Review);

/// Why a review is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// The user has said what they think of this product.
    #[error("you have reviewed this product already")]
    AlreadyWritten,
    /// Too few stars, or too many.
    #[error("a rating must be from {LEAST} to {MOST}")]
    Rating,
}

#[cfg(test)]
mod tests;
