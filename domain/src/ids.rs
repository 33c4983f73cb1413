//! Ids, one type for each kind of thing, so that no order is taken for a payment.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A person or a service with an account; a cart has its user's id.
    UserId
    /// A shop.
    SellerId
    /// A product; its inventory has the same id.
    ProductId
    /// A category of the catalog.
    CategoryId
    /// An order.
    OrderId
    /// A payment.
    PaymentId
    /// A refund, which is also its idempotency key at the gateway.
    RefundId
    /// A review.
    ReviewId
    /// A row of `personal`: what must be kept of a person and can be erased.
    PersonalId
}
