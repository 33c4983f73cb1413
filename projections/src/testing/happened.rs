//! An event of a made-up history, as it is stored and as it is published.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use domain::category::CategoryEvent;
use domain::coupon::CouponEvent;
use domain::inventory::InventoryEvent;
use domain::order::OrderEvent;
use domain::payment::PaymentEvent;
use domain::product::ProductEvent;
use domain::public::{PublicData, PublicEvent};
use domain::review::{self, ReviewEvent};
use uuid::Uuid;

/// An event as it is stored.
#[derive(Clone, Debug)]
pub(crate) enum Stored {
    Order(OrderEvent),
    Inventory(InventoryEvent),
    Payment(PaymentEvent),
    Product(ProductEvent),
    Category(CategoryEvent),
    Coupon(CouponEvent),
    Review(ReviewEvent),
}

impl Stored {
    pub(crate) fn publish(self) -> PublicData {
        match self {
            Self::Order(event) => PublicData::Orders(event.into()),
            Self::Inventory(event) => PublicData::Inventory(event.into()),
            Self::Payment(event) => PublicData::Payments(event.into()),
            Self::Product(event) => PublicData::Products(event.into()),
            Self::Category(event) => PublicData::Categories(event.into()),
            Self::Coupon(event) => PublicData::Coupons(event.into()),
            Self::Review(event) => PublicData::Reviews(event.into()),
        }
    }

    /// Type, version, payload.
    pub(crate) fn columns(&self) -> (String, String, String) {
        fn of<E: DomainEvent>(event: &E) -> (String, String, String) {
            (event.event_type(), event.event_version(), serde_json::to_string(event).unwrap())
        }
        match self {
            Self::Order(event) => of(event),
            Self::Inventory(event) => of(event),
            Self::Payment(event) => of(event),
            Self::Product(event) => of(event),
            Self::Category(event) => of(event),
            Self::Coupon(event) => of(event),
            Self::Review(event) => of(event),
        }
    }

    pub(crate) fn aggregate_type(&self) -> &'static str {
        match self {
            Self::Order(_) => "orders",
            Self::Inventory(_) => "inventory",
            Self::Payment(_) => "payments",
            Self::Product(_) => "products",
            Self::Category(_) => "categories",
            Self::Coupon(_) => "coupons",
            Self::Review(_) => "reviews",
        }
    }
}

/// An event with its place in its stream.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    /// Its aggregate's id; of a review the product's, see [`Self::stream`].
    pub(crate) aggregate_id: Uuid,
    pub(crate) sequence: i64,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) event: Stored,
}

impl Happened {
    /// The id of its stream.
    pub(crate) fn stream(&self) -> String {
        match &self.event {
            Stored::Review(ReviewEvent::ReviewWritten(written)) => {
                review::stream(written.product_id, written.user_id)
            }
            Stored::Order(_)
            | Stored::Inventory(_)
            | Stored::Payment(_)
            | Stored::Product(_)
            | Stored::Category(_)
            | Stored::Coupon(_) => self.aggregate_id.to_string(),
        }
    }

    pub(crate) fn publish(self, position: i64) -> PublicEvent {
        let aggregate_id = self.stream();
        let data = self.event.publish();
        PublicEvent {
            position,
            event_id: Uuid::now_v7(),
            aggregate_type: data.aggregate_type(),
            aggregate_id,
            sequence: self.sequence,
            occurred_at: self.occurred_at,
            recorded_at: self.occurred_at,
            data,
        }
    }
}
