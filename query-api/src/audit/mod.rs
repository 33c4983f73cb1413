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

use api_contract::{ApiError, PathText, Principal, Query, Role};
use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::routing::get;
use event_store::Log;
use sqlx::PgPool;

use find::Finder;
use subject::Subject;

#[derive(Clone)]
struct Audit {
    log: Log,
    finder: Arc<Finder>,
}

/// The routes.
pub fn router(log: Log, pool: PgPool) -> Router {
    let mut router =
        Router::new().route("/audit/head", get(head::head)).route("/audit/ledger", get(ledger::ledger));
    for subject in Subject::ALL {
        let path = format!("/audit/{}/{{id}}", subject.aggregate_type());
        let state = move |audit: State<Audit>, who: Auditor, id: PathText, query: Query| {
            state::state(subject, audit, who, id, query)
        };
        let events = move |audit: State<Audit>, who: Auditor, id: PathText, query: Query| {
            events::events(subject, audit, who, id, query)
        };
        router = router.route(&format!("{path}/events"), get(events)).route(&path, get(state));
    }
    router.with_state(Audit { log, finder: Arc::new(Finder::new(pool)) })
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
