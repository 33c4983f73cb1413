//! `/metrics`, for Prometheus. Libraries count by the `metrics` crate; what is asked when it is wanted is asked here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::Utc;
use command_api::gateway;
use domain::Currency;
use event_store::{Decider, Log};
use identity::left_at_gateways::{self, Leftover};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use projections::order_history::{Orders, Owed};
use projections::registry::READ_MODELS;
use projections::status::{self, ConsumerStatus};
use projections::{Positions, product_search};
use sqlx::PgPool;
use tracing::warn;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// In seconds: from a decision's microseconds to the longest request.
const SECONDS: [f64; 17] = [
    0.000_01, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 5.0, 30.0,
];
/// Of things in a group.
const COUNTS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0];
/// How often what was recorded is summed up, so that it takes no room where nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);
/// A database that doesn't answer by then is down.
const PATIENCE: Duration = Duration::from_secs(2);

/// What this process has counted. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    decider: Option<Decider>,
    search: Option<(Positions, PathBuf)>,
}

impl Metrics {
    /// Begins to count. Before anything else starts: what is counted earlier is lost.
    pub fn install() -> Result<Self, BuildError> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Prefix("daybook_group_".to_owned()), &COUNTS)?
            .install_recorder()?;
        describe();
        // Its first increase is to be seen too, which is one only where there was a 0 before.
        counter!("daybook_refunds_failed_total").absolute(0);
        let upkeep = handle.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                upkeep.run_upkeep();
            }
        });
        Ok(Self { handle, decider: None, search: None })
    }

    /// With the decider's queue.
    #[must_use]
    pub fn of_decider(self, decider: Decider) -> Self {
        Self { decider: Some(decider), ..self }
    }

    /// With this process's index of product search, whose position is among these, in this `DAYBOOK_HOME`.
    #[must_use]
    pub fn of_search(self, positions: Positions, home: &Path) -> Self {
        Self { search: Some((positions, home.to_owned())), ..self }
    }
}

fn describe() {
    describe_counter!("daybook_http_requests_total", "Requests that were answered");
    describe_histogram!("daybook_http_request_duration_seconds", "From a request's head to its answer's");
    describe_gauge!("daybook_http_requests_in_flight", "Requests that are being answered");
    describe_histogram!("daybook_body_seconds", "A body's way from text to a command");
    describe_histogram!("daybook_command_seconds", "A command's way from the handler into the log and back");
    describe_histogram!("daybook_answer_seconds", "An answer's way into text");
    describe_histogram!("daybook_decision_seconds", "One run of a command's decision");
    describe_histogram!("daybook_append_seconds", "A group's way into the log, from take-off to landing");
    describe_histogram!("daybook_group_commands", "Commands that one append carried");
    describe_histogram!("daybook_group_events", "Events that one append wrote");
    describe_counter!(
        "daybook_appends_moved_total",
        "Groups decided again: another process had appended first"
    );
    describe_counter!(
        "daybook_refunds_failed_total",
        "Refunds that a gateway refused, or that came back after they had gone: somebody has to see to them"
    );
    describe_gauge!("daybook_left_at_gateways", "What gateways still have and are to forget");
    describe_gauge!(
        "daybook_left_at_gateways_seconds",
        "For how long the oldest of what gateways still have is to be forgotten"
    );
    describe_gauge!("daybook_refunds_owed", "Cancelled orders of which money is still to go back");
    describe_gauge!("daybook_refunds_owed_seconds", "For how long money of the first of them is to go back");
    describe_gauge!(
        "daybook_refunds_owed_minor_units",
        "How much of cancelled orders is still to go back, by currency and in its minor units"
    );
    describe_gauge!("daybook_decider_queue", "Commands that were accepted and not answered");
    describe_histogram!("daybook_projection_batch_seconds", "A batch's way into a read model");
    describe_histogram!(
        "daybook_projection_visible_seconds",
        "From when the log took a batch's oldest event to when it can be read"
    );
    describe_gauge!("daybook_log_position", "The position of the log's last event");
    describe_gauge!("daybook_consumer_lag_events", "Events that a consumer of the log has yet to see");
    describe_gauge!("daybook_consumer_lag_seconds", "Age of the oldest event that a consumer has yet to see");
    describe_gauge!("daybook_consumer_failed", "1 while a consumer stands still because of an error");
    describe_gauge!("daybook_consumer_unfed", "1 while no process feeds a read model");
    describe_gauge!("daybook_projection_parked", "Aggregates that a read model couldn't take and skips");
    describe_gauge!("daybook_relay_active", "1 where the relay of this process is the one that works");
    describe_gauge!("daybook_relay_broker_reachable", "Whether a broker answered the relay lately");
    describe_gauge!("daybook_database_up", "Whether the database answered when this was asked");
    describe_gauge!("daybook_pool_connections", "Connections of this process's pool, by state");
    describe_gauge!("daybook_pool_max_connections", "How many there may be");
    describe_gauge!("daybook_password_queue", "Passwords that are being hashed or wait for it");
    describe_gauge!("daybook_build_info", "1, with the version as a label");
}

#[derive(Clone)]
struct Asked {
    metrics: Metrics,
    pool: PgPool,
    orders: Arc<Orders>,
    /// In which money was owed since the process started: that nothing is any more has to be shown, too.
    owed_in: Arc<Mutex<BTreeSet<Currency>>>,
    /// Which consumers there were since then. One that is gone, as a rebuild is after its swap, lags no more.
    consumers: Arc<Mutex<BTreeSet<String>>>,
}

/// The route.
pub fn routes(metrics: Metrics, pool: PgPool) -> OpenApiRouter {
    let orders = Arc::new(Orders::new(pool.clone()));
    let asked = Asked { metrics, pool, orders, owed_in: Arc::default(), consumers: Arc::default() };
    OpenApiRouter::new().routes(routes!(scrape)).with_state(asked)
}

/// What the process has counted, in Prometheus' text form.
///
/// Wants no token: a gateway keeps it inside.
#[utoipa::path(
    get, path = "/metrics", operation_id = "getMetrics", tag = "operations",
    responses((status = 200, description = "Prometheus' text form", body = String, content_type = "text/plain")),
)]
async fn scrape(State(asked): State<Asked>) -> impl IntoResponse {
    let metrics = &asked.metrics;
    gauge!("daybook_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    if let Some(decider) = &metrics.decider {
        gauge!("daybook_decider_queue").set(number(decider.waiting()));
    }
    ask_pool(&asked.pool);
    let owed = ask_owed(&asked);
    let (answers, owed) = tokio::join!(ask_database(&asked), owed);
    gauge!("daybook_database_up").set(u32::from(answers && owed));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.handle.render())
}

fn ask_pool(pool: &PgPool) {
    let (open, idle) = (pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
    gauge!("daybook_pool_connections", "state" => "idle").set(idle);
    gauge!("daybook_pool_connections", "state" => "used").set(open.saturating_sub(idle));
    gauge!("daybook_pool_max_connections").set(pool.options().get_max_connections());
}

/// Whether it answered.
async fn ask_database(Asked { metrics, pool, consumers: known, .. }: &Asked) -> bool {
    let log = Log::new(pool.clone());
    let search = async {
        match &metrics.search {
            Some((positions, home)) => {
                status::of_search(pool, home, positions.known(product_search::NAME)).await.map(Some)
            }
            None => Ok(None),
        }
    };
    let left = left_at_gateways::leftovers(pool);
    let asked = async { tokio::join!(log.head(), status::status(pool, None), search, left) };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok((Ok(head), Ok(consumers), Ok(search), Ok(left))) => {
            gauge!("daybook_log_position").set(count(head.position));
            show_consumers(consumers.into_iter().chain(search).collect(), known);
            show_left(&left);
            true
        }
        Ok((head, consumers, search, left)) => {
            let errors = [
                head.err().map(|it| it.to_string()),
                consumers.err().map(|it| it.to_string()),
                search.err().map(|it| it.to_string()),
                left.err().map(|it| it.to_string()),
            ];
            for error in errors.into_iter().flatten() {
                warn!(error, "the database could not be asked for metrics");
            }
            false
        }
        Err(_elapsed) => false,
    }
}

/// Whether the database answered.
async fn ask_owed(Asked { orders, owed_in, .. }: &Asked) -> bool {
    match tokio::time::timeout(PATIENCE, orders.owed()).await {
        Ok(Ok(owed)) => {
            if let Some(owed) = owed {
                show_owed(&owed, owed_in);
            }
            true
        }
        Ok(Err(error)) => {
            warn!(error = &error as &dyn std::error::Error, "what is owed could not be asked for metrics");
            false
        }
        Err(_elapsed) => false,
    }
}

/// Also those that are there no more, which no row says. What a killed replay has left is none: nobody will ever feed it.
fn show_consumers(mut consumers: Vec<ConsumerStatus>, known: &Mutex<BTreeSet<String>>) {
    consumers.retain(|it| it.state != status::State::Abandoned);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    for gone in known.iter().filter(|known| consumers.iter().all(|it| it.name != **known)) {
        show(gone.clone(), 0, 0, status::State::Following);
    }
    for it in consumers {
        // What an index of product search has parked is counted by whoever feeds it.
        if READ_MODELS.iter().any(|model| model.name() == it.name) {
            gauge!("daybook_projection_parked", "model" => it.name.clone()).set(count(it.parked));
        }
        known.insert(it.name.clone());
        show(it.name, it.lag_events, it.lag_ms, it.state);
    }
}

fn show(consumer: String, lag_events: i64, lag_ms: i64, state: status::State) {
    let consumer = [("consumer", consumer)];
    gauge!("daybook_consumer_lag_events", &consumer).set(count(lag_events));
    gauge!("daybook_consumer_lag_seconds", &consumer).set(count(lag_ms) / 1_000.0);
    gauge!("daybook_consumer_failed", &consumer)
        .set(u32::from(matches!(state, status::State::Failed | status::State::Waiting)));
    gauge!("daybook_consumer_unfed", &consumer).set(u32::from(state == status::State::Unfed));
}

/// Also that nothing is left, which no row says.
fn show_left(left: &[Leftover]) {
    for gateway in gateway::KNOWN {
        let of_gateway = left.iter().find(|it| it.gateway == gateway);
        let age = of_gateway.map_or(0, |it| (Utc::now() - it.since).num_seconds());
        gauge!("daybook_left_at_gateways", "gateway" => gateway)
            .set(count(of_gateway.map_or(0, |it| it.count)));
        gauge!("daybook_left_at_gateways_seconds", "gateway" => gateway).set(count(age));
    }
}

/// Also that nothing is owed, which no row says.
fn show_owed(owed: &[Owed], owed_in: &Mutex<BTreeSet<Currency>>) {
    let since = owed.iter().map(|it| it.since).min();
    let age = since.map_or(0, |since| (Utc::now() - since).num_seconds());
    gauge!("daybook_refunds_owed").set(count(owed.iter().map(|it| it.orders).sum()));
    gauge!("daybook_refunds_owed_seconds").set(count(age));
    let mut owed_in = owed_in.lock().unwrap_or_else(PoisonError::into_inner);
    owed_in.extend(owed.iter().map(|it| it.currency));
    for currency in owed_in.iter() {
        let in_currency = owed.iter().find(|it| it.currency == *currency);
        let amount = in_currency.map_or(0, |it| it.amount);
        gauge!("daybook_refunds_owed_minor_units", "currency" => currency.to_string()).set(count(amount));
    }
}

/// A gauge is a float; positions are exact up to 2⁵³.
#[allow(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn count(of: i64) -> f64 {
    of as f64
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn number(of: usize) -> f64 {
    of as f64
}
