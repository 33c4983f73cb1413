//! Sweeps rows of `personal` that no event names: of an order that was refused, or answered a second time.
//!
//! A row is written before the append that names it, together with a row of `personal_unnamed`. This follows the whole
//! log and takes those away whose id it sees, in the transaction that moves the checkpoint. Whatever in a payload or in
//! the metadata looks like an id counts, whichever event and field it stands in: so a new event needs nothing here, and a
//! mistake keeps a row too much, never one too few.
//!
//! What is left after [`AGE`] is swept, and only while the checkpoint is at the log's end. Then no event up to now names
//! the row, so an event that does would be appended more than a day after the row was written. That can't be: a request
//! ends after half a minute, a command that waits in the decider for its answer with it, and a process that stands still
//! in the middle of an append loses the session that appends within seconds.
//!
//! It sees too which orders are given up unpaid: they have no invoice, so nothing keeps their addresses from being erased.
//!
//! What grows old by the clock alone ([`super::aged`]) is swept on the way.

use std::collections::HashSet;
use std::time::Duration;

use domain::Decide;
use domain::ids::PersonalId;
use domain::order::{Order, OrderEvent};
use event_store::{Checkpoint, Log, LogWatch, Recorded};
use identity::personal;
use sqlx::Acquire as _;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::leadership::Leadership;
use super::{BATCH, ManagerError, START_AGAIN, aged};

/// Its checkpoint.
pub const NAME: &str = "personal";

/// How old a row is that is swept.
pub const AGE: Duration = Duration::from_secs(24 * 3_600);

/// Nobody waits for it: it looks at the log so often, and sweeps so often.
const LOOK: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(60);

/// The process manager. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Personal {
    /// What it follows.
    pub log: Log,
    /// When there is more to follow.
    pub watch: LogWatch,
}

impl Personal {
    /// Leads whenever no other process does, until it is stopped.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let Some(failure) = stop.run_until_cancelled(self.lead()).await else { return };
            if failure.is_final() {
                error!(error = &failure as &dyn std::error::Error, "the sweep of personal rows stands still");
                return;
            }
            warn!(error = &failure as &dyn std::error::Error, "the sweep of personal rows starts again");
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
        let checkpoint = Checkpoint::named(NAME);
        let mut leadership = Leadership::take(self.log.pool(), checkpoint.clone()).await?;
        let mut at = leadership.checkpoint().await?;
        info!(checkpoint = %at, "the sweep of personal rows leads");
        let mut sweep_at = Instant::now();
        loop {
            let batch = self.log.read_after(&at, BATCH).await?;
            if batch.head != at {
                at = batch.head;
                let ids: HashSet<Uuid> = batch.events.iter().flat_map(named).collect();
                let ids: Vec<Uuid> = ids.into_iter().collect();
                let invoices = self.invoices(&batch.events).await?;
                let mut transaction = leadership.session().begin().await?;
                personal::named(&mut *transaction, &ids).await?;
                for (addresses, needed) in invoices {
                    personal::need_for_invoice(&mut *transaction, &addresses, needed).await?;
                }
                checkpoint.store(&mut *transaction, &at).await?;
                transaction.commit().await?;
                continue;
            }
            // The log ended at the checkpoint a moment ago.
            if Instant::now() >= sweep_at {
                let swept = personal::sweep(&mut *leadership.session(), AGE).await?;
                if swept > 0 {
                    info!(swept, "rows of personal that no event names are gone");
                }
                personal::empty_erased(&mut *leadership.session()).await?;
                aged::sweep(leadership.session()).await?;
                sweep_at = Instant::now() + SWEEP;
            }
            leadership.store(at).await?;
            let look = async { tokio::join!(self.watch.beyond(at.position), sleep(LOOK)) };
            tokio::select! {
                _ = look => {}
                () = sleep(LOOK * 5) => {}
            }
        }
    }

    /// The addresses of the orders that are given up in these events, each with whether an invoice needs them.
    async fn invoices(&self, events: &[Recorded]) -> Result<Vec<(Vec<PersonalId>, bool)>, ManagerError> {
        let mut invoices = Vec::new();
        for order_id in events.iter().filter(|event| may_end_invoice(event)).map(|event| &event.aggregate_id)
        {
            let order = self.log.events_of::<Order>(order_id, None).await?;
            let (mut addresses, mut is_paid) = (Vec::new(), false);
            for (_, event) in &order {
                if let OrderEvent::OrderPlaced(placed) = event {
                    addresses.extend([placed.shipping_address, placed.billing_address].into_iter().flatten());
                }
                is_paid |= matches!(event, OrderEvent::OrderPaid(_));
            }
            invoices.push((addresses, is_paid));
        }
        Ok(invoices)
    }
}

/// An order was given up; or was paid, but not at once, and so perhaps after it was given up.
fn may_end_invoice(event: &Recorded) -> bool {
    let late = event.event_type == "OrderPaid" && event.sequence > 2;
    event.aggregate_type == <Order as Decide>::TYPE && (late || event.event_type == "OrderCancelled")
}

/// Everything in an event that looks like an id.
fn named(event: &Recorded) -> impl Iterator<Item = Uuid> {
    ids_in(&event.payload).chain(ids_in(&event.metadata))
}

/// A UUID as it is written: 36 characters, a hyphen after 8, 13, 18 and 23.
fn ids_in(text: &str) -> impl Iterator<Item = Uuid> {
    let hyphens = [8, 13, 18, 23];
    text.as_bytes().windows(36).filter_map(move |window| {
        let shaped = hyphens.iter().all(|at| window[*at] == b'-');
        if shaped { Uuid::try_parse_ascii(window).ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_wherever_it_stands() {
        let (a, b) = (Uuid::now_v7(), Uuid::now_v7());
        let payload = format!(r#"{{"notes":"{a}","lines":[{{"x":["{b}"]}}],"note":"é{a}-{b}"}}"#);
        assert_eq!(ids_in(&payload).collect::<Vec<_>>(), [a, b, a, b]);
        assert_eq!(ids_in("01900000-0000-7000-8000-00000000000").count(), 0);
        assert_eq!(ids_in("").count(), 0);
    }
}
