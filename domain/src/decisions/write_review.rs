//! Somebody says what they think of a product, which they may have bought.

use crate::ids::{OrderId, PersonalId, ProductId, ReviewId, SellerId, UserId};
use crate::order::{Order, OrderStatus};
use crate::product::Product;
use crate::review::{self, Review, ReviewCommand, ReviewError, Written};
use crate::{Decide as _, Halt, StreamId, Streams};

/// A review to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteReview {
    /// What clients will call it by, made by the caller.
    pub review_id: ReviewId,
    /// Of what.
    pub product_id: ProductId,
    /// Whose.
    pub user_id: UserId,
    /// Their own shop, where they have one.
    pub shop: Option<SellerId>,
    /// Stars.
    pub rating: u8,
    /// In which order they say that they bought it.
    pub order_id: Option<OrderId>,
    /// In which others they may have; nothing where nobody has looked yet.
    pub perhaps: Option<Vec<OrderId>>,
    /// Title and comment, kept in `personal`.
    pub text: Option<PersonalId>,
}

/// Why a review is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteReviewError {
    /// There is no such product, or not for everybody.
    #[error("there is no product {product_id}")]
    UnknownProduct {
        /// Which.
        product_id: ProductId,
    },
    /// Nobody praises what they sell.
    #[error("a shop can't review its own products")]
    OwnProduct,
    /// The order that they name is not there, or not theirs.
    #[error("there is no order {order_id}")]
    UnknownOrder {
        /// Which.
        order_id: OrderId,
    },
    /// The order that they name is of other things.
    #[error("the product is not in order {order_id}")]
    NotInOrder {
        /// Which.
        order_id: OrderId,
    },
    /// The review refuses.
    #[error(transparent)]
    Review(#[from] ReviewError),
}

/// What became of a review that is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewOutcome {
    /// It is written.
    Written,
    /// Nothing yet: no order that was named delivered the product, and nobody has looked for others that may have.
    Unproven,
}

/// Writes a review. It is one of a purchase where the product was delivered to the writer by the order that they name, or by
/// any that they may have bought it in: that is seen in the orders' own streams, as of this very decision.
pub fn write_review<S: Streams>(
    streams: &mut S,
    command: &WriteReview,
) -> Result<ReviewOutcome, Halt<WriteReviewError>> {
    let WriteReview { review_id, product_id, user_id, shop, rating, order_id, perhaps, text } = command;
    let stream = review::stream(*product_id, *user_id);
    let orders = || order_id.iter().chain(perhaps.iter().flatten());
    let mut known = vec![StreamId::of::<Product>(product_id), StreamId::of::<Review>(&stream)];
    known.extend(orders().map(StreamId::of::<Order>));
    streams.need(&known)?;
    let product = streams.state::<Product, WriteReviewError>(product_id)?;
    let details = product.kept().filter(|details| !details.hidden);
    let unknown = || Halt::Refused(WriteReviewError::UnknownProduct { product_id: *product_id });
    let seller_id = details.ok_or_else(unknown)?.seller_id;
    if *shop == Some(seller_id) {
        return Err(Halt::Refused(WriteReviewError::OwnProduct));
    }
    if let Some(order_id) = *order_id {
        require_line(streams, order_id, command)?;
    }
    let delivered_by = delivered_by(streams, orders(), command)?;
    let written = ReviewCommand::Write(Written {
        review_id: *review_id,
        product_id: *product_id,
        seller_id,
        user_id: *user_id,
        rating: *rating,
        order_id: delivered_by,
        text: *text,
    });
    if delivered_by.is_none() && perhaps.is_none() {
        // What is refused whatever the orders say is refused now.
        let review = streams.state::<Review, WriteReviewError>(&stream)?;
        review.decide(written).map_err(|error| Halt::Refused(WriteReviewError::from(error)))?;
        return Ok(ReviewOutcome::Unproven);
    }
    streams.execute::<Review, WriteReviewError>(&stream, written)?;
    Ok(ReviewOutcome::Written)
}

/// Refuses an order that is not theirs, or of other things.
fn require_line<S: Streams>(
    streams: &S,
    order_id: OrderId,
    command: &WriteReview,
) -> Result<(), Halt<WriteReviewError>> {
    match lines_of(streams.state(order_id)?, command.user_id, command.product_id) {
        None => Err(Halt::Refused(WriteReviewError::UnknownOrder { order_id })),
        Some(lines) if lines.is_empty() => Err(Halt::Refused(WriteReviewError::NotInOrder { order_id })),
        Some(_) => Ok(()),
    }
}

/// The first of these orders by which the product was delivered to them.
fn delivered_by<'a, S: Streams>(
    streams: &S,
    orders: impl Iterator<Item = &'a OrderId>,
    command: &WriteReview,
) -> Result<Option<OrderId>, Halt<WriteReviewError>> {
    for order_id in orders {
        let lines = lines_of(streams.state(order_id)?, command.user_id, command.product_id);
        if lines.unwrap_or_default().contains(&OrderStatus::Delivered) {
            return Ok(Some(*order_id));
        }
    }
    Ok(None)
}

/// How far each line with this product has come in an order of this user's; nothing where the order is not theirs.
fn lines_of(order: &Order, user_id: UserId, product_id: ProductId) -> Option<Vec<OrderStatus>> {
    let placed = order.placed.as_deref().filter(|placed| placed.customer_id == Some(user_id))?;
    let lines = placed.lines.iter().zip(&order.line_status);
    Some(lines.filter(|(line, _)| line.product_id == product_id).map(|(_, status)| *status).collect())
}
