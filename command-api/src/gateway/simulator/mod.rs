//! A gateway in the box, for development and tests. It plays a company elsewhere: its charges are in tables of its
//! own that nothing else reads, it is asked by the tokens that Stripe has for tests
//! (<https://docs.stripe.com/testing>), it has pages for people, and it tells by signed webhooks over HTTP what
//! happened without being asked.

mod cards;
mod charges;
mod deliveries;
mod pages;
mod refunds;

use std::collections::BTreeMap;
use std::error::Error;

use async_trait::async_trait;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::ids::{PaymentId, RefundId};
use event_store::Together;
use event_store::connect::lazy_pool_with;
use rand::RngCore as _;
use sqlx::PgPool;
use uuid::Uuid;

pub use pages::pages;

use self::charges::NewCharge;

use super::{
    Asked, BadNotice, Charge, Charged, Gateway, GatewayError, GiveBack, GivenBack, Keep, Kept, Notice,
    is_token,
};

/// Its name.
pub const NAME: &str = "simulator";

/// The header with the signature of its webhooks, in Stripe's form.
pub const SIGNATURE: &str = "simulator-signature";

/// Of its own, to its tables.
const CONNECTIONS: u32 = 8;

/// The simulated gateway. Cheap to clone.
#[derive(Clone)]
pub struct Simulator {
    pool: PgPool,
    /// Charges of many payments at the same time.
    charges: Together<NewCharge>,
    /// Where its pages and the shop's webhooks are.
    base_url: String,
    /// By what its webhooks are signed.
    secret: String,
    http: reqwest::Client,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Simulator {
    /// The simulator whose tables `pool` leads to, and whose shop is at `base_url`.
    pub async fn start(pool: PgPool, base_url: &str) -> Result<Self, sqlx::Error> {
        let mut fresh = [0; 32];
        rand::rng().fill_bytes(&mut fresh);
        let fresh = format!("whsec_{}", URL_SAFE_NO_PAD.encode(fresh));
        sqlx::query!("INSERT INTO simulator_secret (secret) VALUES ($1) ON CONFLICT DO NOTHING", fresh)
            .execute(&pool)
            .await?;
        let secret = sqlx::query_scalar!("SELECT secret FROM simulator_secret").fetch_one(&pool).await?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        let pool = unhurried(&pool);
        let charges = Together::start(pool.clone());
        Ok(Self { pool, charges, base_url, secret, http: reqwest::Client::new() })
    }
}

/// Connections on which nobody waits for the disk: what the log is told of a charge commits later in the same write-ahead
/// log, so it takes the charge along. A charge that a crash takes away is one that was never asked for.
fn unhurried(pool: &PgPool) -> PgPool {
    let options = pool.connect_options().as_ref().clone().options([("synchronous_commit", "off")]);
    lazy_pool_with(options, CONNECTIONS)
}

#[async_trait]
impl Gateway for Simulator {
    fn accepts(&self, token: &str) -> bool {
        is_token(token, &["tok_"])
    }

    fn page(&self, payment_id: PaymentId) -> Option<String> {
        Some(format!("{}/simulator/pay/{payment_id}", self.base_url))
    }

    async fn charge(&self, charge: &Charge) -> Result<Charged, GatewayError> {
        self.make(charge).await
    }

    async fn look_up(&self, asked: &Asked) -> Result<Option<Charged>, GatewayError> {
        self.find(&asked.key()).await.map_err(no_answer)
    }

    async fn give_up(&self, asked: &Asked) -> Result<Charged, GatewayError> {
        self.withdraw(&asked.key()).await.map_err(no_answer)
    }

    async fn refund(&self, refund: &GiveBack) -> Result<GivenBack, GatewayError> {
        self.give_back(refund).await.map_err(no_answer)
    }

    async fn refunds(&self, charge: &str) -> Result<BTreeMap<RefundId, GivenBack>, GatewayError> {
        self.standing_refunds(charge).await.map_err(no_answer)
    }

    async fn keep(&self, keep: &Keep<'_>) -> Result<Kept, GatewayError> {
        Ok(match cards::card(keep.token).face() {
            Some(card) => Kept::Card { reference: keep.token.to_owned(), card },
            None => Kept::Refused { code: "invalid_token".to_owned() },
        })
    }

    async fn forget(&self, _: &str) -> Result<(), GatewayError> {
        Ok(())
    }

    fn hear(&self, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<Notice, BadNotice> {
        Notice::signed(headers, SIGNATURE, body, &self.secret, now)
    }
}

/// An id of the simulator's own.
fn id(kind: &str) -> String {
    format!("sim_{kind}_{}", Uuid::now_v7().simple())
}

fn no_answer(error: impl Error + Send + Sync + 'static) -> GatewayError {
    GatewayError(Box::new(error))
}
