//! An order is paid by a person on a gateway's own page, who has its link and no token of ours.

use api_contract::ApiError;
use api_contract::views::PaymentRecord;
use domain::decisions::{AttemptPayment, attempt_payment};
use domain::ids::PaymentId;
use domain::payment::Payment;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision, Metadata, Submission};
use uuid::Uuid;

use super::standing::settled;
use super::{attempt_refusal, is_open, refusal};
use crate::command::decide;
use crate::history::told;
use crate::shop::Shop;

/// The payment as it now stands.
pub async fn find(shop: &Shop, payment_id: PaymentId) -> Result<PaymentRecord, ApiError> {
    Ok(told::<PaymentRecord>(&shop.log, payment_id, None).await?.record)
}

/// Pays what is owed by this token, and waits for what comes of it. `page` is who asks, as events name them.
pub async fn pay(
    shop: &Shop,
    payment_id: PaymentId,
    gateway: &'static str,
    token: String,
) -> Result<PaymentRecord, ApiError> {
    let metadata = Metadata::default()
        .with(Metadata::ACTOR, format!("page:{gateway}"))
        .with(Metadata::CAUSATION_ID, format!("request:{}", Uuid::now_v7()));
    let submission = Submission { metadata, bytes: 2048, ..Submission::default() };
    let decision = move |streams: &mut Decision<'_>| {
        let payment = streams.state::<Payment, ApiError>(payment_id)?;
        let opened =
            payment.opened.ok_or_else(|| Halt::Refused(refusal(domain::payment::PaymentError::NotOpened)))?;
        let command = AttemptPayment {
            order_id: opened.order_id,
            amount: opened.amount,
            gateway: gateway.to_owned(),
            method: token.clone(),
            pages: None,
        };
        attempt_payment(streams, &command).map_err(|halt| halt.map(|error| attempt_refusal(&error)))
    };
    match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value, position } => {
            shop.poke.notify_one();
            let done = |record: &PaymentRecord| !is_open(record, Some(value.attempt));
            let settled = settled(shop, payment_id, position, done).await;
            Ok(settled.map_err(ApiError::after_acceptance)?.payment.record)
        }
        // Without a key nothing is replayed.
        Accepted::Replayed(_) => find(shop, payment_id).await,
    }
}
