//! Whether a process lives, and whether it could serve.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use event_store::{Decider, Log};
use projections::registry::READ_MODELS;
use projections::status::{self, ConsumerStatus};
use serde::Serialize;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::migrate;

/// A check that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a role's readiness hangs on.
#[derive(Clone)]
pub struct Health {
    pool: PgPool,
    decider: Option<Decider>,
    reads: bool,
    /// Where this process's index is.
    search: Option<PathBuf>,
    stopping: CancellationToken,
}

/// How a process is.
#[derive(Serialize, ToSchema)]
struct HealthReport {
    status: Status,
    /// Of the program.
    version: &'static str,
    /// What the status is made of.
    checks: BTreeMap<&'static str, Check>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Alive,
    Ready,
    NotReady,
}

/// What one check has found.
#[derive(Serialize, ToSchema)]
struct Check {
    ok: bool,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<&'static str>,
}

impl From<Result<(), &'static str>> for Check {
    fn from(found: Result<(), &'static str>) -> Self {
        Self { ok: found.is_ok(), problem: found.err() }
    }
}

impl Health {
    /// Ready while the database is there, with a schema that this program knows, until it is stopped.
    pub fn new(pool: PgPool, stopping: CancellationToken) -> Self {
        Self { pool, decider: None, reads: false, search: None, stopping }
    }

    /// And while commands can be decided.
    #[must_use]
    pub fn deciding_by(self, decider: Decider) -> Self {
        Self { decider: Some(decider), ..self }
    }

    /// And while the read models follow the log.
    #[must_use]
    pub fn reading(self) -> Self {
        Self { reads: true, ..self }
    }

    /// And while this process's index of product search does, which is in this `DAYBOOK_HOME`.
    #[must_use]
    pub fn searching(self, home: &Path) -> Self {
        Self { search: Some(home.to_owned()), ..self }
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    async fn checks(&self) -> BTreeMap<&'static str, Check> {
        let (database, schema, projections) = tokio::join!(
            within("the database can't be reached", async {
                Log::new(self.pool.clone()).head().await.map(drop)
            }),
            self.schema(),
            self.projections(),
        );
        let mut checks = BTreeMap::from([("database", database.into()), ("schema", schema.into())]);
        if let Some(decider) = &self.decider {
            let decides = if decider.runs() { Ok(()) } else { Err("commands are not decided any more") };
            checks.insert("decider", decides.into());
        }
        if self.reads {
            checks.insert("projections", projections.into());
        }
        if self.stopping.is_cancelled() {
            checks.insert("process", Err("it is shutting down").into());
        }
        checks
    }

    async fn schema(&self) -> Result<(), &'static str> {
        let applied = async {
            let ours = migrate::newest();
            migrate::applied(&self.pool).await.map(|newest| newest >= Some(ours))
        };
        match within("the schema can't be read", applied).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the schema is older than this program: run daybook migrate"),
            Err(problem) => Err(problem),
        }
    }

    /// Whoever feeds them: a projector here or in another process writes down why it has failed.
    async fn projections(&self) -> Result<(), &'static str> {
        if !self.reads {
            return Ok(());
        }
        let asked = async {
            tokio::try_join!(status::status(&self.pool, None), async {
                match &self.search {
                    // How far it is doesn't matter here.
                    Some(home) => status::of_search(&self.pool, home, 0).await.map(Some),
                    None => Ok(None),
                }
            })
        };
        let (found, search) = within("the read models can't be asked", asked).await?;
        let ours = |it: &&ConsumerStatus| READ_MODELS.iter().any(|model| model.name() == it.name);
        let mut ours = found.iter().filter(ours).chain(&search);
        if ours.any(|it| it.state == status::State::Failed) {
            return Err("a read model has stopped with an error: see daybook status");
        }
        Ok(())
    }
}

async fn within<T, E: std::error::Error>(
    problem: &'static str,
    check: impl Future<Output = Result<T, E>>,
) -> Result<T, &'static str> {
    match tokio::time::timeout(PATIENCE, check).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            warn!(error = domain::with_causes(&error), "not ready: {problem}");
            Err(problem)
        }
        Err(_elapsed) => {
            warn!("not ready: {problem} within {PATIENCE:?}");
            Err(problem)
        }
    }
}

/// The routes.
pub fn routes(health: Health) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(overall))
        .with_state(health)
}

/// Whether the process answers at all. Whoever restarts what doesn't, asks this.
#[utoipa::path(
    get, path = "/health/live", operation_id = "getLiveness", tag = "operations",
    responses((status = 200, description = "It answers", body = HealthReport)),
)]
async fn live() -> Response {
    report(Status::Alive, BTreeMap::new())
}

/// Whether it could serve now. Whoever sends requests asks this.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "getReadiness", tag = "operations",
    responses(
        (status = 200, description = "It could", body = HealthReport),
        (status = 503, description = "It could not, and why", body = HealthReport),
    ),
)]
async fn ready(State(health): State<Health>) -> Response {
    let checks = health.checks().await;
    let status = if checks.values().all(|check| check.ok) { Status::Ready } else { Status::NotReady };
    report(status, checks)
}

/// The same as /health/ready.
#[utoipa::path(
    get, path = "/health", operation_id = "getHealth", tag = "operations",
    responses(
        (status = 200, description = "It could serve", body = HealthReport),
        (status = 503, description = "It could not, and why", body = HealthReport),
    ),
)]
async fn overall(health: State<Health>) -> Response {
    ready(health).await
}

fn report(status: Status, checks: BTreeMap<&'static str, Check>) -> Response {
    let code = if status == Status::NotReady { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Json(HealthReport { status, version: env!("CARGO_PKG_VERSION"), checks })).into_response()
}
