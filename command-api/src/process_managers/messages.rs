//! Sends what is in the outbox, one process at a time.
//!
//! A message is taken with a lease, sent, and then noted as sent. A crash between the last two sends it again when the
//! lease is over: with the same `Message-ID`, or the same idempotency key, by which whoever is sent it can tell.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use event_store::{Checkpoint, Head};
use futures::{StreamExt as _, stream};
use identity::messages::{self, Channel, Message, NewMessage};
use identity::{password_resets, users};
use serde_json::json;
use sqlx::postgres::PgListener;
use sqlx::{Acquire as _, PgConnection, PgPool};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::leadership::Leadership;
use super::{ManagerError, START_AGAIN, TICK};
use crate::messages::{SendError, Senders, templates};

/// Its name.
pub const NAME: &str = "messages";

/// How many messages are taken in one go, and how many are sent at the same time.
const BATCH: i64 = 32;
const AT_ONCE: usize = 8;

/// How long one that was taken is nobody else's. Longer than all time-outs of sending it.
const LEASE: Duration = Duration::from_secs(120);

/// The first and the longest wait before a message is tried again, and how often that is done: for about a day.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 3_600);
const RETRIES: usize = 14;

/// The process manager. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Messages {
    /// Where the outbox is.
    pub pool: PgPool,
    /// How messages go out.
    pub senders: Senders,
}

impl Messages {
    /// Leads whenever no other process does, until it is stopped. What is being sent then is sent to its end.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let failure = match self.lead(&stop).await {
                Ok(()) => return,
                Err(failure) => failure,
            };
            if failure.is_final() {
                error!(error = &failure as &dyn std::error::Error, "messages stand still");
                return;
            }
            warn!(error = &failure as &dyn std::error::Error, "messages start again");
            if stop.run_until_cancelled(sleep(START_AGAIN)).await.is_none() {
                return;
            }
        }
    }

    async fn lead(&self, stop: &CancellationToken) -> Result<(), ManagerError> {
        let take = Leadership::take(&self.pool, Checkpoint::named(NAME));
        let Some(leadership) = stop.run_until_cancelled(take).await else { return Ok(()) };
        let mut leadership = leadership?;
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(messages::NOTIFIES).await?;
        info!("messages lead");
        let channels = self.senders.channels();
        while !stop.is_cancelled() {
            let session = leadership.session();
            answer_requests(session).await?;
            messages::expire(&mut *session).await?;
            let due = messages::take_due(&mut *session, &channels, BATCH, LEASE).await?;
            if !due.is_empty() {
                self.send_all(session, due).await?;
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                // A connection that is lost is made again by the next call; meanwhile the tick looks.
                _ = listener.recv() => {}
                () = sleep(TICK) => {}
            }
            // Nothing is followed, so the checkpoint never moves: this sees to it that the session lives.
            leadership.store(Head::EMPTY).await?;
        }
        leadership.give_back().await;
        Ok(())
    }

    /// Sends messages and notes what became of each. The session is used meanwhile, so that it isn't ended as idle.
    async fn send_all(&self, session: &mut PgConnection, due: Vec<Message>) -> Result<(), ManagerError> {
        let send = |message: Message| async move { (self.senders.send(&message).await, message) };
        let mut sending = stream::iter(due).map(send).buffer_unordered(AT_ONCE);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                outcome = sending.next() => match outcome {
                    Some((outcome, message)) => note(session, &message, outcome).await?,
                    None => return Ok(()),
                },
                _ = tick.tick() => sqlx::Connection::ping(&mut *session).await?,
            }
        }
    }
}

async fn note(
    session: &mut PgConnection,
    message: &Message,
    outcome: Result<(), SendError>,
) -> Result<(), ManagerError> {
    let id = message.id;
    let Err(failure) = outcome else {
        messages::sent(session, id).await?;
        return Ok(());
    };
    let tried = usize::try_from(message.attempts).unwrap_or(usize::MAX);
    let again_after = if failure.is_final() { None } else { wait_after(tried) };
    // What a mail server says may name the person: it stays in the table.
    let reason = domain::with_causes(&failure);
    warn!(message = %id, template = message.template, tried, gives_up = again_after.is_none(), "{failure}");
    messages::not_sent(session, id, &reason, again_after).await?;
    Ok(())
}

/// How long a message waits that was tried so often; nothing when that was often enough.
fn wait_after(tried: usize) -> Option<Duration> {
    let waits = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_delay(LONGEST_WAIT);
    waits.with_max_times(RETRIES).build().nth(tried.saturating_sub(1))
}

/// Makes messages for those who asked for a new password; whoever has no account is sent nothing.
async fn answer_requests(session: &mut PgConnection) -> Result<(), ManagerError> {
    for request in password_resets::requests(&mut *session, i64::from(u8::MAX)).await? {
        let mut transaction = session.begin().await?;
        let account = users::find(&mut *transaction, &request.email).await?;
        if let Some(account) = account.filter(|account| account.locked_at.is_none()) {
            let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
            if password_resets::issue(&mut *transaction, account.id, &token).await? {
                let message = NewMessage {
                    user: account.id,
                    channel: Channel::Email,
                    template: templates::RESET_PASSWORD,
                    recipient: &account.email,
                    body: json!({ "name": account.first_name, "token": token }),
                    life: Some(password_resets::LIFE),
                };
                messages::queue(&mut transaction, message).await?;
            }
        }
        password_resets::settle(&mut *transaction, request.id).await?;
        transaction.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_at_growing_distances_and_not_for_ever() {
        let waits: Vec<_> = (1..).map_while(wait_after).collect();
        assert_eq!(waits.len(), RETRIES);
        assert_eq!(waits[0], FIRST_WAIT);
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits[RETRIES - 1] <= LONGEST_WAIT);
    }
}
