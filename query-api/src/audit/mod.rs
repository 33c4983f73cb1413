//! What an auditor asks: the log itself, folded and added up on the spot, so that no read model has to be trusted.
//!
//! The files named after routes answer them. Beside them stand the pieces that `daybook audit` works with as well:
//! [`find`] turns a number into an id, [`history`] folds a stream, [`daily`] adds up what moved.

pub mod as_of;
pub mod changes;
pub mod daily;
mod events;
pub mod find;
mod head;
pub mod history;
mod ledger;
mod state;
pub mod subject;

use std::sync::Arc;

use api_contract::{ApiError, Principal, Role};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use event_store::Log;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use find::Finder;

#[derive(Clone)]
struct Audit {
    log: Log,
    finder: Arc<Finder>,
}

/// The routes.
pub fn router(log: Log, pool: PgPool) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(head::head))
        .routes(routes!(ledger::ledger))
        .routes(routes!(state::state))
        .routes(routes!(events::events))
        .with_state(Audit { log, finder: Arc::new(Finder::new(pool)) })
}

/// Somebody who may read the log. Admins may not: who runs the place is not who checks it.
struct Auditor;

impl<S: Sync> FromRequestParts<S> for Auditor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let principal = Principal::from_request_parts(parts, state).await?;
        principal.require(&[Role::Auditor]).map(|()| Self)
    }
}
