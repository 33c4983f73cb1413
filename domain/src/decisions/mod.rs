//! The decisions that span aggregates: one file each.
//!
//! Each is a pure function over [`Streams`](crate::Streams), the states of aggregates at one position of the log. It
//! asks for all streams it knows of at once (`need`), decides each aggregate's command, and either all events go
//! into one append or, refused, none. Times, ids and inputs come in with the command, so that the decision may be
//! made again from the start at any time.

mod add_item;
mod advance_order;
mod apply_coupon;
mod attempt_payment;
mod cancel_order;
mod capture_payment;
mod categorise;
mod change_stock;
mod confirm_manually;
mod create_category;
mod create_product;
mod decline_payment;
mod fail_refund;
mod import_order;
mod import_product;
mod import_return;
mod place_order;
mod preview_order;
mod pricing;
mod quote_cart;
mod remove_category;
mod rename;
mod request_refund;
mod require_action;
mod return_items;
mod reverse_refund;
mod revise_category;
mod revise_product;
mod set_item_quantity;
mod settle_refund;
mod withdraw_product;
mod write_review;

pub use add_item::{AddItem, CartItemError, add_item};
pub use advance_order::{AdvanceOrder, AdvanceOrderError, Step, advance_order};
pub use apply_coupon::{ApplyCoupon, ApplyCouponError, apply_coupon};
pub use attempt_payment::{AttemptPayment, AttemptPaymentError, Attempted, attempt_payment};
pub use cancel_order::{CancelOrder, CancelOrderError, CancelledOrder, cancel_order};
pub use capture_payment::{CapturePayment, CapturePaymentError, CapturedPayment, capture_payment};
pub use change_stock::{ReceiveOrAdjustStock, StockChange, StockError, receive_or_adjust_stock};
pub use confirm_manually::{ConfirmManually, confirm_manually};
pub use create_category::{CreateCategory, MOST_ANCESTORS, TreeError, create_category};
pub use create_product::{CatalogError, CreateProduct, create_product};
pub use decline_payment::{DeclinePayment, decline_payment};
pub use fail_refund::{FailRefund, fail_refund};
pub use import_order::{ImportError, ImportOrder, OutsideOrder, import_order};
pub use import_product::{ImportProduct, ImportProductError, import_product};
pub use import_return::{ImportReturn, ReturnLine, import_return, need_return};
pub use place_order::{PlaceOrder, PlaceOrderError, Placed, place_order};
pub use preview_order::{BesideLine, Preview, PreviewOrder, preview_order};
pub use pricing::{Item, OrderSource, Priced, PricingError};
pub use quote_cart::{CartQuote, Offer, Offers, Quoting, offers_of_cart, on_sale, quote_cart};
pub use remove_category::remove_category;
pub use request_refund::{RefundOf, RequestRefund, RequestRefundError, RequestedRefund, request_refund};
pub use require_action::{RequireAction, require_action};
pub use return_items::{ReturnItems, ReturnItemsError, Returned, return_items};
pub use reverse_refund::{ReverseRefund, ReverseRefundError, reverse_refund};
pub use revise_category::{ReviseCategory, revise_category};
pub use revise_product::{ReviseProduct, revise_product};
pub use set_item_quantity::{SetItemQuantity, set_item_quantity};
pub use settle_refund::{SettleRefund, SettleRefundError, settle_refund};
pub use withdraw_product::withdraw_product;
pub use write_review::{ReviewOutcome, WriteReview, WriteReviewError, write_review};

#[cfg(test)]
mod tests;
