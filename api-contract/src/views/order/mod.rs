//! An order: what its stream tells, who sees what of it, and how it is shown.

mod parts;
mod record;
mod sight;
mod view;
mod words;

pub use parts::{OrderItemView, ShipmentView, StepView};
pub use record::{OrderRecord, StatusStep};
pub use sight::OrderSight;
pub use view::{OrderAddress, OrderView, PaymentBrief};
pub use words::{OrderStatusWord, payment_method};
