//! Gives up orders that nobody paid in time, so that their stock is for sale again.
//!
//! What is due when is kept in a table: so a start is quick, however long the orders' time is. A row is added when an
//! order is placed, and goes when it is paid or given up, in the transaction that moves the checkpoint.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::decisions::{CancelOrder, CancelOrderError, cancel_order};
use domain::ids::{OrderId, RefundId};
use domain::order::{CancelCause, Order, OrderEvent};
use event_store::decider::Failure;
use event_store::{Checkpoint, Decider, Decision, Head, Log, LogWatch, Metadata, Recorded, Submission};
use futures::{StreamExt as _, stream};
use sqlx::{Acquire as _, PgConnection};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::leadership::Leadership;
use super::{BATCH, ManagerError, START_AGAIN, TICK, failure, read};

/// Its checkpoint, and how events name it.
pub const NAME: &str = "reservations";

/// When an order's time begins, and what ends it.
const TYPES: [&str; 3] = ["OrderPlaced", "OrderConfirmed", "OrderCancelled"];

/// Nobody waits for it: it looks at the log so often, and takes what has come together.
const LOOK: Duration = Duration::from_millis(250);

/// How many orders are given up in one go, and how many at the same time.
const DUE: i64 = 500;
const AT_ONCE: usize = 32;

/// The process manager. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reservations {
    /// By which it gives orders up.
    pub decider: Decider,
    /// What it follows.
    pub log: Log,
    /// When there is more to follow.
    pub watch: LogWatch,
}

impl Reservations {
    /// Leads whenever no other process does, until it is stopped.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let Some(failure) = stop.run_until_cancelled(self.lead()).await else { return };
            failure::record(&self.log, NAME, &failure).await;
            if failure.is_final() {
                return;
            }
            if stop.run_until_cancelled(sleep(START_AGAIN)).await.is_none() {
                return;
            }
        }
    }

    async fn lead(&self) -> ManagerError {
        match self.follow().await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }

    async fn follow(&self) -> Result<std::convert::Infallible, ManagerError> {
        let mut turn = self.take().await?;
        loop {
            let next = turn.round().await?;
            let until_next =
                next.map_or(TICK, |next| (next - Utc::now()).to_std().unwrap_or_default().min(TICK));
            let look = async { tokio::join!(self.watch.beyond(turn.at.position), sleep(LOOK)) };
            tokio::select! {
                _ = look => {}
                () = sleep(until_next) => {}
            }
        }
    }

    /// Waits until nobody leads, and leads.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn take(&self) -> Result<Turn<'_>, ManagerError> {
        let mut leadership = Leadership::take(self.log.pool(), Checkpoint::named(NAME)).await?;
        let at = leadership.checkpoint().await?;
        Checkpoint::named(NAME).recovered(leadership.session()).await?;
        info!(checkpoint = %at, "reservations lead");
        Ok(Turn { manager: self, leadership, at })
    }

    /// Gives up every order whose time is over. Answers when the next one's is.
    async fn give_up_due(&self, session: &mut PgConnection) -> Result<Option<DateTime<Utc>>, ManagerError> {
        loop {
            let now = Utc::now();
            let due = sqlx::query_scalar!(
                "SELECT order_id FROM order_expiries WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
                now,
                DUE
            )
            .fetch_all(&mut *session)
            .await?;
            if due.is_empty() {
                break;
            }
            let count = due.len();
            let given_up: Vec<Uuid> = stream::iter(due)
                .map(|order_id| async move { self.give_up(OrderId(order_id), now).await.then_some(order_id) })
                .buffer_unordered(AT_ONCE)
                .filter_map(std::future::ready)
                .collect()
                .await;
            sqlx::query!("DELETE FROM order_expiries WHERE order_id = ANY($1)", &given_up)
                .execute(&mut *session)
                .await?;
            if given_up.len() < count {
                // The log took some of them not: they are tried again in a moment.
                return Ok(Some(now + TICK));
            }
        }
        let next =
            sqlx::query_scalar!("SELECT min(expires_at) FROM order_expiries").fetch_one(session).await?;
        Ok(next)
    }

    /// Whether the order needs no more attention: it was given up, now or before, or is paid.
    async fn give_up(&self, order_id: OrderId, at: DateTime<Utc>) -> bool {
        let metadata = Metadata::default()
            .with(Metadata::ACTOR, NAME)
            .with(Metadata::CAUSATION_ID, format!("expiry:{order_id}"));
        let submission = Submission { metadata, occurred_at: Some(at), bytes: 512, ..Submission::default() };
        let cause = CancelCause::Expired;
        let cancel = CancelOrder { order_id, cause, reason: None, at, refund_id: RefundId(Uuid::now_v7()) };
        let decision = move |streams: &mut Decision<'_>| cancel_order(streams, &cancel).map(|_| ());
        match self.decider.submit(submission, decision).await {
            Ok(_) => true,
            Err(Failure::Refused(CancelOrderError::Order(refusal))) => {
                debug!(%order_id, %refusal, "an order is not given up");
                true
            }
            Err(Failure::Refused(refusal)) => {
                error!(%order_id, error = &refusal as &dyn std::error::Error, "an expired order can't be given up");
                true
            }
            Err(failure) => {
                warn!(%order_id, failure = %failure_text(&failure), "an expired order is not given up yet");
                false
            }
        }
    }
}

/// The leadership, and how far the log was followed.
#[derive(Debug)]
pub struct Turn<'a> {
    manager: &'a Reservations,
    leadership: Leadership,
    at: Head,
}

impl Turn<'_> {
    /// Notes what is new in the log, and gives up what is due by now: in the same round, for under load the log always
    /// has something new. Answers when the next order is due.
    ///
    /// # Errors
    /// When Postgres fails, or an event can't be read.
    pub async fn round(&mut self) -> Result<Option<DateTime<Utc>>, ManagerError> {
        let batch = self.manager.log.read_after_of(&TYPES, &self.at, BATCH).await?;
        if batch.head != self.at {
            self.at = batch.head;
            note(self.leadership.session(), &batch.events, &self.at).await?;
        }
        let next = self.manager.give_up_due(self.leadership.session()).await?;
        self.leadership.store(self.at).await?;
        Ok(next)
    }
}

fn failure_text(failure: &Failure<CancelOrderError>) -> String {
    failure.to_string()
}

/// Notes whose time has begun or ended, and moves the checkpoint, in one transaction.
async fn note(session: &mut PgConnection, events: &[Recorded], at: &Head) -> Result<(), ManagerError> {
    let mut begun: Vec<(Uuid, DateTime<Utc>)> = Vec::new();
    let mut ended: Vec<Uuid> = Vec::new();
    for event in events {
        let Ok(order_id) = event.aggregate_id.parse::<Uuid>() else { continue };
        match read::<Order>(event)? {
            OrderEvent::OrderPlaced(placed) => begun.extend(placed.expires_at.map(|at| (order_id, at))),
            OrderEvent::OrderConfirmed {} | OrderEvent::OrderCancelled { .. } => {
                let known = begun.len();
                begun.retain(|(begun, _)| *begun != order_id);
                if begun.len() == known {
                    ended.push(order_id);
                }
            }
            OrderEvent::OrderPaid(_)
            | OrderEvent::OrderProcessing { .. }
            | OrderEvent::OrderShipped(_)
            | OrderEvent::OrderDelivered { .. }
            | OrderEvent::ItemsReturned { .. }
            | OrderEvent::OrderRefunded(_)
            | OrderEvent::OrderRefundReversed(_) => {}
        }
    }
    if begun.is_empty() && ended.is_empty() {
        return Ok(());
    }
    let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) = begun.into_iter().unzip();
    let mut transaction = session.begin().await?;
    sqlx::query!(
        "INSERT INTO order_expiries (order_id, expires_at) SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
         ON CONFLICT DO NOTHING",
        &ids,
        &times
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("DELETE FROM order_expiries WHERE order_id = ANY($1)", &ended)
        .execute(&mut *transaction)
        .await?;
    Checkpoint::named(NAME).store(&mut *transaction, at).await?;
    transaction.commit().await?;
    Ok(())
}
