//! The public events: what goes to Kafka and what every projection reads.
//!
//! A stored event is private: its form may change, and it names rows of `personal`, tokens and URLs. A public event
//! has none of these. It is mapped from the stored one in its aggregate's `public.rs`, its JSON is camelCase with
//! amounts in minor units beside their currency, and its schema (in `schemas/`) may only grow: a field, once
//! published, keeps its name, type and meaning.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use cqrs_es::persist::EventUpcaster;
use schemars::Schema;
use uuid::Uuid;

use crate::aggregate::{Decide, parse_event};
use crate::cart::public::CartPublicEvent;
use crate::cart::{Cart, CartEvent};
use crate::category::public::CategoryPublicEvent;
use crate::category::{Category, CategoryEvent};
use crate::claim::Claim;
use crate::coupon::public::CouponPublicEvent;
use crate::coupon::{Coupon, CouponEvent};
use crate::imported::Imported;
use crate::inventory::public::InventoryPublicEvent;
use crate::inventory::{Inventory, InventoryEvent};
use crate::order::public::OrderPublicEvent;
use crate::order::{Order, OrderEvent};
use crate::payment::public::PaymentPublicEvent;
use crate::payment::{Payment, PaymentEvent};
use crate::product::public::ProductPublicEvent;
use crate::product::{Product, ProductEvent};
use crate::purchases::Purchases;
use crate::review::public::ReviewPublicEvent;
use crate::review::{Review, ReviewEvent};
use crate::shelf::Shelf;

/// A public event with its place in the log and in its stream.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicEvent {
    /// Its place in the log, from 1.
    pub position: i64,
    /// Its id, a `UUIDv7`.
    pub event_id: Uuid,
    /// `Decide::TYPE` of its aggregate.
    pub aggregate_type: &'static str,
    /// Its aggregate's id, which is its key in Kafka.
    pub aggregate_id: String,
    /// Its place in its stream, from 1.
    pub sequence: i64,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When the log took it; never decreases with `position`.
    pub recorded_at: DateTime<Utc>,
    /// What happened.
    pub data: PublicData,
}

/// Why a stored event can't be published.
#[derive(Debug, thiserror::Error)]
#[error("a stored event {aggregate_type}/{event_type} {event_version} cannot be read")]
pub struct PublishError {
    aggregate_type: &'static str,
    event_type: String,
    event_version: String,
    source: serde_json::Error,
}

/// Why a public event can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It is of a later version of Daybook, or of another program.
    #[error("there is no public event {event_type} of {aggregate_type}")]
    Unknown {
        /// The aggregate's type.
        aggregate_type: String,
        /// The event's type.
        event_type: String,
    },
    /// It is not of the form of its type.
    #[error("a public event {event_type} cannot be read")]
    Malformed {
        /// The event's type.
        event_type: String,
        /// Where and why.
        source: serde_json::Error,
    },
}

/// One aggregate's public events: an enum of public structs, each variant named like its struct.
macro_rules! public_events {
    ($(#[$doc:meta])* $name:ident of $aggregate:ty { $($event:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "each is documented at the struct of its name")]
        pub enum $name { $($event($event),)* }

        impl $name {
            /// The event's type: the name of its struct.
            pub fn event_type(&self) -> &'static str {
                match self { $(Self::$event(_) => stringify!($event),)* }
            }

            /// The struct's JSON.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$event(event) => serde_json::to_string(event),)* }
            }

            /// Reads the struct that `event_type` names.
            pub fn from_json(event_type: &str, json: &str) -> Result<Self, $crate::public::DecodeError> {
                let event = match event_type {
                    $(stringify!($event) => serde_json::from_str(json).map(Self::$event),)*
                    unknown => return Err($crate::public::DecodeError::Unknown {
                        aggregate_type: <$aggregate as $crate::Decide>::TYPE.to_owned(),
                        event_type: unknown.to_owned(),
                    }),
                };
                event.map_err(|source| $crate::public::DecodeError::Malformed {
                    event_type: event_type.to_owned(),
                    source,
                })
            }

            /// The JSON Schema of each event type.
            pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
                vec![$((stringify!($event), schemars::schema_for!($event)),)*]
            }
        }
    };
}
pub(crate) use public_events;

/// All published aggregates: their types, and the way from the log and from Kafka.
macro_rules! published {
    ($($variant:ident($public:ident) of $aggregate:ident: $stored:ident),* $(,)?) => {
        /// What happened, by aggregate.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "each is documented at its enum")]
        pub enum PublicData { $($variant($public),)* }

        /// The types of the aggregates that are published; each has a topic.
        pub const PUBLISHED: &[&str] = &[$(<$aggregate as Decide>::TYPE,)*];

        /// The public event of a stored one, of whatever version; `None` for an aggregate that is not published
        /// ([`is_private`]) or not known.
        ///
        /// `payload` is the event's JSON as it stands in the log. Only an old version is read into a
        /// `serde_json::Value` on the way.
        pub fn publish(
            aggregate_type: &str,
            event_type: &str,
            event_version: &str,
            payload: &str,
        ) -> Result<Option<PublicData>, PublishError> {
            $(if aggregate_type == <$aggregate as Decide>::TYPE {
                static UPCASTERS: LazyLock<Vec<Box<dyn EventUpcaster>>> =
                    LazyLock::new(<$aggregate as Decide>::upcasters);
                let stored: $stored = parse_event::<$aggregate>(&UPCASTERS, event_type, event_version, payload)
                    .map_err(|source| PublishError {
                        aggregate_type: <$aggregate as Decide>::TYPE,
                        event_type: event_type.to_owned(),
                        event_version: event_version.to_owned(),
                        source,
                    })?;
                return Ok(Some(PublicData::$variant(stored.into())));
            })*
            Ok(None)
        }

        impl PublicData {
            /// `Decide::TYPE` of the aggregate.
            pub fn aggregate_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => <$aggregate as Decide>::TYPE,)* }
            }

            /// The event's type.
            pub fn event_type(&self) -> &'static str {
                match self { $(Self::$variant(event) => event.event_type(),)* }
            }

            /// The event's JSON.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$variant(event) => event.to_json(),)* }
            }

            /// Reads what [`to_json`](Self::to_json) wrote.
            pub fn decode(aggregate_type: &str, event_type: &str, json: &str) -> Result<Self, DecodeError> {
                $(if aggregate_type == <$aggregate as Decide>::TYPE {
                    return $public::from_json(event_type, json).map(Self::$variant);
                })*
                Err(DecodeError::Unknown {
                    aggregate_type: aggregate_type.to_owned(),
                    event_type: event_type.to_owned(),
                })
            }
        }

        /// The JSON Schema of every public event: aggregate type, event type, schema.
        pub fn schemas() -> Vec<(&'static str, &'static str, Schema)> {
            let mut all = Vec::new();
            $(all.extend($public::schemas().into_iter().map(|(event, schema)| {
                (<$aggregate as Decide>::TYPE, event, schema)
            }));)*
            all
        }
    };
}

published! {
    Orders(OrderPublicEvent) of Order: OrderEvent,
    Inventory(InventoryPublicEvent) of Inventory: InventoryEvent,
    Carts(CartPublicEvent) of Cart: CartEvent,
    Payments(PaymentPublicEvent) of Payment: PaymentEvent,
    Products(ProductPublicEvent) of Product: ProductEvent,
    Coupons(CouponPublicEvent) of Coupon: CouponEvent,
    Categories(CategoryPublicEvent) of Category: CategoryEvent,
    Reviews(ReviewPublicEvent) of Review: ReviewEvent,
}

/// The types of the aggregates that no event leaves the log of: they keep promises among the others (a name is taken, a
/// line of a file is imported), and say nothing that these don't say.
const PRIVATE: [&str; 4] = [Claim::TYPE, Imported::TYPE, Purchases::TYPE, Shelf::TYPE];

/// Whether an aggregate is known and not published. One that is neither this nor in [`PUBLISHED`] is of a later version of
/// Daybook.
pub fn is_private(aggregate_type: &str) -> bool {
    PRIVATE.contains(&aggregate_type)
}

#[cfg(test)]
mod tests;
