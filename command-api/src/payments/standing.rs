//! How a payment stands, for whoever waits for what comes of it.

use api_contract::ApiError;
use api_contract::views::{PaymentRecord, PersonalBodies};
use domain::ids::PaymentId;
use tokio::time::{Instant, timeout_at};

use crate::history::{Told, told};
use crate::process_managers::outcomes::Outcome;
use crate::shop::Shop;

/// A payment, and what it is shown with.
pub(super) struct Standing {
    /// With the position of what was recorded last because of it: of its own last event, or of what that led to.
    pub payment: Told<PaymentRecord>,
    /// All that is kept in `personal` for it, where that is known.
    pub bodies: Option<PersonalBodies>,
}

impl Standing {
    /// As its stream tells. What its last event led to is in another stream, a capture's order for example, but in the same
    /// group: a reader who asks for the position of its end sees that too.
    pub(super) async fn read(shop: &Shop, payment_id: PaymentId) -> Result<Self, ApiError> {
        let mut payment = told::<PaymentRecord>(&shop.log, payment_id, None).await?;
        if let Some(group) = shop.log.group_of(payment.position).await.map_err(identity::failed)? {
            payment.position = group.position;
        }
        Ok(Self { payment, bodies: None })
    }

    /// As its outcome left it; read from the stream where that isn't known.
    async fn after(shop: &Shop, payment_id: PaymentId, outcome: Option<Outcome>) -> Result<Self, ApiError> {
        let Some(Outcome { position, left: Some(left) }) = outcome else {
            return Self::read(shop, payment_id).await;
        };
        let payment = Told { record: left.record.clone(), position };
        Ok(Self { payment, bodies: Some(left.bodies.clone()) })
    }
}

/// The payment once it is settled, or as it is when the time is over. `position` is that of the event that asked a
/// gateway.
pub(super) async fn settled(
    shop: &Shop,
    payment_id: PaymentId,
    position: i64,
    is_settled: impl Fn(&PaymentRecord) -> bool,
) -> Result<Standing, ApiError> {
    let deadline = Instant::now() + shop.payments.answer_within;
    let mut after = position;
    loop {
        // The outcome is waited for first: a look before it would nearly always come too early.
        let outcome = timeout_at(deadline, shop.outcomes.after(payment_id, after)).await.ok();
        let at = outcome.as_ref().map(|outcome| outcome.position);
        let standing = Standing::after(shop, payment_id, outcome).await?;
        match at {
            Some(at) if !is_settled(&standing.payment.record) => after = at,
            Some(_) | None => return Ok(standing),
        }
    }
}

/// As [`settled`], for a request that is answered again: it was probably settled long ago.
pub(super) async fn settled_again(
    shop: &Shop,
    payment_id: PaymentId,
    is_settled: impl Fn(&PaymentRecord) -> bool,
) -> Result<Standing, ApiError> {
    let standing = Standing::read(shop, payment_id).await?;
    if is_settled(&standing.payment.record) {
        return Ok(standing);
    }
    // What the request was answered with first is in what was read. So is the outcome of an earlier attempt, which is no
    // answer.
    settled(shop, payment_id, standing.payment.position, is_settled).await
}
