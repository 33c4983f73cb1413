//! Gateways forget what was removed here: with each tick of the process manager of payments they are asked for what is due.
//!
//! A row goes after its gateway has answered. Who dies between the two asks again: what a gateway doesn't have any more it
//! has forgotten.

use identity::left_at_gateways::{self, LeftAtGateway};
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;
use tracing::{error, warn};

use crate::gateway::{GatewayError, Gateways};

/// How many things are asked for at the same time. Nobody waits for them, and they take no room from what somebody waits for.
const AT_ONCE: usize = 8;

/// What is being asked for; it ends with this.
#[derive(Debug)]
pub(super) struct Forgetting {
    pool: PgPool,
    gateways: Gateways,
    asked: JoinSet<()>,
}

/// Why something is not forgotten yet.
#[derive(Debug, thiserror::Error)]
enum Unforgotten {
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error("it is not configured")]
    NoGateway,
    #[error("Postgres failed")]
    Postgres(#[from] sqlx::Error),
}

impl Forgetting {
    /// Nothing is asked for yet.
    pub(super) fn new(pool: PgPool, gateways: Gateways) -> Self {
        Self { pool, gateways, asked: JoinSet::new() }
    }

    /// Begins to ask for what is due, as far as there is room. What fails is due again later.
    pub(super) async fn go_on(&mut self, session: &mut PgConnection) -> Result<(), sqlx::Error> {
        while let Some(ended) = self.asked.try_join_next() {
            if let Err(failed) = ended {
                error!(error = &failed as &dyn std::error::Error, "asking a gateway to forget failed");
            }
        }
        let room = AT_ONCE.saturating_sub(self.asked.len());
        if room == 0 {
            return Ok(());
        }
        for left in left_at_gateways::take_due(session, room).await? {
            let (pool, gateways) = (self.pool.clone(), self.gateways.clone());
            self.asked.spawn(async move {
                if let Err(unforgotten) = forget(&pool, &gateways, &left).await {
                    let error = &unforgotten as &dyn std::error::Error;
                    // Without its name there: that names a person.
                    warn!(gateway = left.gateway, error, "a gateway still has what was removed");
                }
            });
        }
        Ok(())
    }
}

async fn forget(pool: &PgPool, gateways: &Gateways, left: &LeftAtGateway) -> Result<(), Unforgotten> {
    let LeftAtGateway { gateway, reference } = left;
    let at_gateway = gateways.get(gateway).ok_or(Unforgotten::NoGateway)?;
    // At the last moment: it was due a while ago, and may be stored again.
    if !left_at_gateways::is_left(pool, gateway, reference).await? {
        return Ok(());
    }
    at_gateway.forget(reference).await?;
    Ok(left_at_gateways::remove(pool, gateway, reference).await?)
}
