//! The tests' own aggregates: a stock, which is received and reserved, and a coupon, which can be withdrawn.

use cqrs_es::DomainEvent;
use domain::{Decide, cqrs_aggregate};
use serde::{Deserialize, Serialize};

/// What is on hand of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    pub on_hand: i64,
    pub closed: bool,
}

#[derive(Clone, Debug)]
pub enum StockCommand {
    Receive(i64),
    /// As so many events of one.
    ReceiveEach(i64),
    /// With an event type of the test's choice, which Postgres may refuse.
    ReceiveAs(i64, String),
    /// With a text.
    Note(String),
    Reserve(i64),
    Close,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StockEvent {
    Received {
        quantity: i64,
    },
    ReceivedAs {
        quantity: i64,
        #[serde(skip)]
        event_type: String,
    },
    Noted {
        text: String,
    },
    Reserved {
        quantity: i64,
    },
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StockError {
    #[error("there are only {0}")]
    Short(i64),
    #[error("closed")]
    Closed,
    #[error("no such coupon, or withdrawn")]
    NoCoupon,
}

impl DomainEvent for StockEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Received { .. } => "Received".to_owned(),
            Self::ReceivedAs { event_type, .. } => event_type.clone(),
            Self::Noted { .. } => "Noted".to_owned(),
            Self::Reserved { .. } => "Reserved".to_owned(),
            Self::Closed => "Closed".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Decide for Stock {
    const TYPE: &'static str = "stock";
    type Command = StockCommand;
    type Event = StockEvent;
    type Error = StockError;

    fn decide(&self, command: StockCommand) -> Result<Vec<StockEvent>, StockError> {
        if self.closed {
            return Err(StockError::Closed);
        }
        Ok(match command {
            StockCommand::Receive(quantity) => vec![StockEvent::Received { quantity }],
            StockCommand::ReceiveEach(quantity) => {
                (0..quantity).map(|_| StockEvent::Received { quantity: 1 }).collect()
            }
            StockCommand::ReceiveAs(quantity, event_type) => {
                vec![StockEvent::ReceivedAs { quantity, event_type }]
            }
            StockCommand::Note(text) => vec![StockEvent::Noted { text }],
            StockCommand::Reserve(quantity) if quantity > self.on_hand => {
                return Err(StockError::Short(self.on_hand));
            }
            StockCommand::Reserve(quantity) => vec![StockEvent::Reserved { quantity }],
            StockCommand::Close => vec![StockEvent::Closed],
        })
    }

    fn evolve(&mut self, event: &StockEvent) {
        match event {
            StockEvent::Received { quantity } | StockEvent::ReceivedAs { quantity, .. } => {
                self.on_hand += quantity;
            }
            StockEvent::Noted { .. } => {}
            StockEvent::Reserved { quantity } => self.on_hand -= quantity,
            StockEvent::Closed => self.closed = true,
        }
    }
}

cqrs_aggregate!(Stock);

/// A coupon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    pub valid: bool,
}

#[derive(Clone, Debug)]
pub enum CouponCommand {
    Issue,
    Withdraw,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CouponEvent {
    Issued,
    Withdrawn,
}

impl DomainEvent for CouponEvent {
    fn event_type(&self) -> String {
        format!("{self:?}")
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Decide for Coupon {
    const TYPE: &'static str = "coupon";
    type Command = CouponCommand;
    type Event = CouponEvent;
    type Error = StockError;

    fn decide(&self, command: CouponCommand) -> Result<Vec<CouponEvent>, StockError> {
        Ok(match command {
            CouponCommand::Issue => vec![CouponEvent::Issued],
            CouponCommand::Withdraw => vec![CouponEvent::Withdrawn],
        })
    }

    fn evolve(&mut self, event: &CouponEvent) {
        self.valid = *event == CouponEvent::Issued;
    }
}

cqrs_aggregate!(Coupon);
