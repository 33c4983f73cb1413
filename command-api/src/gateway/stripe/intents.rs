//! `PaymentIntents`: created, confirmed, cancelled, looked at.
//!
//! # Why nobody is charged twice
//! An intent "creates at most one successful charge" (<https://docs.stripe.com/api/payment_intents>), under whatever key and
//! also when Stripe makes up for a failure later: one that has succeeded, is being processed or was cancelled refuses to be
//! confirmed. Of a payment's intents at most one can be confirmed at any time: an intent is noted before it is confirmed, the
//! next generation is made only when the last one is known to be cancelled, which is for good, and of two that make the same
//! generation the one counts that was noted first. So a confirmation may be sent under as many keys, with as many forms and
//! by as many processes as there are: the key saves a second question to the bank, it is not what keeps the money from moving
//! twice. Making an intent and a card's method moves no money, and cancelling can be done twice.

use sha2::{Digest as _, Sha256};

use super::super::{Asked, Charge, Charged, Gateway as _, GatewayError};
use super::http::{Keys, moves_no_money};
use super::made::MadeIntent;
use super::methods::Reference;
use super::objects::{Intent, Problem};
use super::{Stripe, TOO_FINE, minor_units, refused_call, unexpected};

/// With the charge in it, for brand, digits and receipt.
const WHOLE: (&str, &str) = ("expand[]", "latest_charge");

impl Stripe {
    /// What became of the payment's last intent. Where there is none it is made, which moves no money.
    pub(super) async fn standing(&self, asked: &Asked) -> Result<Option<Charged>, GatewayError> {
        match self.last_intent(asked).await? {
            Ok((_, intent)) => intent.charged(asked.amount),
            Err(problem) => Ok(Some(declined(&problem))),
        }
    }

    /// Charges the attempt's method, under a key of the attempt's own; unless the attempt was given up.
    pub(super) async fn confirm(&self, charge: &Charge) -> Result<Charged, GatewayError> {
        let Charge { asked, token, pages } = charge;
        let (made, intent) = match self.open_intent(asked).await? {
            Ok(open) => open,
            Err(problem) => return Ok(declined(&problem)),
        };
        if intent.has_moved() {
            return settled(intent, asked);
        }
        if !self.made.take(asked.payment_id, &made, attempt_of(asked)).await? {
            return Ok(given_up());
        }
        let method = match self.chargeable(&intent, token, asked).await? {
            Ok(method) => method,
            Err(problem) => return Ok(declined(&problem)),
        };
        let (name, value) = WHOLE;
        let return_url = pages.return_url.clone().unwrap_or_else(|| self.home_url.clone());
        let form = [("return_url", return_url), (name, value.to_owned()), ("payment_method", method)];
        let path = format!("/v1/payment_intents/{}/confirm", intent.id);
        let keys = Keys::from(confirmation_key(asked, &intent.id, &form));
        let confirmed = self.http.post(&path, &form, &keys, || self.confirmed(&intent.id)).await?;
        match confirmed.result {
            // What was answered then may not be how it is now.
            Ok(intent) if confirmed.replayed => settled(self.retrieve(&intent.id).await?, asked),
            Ok(intent) => settled(intent, asked),
            Err(problem) if problem.is_of_state() => settled(self.retrieve(&intent.id).await?, asked),
            Err(problem) => Ok(declined(&problem)),
        }
    }

    /// The intent, if it was confirmed and not declined. A decline may be of an attempt before, and moved nothing.
    async fn confirmed(&self, id: &str) -> Result<Option<Intent>, GatewayError> {
        let intent = self.retrieve(id).await?;
        Ok(Some(intent).filter(|intent| !intent.can_be_confirmed()))
    }

    /// Cancels the last intent, unless it has succeeded or belongs to a later attempt: then this one was given up before.
    ///
    /// A later attempt that takes the same intent between this look and the cancellation is declined, and its customer has to
    /// try again: a moment, and no money.
    pub(super) async fn cancel(&self, asked: &Asked) -> Result<Charged, GatewayError> {
        let (made, intent) = match self.last_intent(asked).await? {
            Ok(last) => last,
            Err(problem) => return Ok(declined(&problem)),
        };
        if intent.is_over() {
            return settled(intent, asked);
        }
        if made.attempt > attempt_of(asked) {
            return Ok(given_up());
        }
        let path = format!("/v1/payment_intents/{}/cancel", intent.id);
        let form = [("cancellation_reason", "abandoned".to_owned())];
        let keys = Keys::from(format!("{}/cancel", intent.id));
        let cancelled = self.http.post(&path, &form, &keys, || self.over(&intent.id)).await?;
        match cancelled.result {
            Ok(intent) if intent.is_over() => settled(intent, asked),
            Ok(_) => Ok(given_up()),
            // Its bank was quicker.
            Err(problem) if problem.is_of_state() => settled(self.retrieve(&intent.id).await?, asked),
            Err(problem) => Err(refused_call(&problem)),
        }
    }

    async fn over(&self, id: &str) -> Result<Option<Intent>, GatewayError> {
        Ok(Some(self.retrieve(id).await?).filter(Intent::is_over))
    }

    /// The intent to be confirmed: the last one, or the next after one that was cancelled with an attempt before; or why
    /// there is none. One that was cancelled with this very attempt is followed by none: the attempt was given up.
    async fn open_intent(
        &self,
        asked: &Asked,
    ) -> Result<Result<(MadeIntent, Intent), Problem>, GatewayError> {
        let mut last = self.last_intent(asked).await?;
        while let Ok((made, intent)) = &last
            && intent.is_cancelled()
            && made.attempt < attempt_of(asked)
        {
            last = self.make(asked, made.generation.saturating_add(1)).await?;
        }
        Ok(last)
    }

    /// The last intent as it is now; or why Stripe makes none.
    async fn last_intent(
        &self,
        asked: &Asked,
    ) -> Result<Result<(MadeIntent, Intent), Problem>, GatewayError> {
        match self.made.last(asked.payment_id).await? {
            Some(made) => {
                let intent = self.retrieve(&made.id).await?;
                Ok(Ok((made, intent)))
            }
            None => self.make(asked, 0).await,
        }
    }

    /// Makes an intent, and notes it before anybody can confirm it. The key is for who made it and did not come to note
    /// it: a day later that one is another's, and was never confirmed.
    async fn make(
        &self,
        asked: &Asked,
        generation: i32,
    ) -> Result<Result<(MadeIntent, Intent), Problem>, GatewayError> {
        // Refused before the attempt was logged; unless that was before this was known.
        if !self.takes(asked.amount) {
            return Ok(Err(Problem::of(TOO_FINE)));
        }
        let form = [
            ("amount", minor_units(asked.amount).to_string()),
            ("currency", asked.amount.currency.code().to_ascii_lowercase()),
            ("payment_method_types[]", "card".to_owned()),
            ("metadata[payment_id]", asked.payment_id.to_string()),
        ];
        let keys = Keys::from(match generation {
            0 => asked.payment_id.to_string(),
            later => format!("{}/{later}", asked.payment_id),
        });
        let answer = self.http.post("/v1/payment_intents", &form, &keys, moves_no_money::<Intent>).await?;
        let intent = match answer.result {
            Ok(intent) => intent,
            Err(problem) => return Ok(Err(problem)),
        };
        let made = MadeIntent { generation, id: intent.id.clone(), attempt: attempt_of(asked) };
        let noted = self.made.note(asked.payment_id, &made).await?;
        let as_it_is =
            if answer.replayed || noted.id != intent.id { self.retrieve(&noted.id).await? } else { intent };
        Ok(Ok((noted, as_it_is)))
    }

    async fn retrieve(&self, id: &str) -> Result<Intent, GatewayError> {
        let (name, value) = WHOLE;
        let found = self.http.get::<Intent>(&format!("/v1/payment_intents/{id}?{name}={value}")).await?;
        found.result.map_err(|problem| refused_call(&problem))
    }

    /// The method by which the intent can be charged, or why it can't.
    async fn chargeable(
        &self,
        intent: &Intent,
        token: &str,
        asked: &Asked,
    ) -> Result<Result<String, Problem>, GatewayError> {
        match Reference::of(token) {
            Reference::OfCustomer { customer, method } => {
                Ok(self.of_customer(intent, customer).await?.map(|()| method.to_owned()))
            }
            Reference::Method(method) => Ok(Ok(method.to_owned())),
            Reference::Customer(_) => Ok(Err(Problem::of("not_a_card"))),
            // Of the attempt: a token of a typed card is used up by the first method that is made of it.
            Reference::Token(token) => self.card(token, &Keys::from(format!("{}/card", asked.key()))).await,
        }
    }

    /// A method that is kept for a customer can be charged only as theirs.
    async fn of_customer(
        &self,
        intent: &Intent,
        customer: &str,
    ) -> Result<Result<(), Problem>, GatewayError> {
        let path = format!("/v1/payment_intents/{}", intent.id);
        let form = [("customer", customer.to_owned())];
        let changed = self.http.post(&path, &form, &Keys::none(), moves_no_money::<Intent>).await?;
        Ok(match changed.result {
            Err(problem) if !problem.is_of_state() => Err(problem),
            Ok(_) | Err(_) => Ok(()),
        })
    }
}

/// The key of a confirmation: of the attempt, of the intent, and of the form, for Stripe refuses the same key for another
/// one. Where the customer comes back to may change between two tries: the shop moves, or its row of `personal` is erased.
fn confirmation_key(asked: &Asked, intent: &str, form: &[(&str, String)]) -> String {
    let mut form_hash = Sha256::new();
    for (name, value) in form {
        // With its length, so that no two forms read the same.
        form_hash.update(format!("{name}={}:{value};", value.len()));
    }
    format!("{}/{intent}/{}", asked.key(), hex::encode(&form_hash.finalize()[..8]))
}

/// The attempt's number, as it is noted.
fn attempt_of(asked: &Asked) -> i64 {
    i64::from(asked.attempt)
}

/// What comes of an attempt that was given up.
fn given_up() -> Charged {
    Charged::Declined { code: "canceled".to_owned() }
}

/// A refusal that is final: asking again would be answered the same.
fn declined(problem: &Problem) -> Charged {
    Charged::Declined { code: problem.word() }
}

fn settled(intent: Intent, asked: &Asked) -> Result<Charged, GatewayError> {
    intent.charged(asked.amount)?.ok_or_else(|| unexpected("a confirmed PaymentIntent waits to be confirmed"))
}
