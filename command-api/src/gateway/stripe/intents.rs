//! `PaymentIntents`: created, confirmed, cancelled, looked at.

use super::super::{Asked, Charge, Charged, GatewayError};
use super::methods::Reference;
use super::objects::{Intent, Problem};
use super::{Stripe, minor_units, refused_call, unexpected};

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

    /// Charges the attempt's method, under a key of the attempt's own.
    pub(super) async fn confirm(&self, charge: &Charge) -> Result<Charged, GatewayError> {
        let Charge { asked, token, pages } = charge;
        let intent = match self.open_intent(asked).await? {
            Ok(intent) => intent,
            Err(problem) => return Ok(declined(&problem)),
        };
        if intent.status == "succeeded" || intent.status == "processing" {
            return settled(intent, asked);
        }
        let method = match self.chargeable(&intent, token, asked).await? {
            Ok(method) => method,
            Err(problem) => return Ok(declined(&problem)),
        };
        let (name, value) = WHOLE;
        let return_url = pages.return_url.clone().unwrap_or_else(|| self.home_url.clone());
        let form = [("return_url", return_url), (name, value.to_owned()), ("payment_method", method)];
        let path = format!("/v1/payment_intents/{}/confirm", intent.id);
        // Of the intent too: the same key for another one would be refused.
        let key = format!("{}/{}", asked.key(), intent.id);
        let confirmed = self.http.post::<Intent>(&path, &form, Some(&key)).await?;
        match confirmed.result {
            // What was answered then may not be how it is now.
            Ok(intent) if confirmed.replayed => settled(self.retrieve(&intent.id).await?, asked),
            Ok(intent) => settled(intent, asked),
            Err(problem) if problem.is_of_state() => settled(self.retrieve(&intent.id).await?, asked),
            Err(problem) => Ok(declined(&problem)),
        }
    }

    /// Cancels the last intent, unless it has succeeded.
    pub(super) async fn cancel(&self, asked: &Asked) -> Result<Charged, GatewayError> {
        let intent = match self.last_intent(asked).await? {
            Ok((_, intent)) => intent,
            Err(problem) => return Ok(declined(&problem)),
        };
        if intent.status == "succeeded" || intent.is_cancelled() {
            return settled(intent, asked);
        }
        let path = format!("/v1/payment_intents/{}/cancel", intent.id);
        let form = [("cancellation_reason", "abandoned".to_owned())];
        let cancelled =
            self.http.post::<Intent>(&path, &form, Some(&format!("{}/cancel", intent.id))).await?;
        match cancelled.result {
            Ok(_) => Ok(Charged::Declined { code: "canceled".to_owned() }),
            // Its bank was quicker.
            Err(problem) if problem.is_of_state() => settled(self.retrieve(&intent.id).await?, asked),
            Err(problem) => Err(refused_call(&problem)),
        }
    }

    /// The intent that can be confirmed: the last one, or the next after one that was cancelled; or why there is none.
    async fn open_intent(&self, asked: &Asked) -> Result<Result<Intent, Problem>, GatewayError> {
        let mut last = self.last_intent(asked).await?;
        while let Ok((generation, intent)) = &last
            && intent.is_cancelled()
        {
            last = self.make(asked, generation.saturating_add(1)).await?;
        }
        Ok(last.map(|(_, intent)| intent))
    }

    /// The last intent as it is now, and how many were cancelled before it; or why Stripe makes none.
    async fn last_intent(&self, asked: &Asked) -> Result<Result<(i32, Intent), Problem>, GatewayError> {
        match self.made.last(asked.payment_id).await? {
            Some(made) => Ok(Ok((made.generation, self.retrieve(&made.id).await?))),
            None => self.make(asked, 0).await,
        }
    }

    /// Makes an intent, and notes it before anybody can confirm it. The key is for who made it and did not come to note
    /// it: a day later that one is another's, and was never confirmed.
    async fn make(
        &self,
        asked: &Asked,
        generation: i32,
    ) -> Result<Result<(i32, Intent), Problem>, GatewayError> {
        let form = [
            ("amount", minor_units(asked.amount).to_string()),
            ("currency", asked.amount.currency.code().to_ascii_lowercase()),
            ("payment_method_types[]", "card".to_owned()),
            ("metadata[payment_id]", asked.payment_id.to_string()),
        ];
        let key = match generation {
            0 => asked.payment_id.to_string(),
            later => format!("{}/{later}", asked.payment_id),
        };
        let answer = self.http.post::<Intent>("/v1/payment_intents", &form, Some(&key)).await?;
        let intent = match answer.result {
            Ok(intent) => intent,
            Err(problem) => return Ok(Err(problem)),
        };
        let noted = self.made.note(asked.payment_id, generation, &intent.id).await?;
        let as_it_is =
            if answer.replayed || noted != intent.id { self.retrieve(&noted).await? } else { intent };
        Ok(Ok((generation, as_it_is)))
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
            // Of the attempt, so that a second try confirms with the same parameters under the same key.
            Reference::Token(token) => self.card(token, Some(&format!("{}/card", asked.key()))).await,
        }
    }

    /// A method that is kept for a customer can be charged only as theirs.
    async fn of_customer(
        &self,
        intent: &Intent,
        customer: &str,
    ) -> Result<Result<(), Problem>, GatewayError> {
        let path = format!("/v1/payment_intents/{}", intent.id);
        let changed = self.http.post::<Intent>(&path, &[("customer", customer.to_owned())], None).await?;
        Ok(match changed.result {
            Err(problem) if !problem.is_of_state() => Err(problem),
            Ok(_) | Err(_) => Ok(()),
        })
    }
}

/// A refusal that is final: asking again would be answered the same.
fn declined(problem: &Problem) -> Charged {
    Charged::Declined { code: problem.word() }
}

fn settled(intent: Intent, asked: &Asked) -> Result<Charged, GatewayError> {
    intent.charged(asked.amount)?.ok_or_else(|| unexpected("a confirmed PaymentIntent waits to be confirmed"))
}
