//! How products, carts, orders and payments look to a client: one form for the answers of commands and of queries.
//!
//! A *record* is a state with the moments that its stream tells beside it ([`OrderRecord`], [`PaymentRecord`],
//! [`CartRecord`], [`ReviewRecord`]): fold a stream's events into one, or make one of the state that a decision left. A
//! *view* is what becomes JSON, made of a record and of what is joined when it is read (texts kept in `personal`, names of
//! products).

mod cart;
mod category;
mod changes;
mod coupon;
mod order;
mod payment;
mod preview;
mod product;
mod review;

use std::collections::HashMap;

use domain::ids::PersonalId;
use serde_json::value::RawValue;

pub use domain::Record;

pub use cart::{CartItemView, CartRecord, CartView};
pub use category::{CategoryBrief, CategoryNode, CategoryRecord, CategoryView};
pub use coupon::{CouponView, DiscountType, DiscountValue};
pub use order::{
    OrderAddress, OrderItemView, OrderRecord, OrderSight, OrderStatusWord, OrderView, PaymentBrief,
    ShipmentView, StatusStep, StepView, payment_method,
};
pub use payment::{PaymentRecord, PaymentView, RefundView};
pub use preview::PreviewView;
pub use product::{ProductRecord, ProductView, SellerBrief, Stock};
pub use review::{ReviewRecord, ReviewText, ReviewView, StarsView};

/// The bodies of rows of `personal`: an address is an object, a note a string. What was erased isn't there.
pub type PersonalBodies = HashMap<PersonalId, Box<RawValue>>;

/// The body of a row of `personal`, if it is still there.
fn body(bodies: &PersonalBodies, id: Option<PersonalId>) -> Option<&RawValue> {
    bodies.get(&id?).map(Box::as_ref)
}
