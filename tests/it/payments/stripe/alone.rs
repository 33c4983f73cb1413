//! The gateway without a shop around it: what a process asks that is late, or that was set up otherwise than the one before.

use command_api::gateway::{Asked, Charge, Charged, Gateway as _, GatewayError, Pages, Stripe as Gateway};
use domain::Money;
use domain::ids::PaymentId;
use uuid::Uuid;

use super::config;
use super::server::{KEY, Stripe};
use crate::harness::Database;

pub const HOME: &str = "https://shop.example";

/// One payment at Stripe.
pub struct Alone {
    pub stripe: Stripe,
    url: String,
    database: Database,
    payment_id: PaymentId,
}

impl Alone {
    pub async fn start() -> Self {
        let (stripe, url) = Stripe::start().await;
        Self { stripe, url, database: Database::new().await, payment_id: PaymentId(Uuid::now_v7()) }
    }

    /// The gateway of a shop at this address.
    pub fn gateway(&self, home: &str) -> Gateway {
        Gateway::new(&config(&self.url, KEY), home, self.database.pool.clone())
    }

    fn asked(&self, attempt: u32) -> Asked {
        let amount = Money::new(20_998, "USD".parse().unwrap());
        Asked { payment_id: self.payment_id, attempt, amount }
    }

    pub fn charge(&self, attempt: u32, token: &str) -> Charge {
        Charge { asked: self.asked(attempt), token: token.to_owned(), pages: Pages::default() }
    }

    pub async fn pay(&self, attempt: u32, token: &str) -> Result<Charged, GatewayError> {
        self.gateway(HOME).charge(&self.charge(attempt, token)).await
    }

    pub async fn give_up(&self, attempt: u32) -> Charged {
        self.gateway(HOME).give_up(&self.asked(attempt)).await.unwrap()
    }
}

pub fn declined(code: &str) -> Charged {
    Charged::Declined { code: code.to_owned() }
}
