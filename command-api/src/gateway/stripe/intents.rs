//! `PaymentIntents`: created, confirmed, cancelled, looked at.

use super::super::{Asked, Charge, Charged, GatewayError};
use super::methods::Reference;
use super::objects::Intent;
use super::{Stripe, minor_units, refused_call, unexpected};

/// So many intents of one payment may have been cancelled.
const GENERATIONS: u32 = 30;

/// With the charge in it, for brand, digits and receipt.
const WHOLE: (&str, &str) = ("expand[]", "latest_charge");

impl Stripe {
    /// The payment's intent as it is now. It is made if there is none, which moves no money: so one that was made
    /// before is found by its key. One that was cancelled is followed by the next.
    pub(super) async fn intent(&self, asked: &Asked) -> Result<Intent, GatewayError> {
        let form = [
            ("amount", minor_units(asked.amount).to_string()),
            ("currency", asked.amount.currency.code().to_ascii_lowercase()),
            ("payment_method_types[]", "card".to_owned()),
            ("metadata[payment_id]", asked.payment_id.to_string()),
        ];
        for generation in 0..GENERATIONS {
            let key = match generation {
                0 => asked.payment_id.to_string(),
                later => format!("{}/{later}", asked.payment_id),
            };
            let made = self.http.post::<Intent>("/v1/payment_intents", &form, Some(&key)).await?;
            let intent = made.result.map_err(|problem| refused_call(&problem))?;
            let intent = if made.replayed { self.retrieve(&intent.id).await? } else { intent };
            if !intent.is_cancelled() {
                return Ok(intent);
            }
        }
        Err(unexpected("too many intents of this payment were cancelled"))
    }

    async fn retrieve(&self, id: &str) -> Result<Intent, GatewayError> {
        let (name, value) = WHOLE;
        let found = self.http.get::<Intent>(&format!("/v1/payment_intents/{id}?{name}={value}")).await?;
        found.result.map_err(|problem| refused_call(&problem))
    }

    /// Charges the attempt's method, under the attempt's key.
    pub(super) async fn confirm(&self, charge: &Charge) -> Result<Charged, GatewayError> {
        let Charge { asked, token, pages } = charge;
        let intent = self.intent(asked).await?;
        if intent.status == "succeeded" || intent.status == "processing" {
            return settled(intent, asked);
        }
        let (name, value) = WHOLE;
        let return_url = pages.return_url.clone().unwrap_or_else(|| self.home_url.clone());
        let mut form = vec![("return_url", return_url), (name, value.to_owned())];
        match Reference::of(token) {
            Reference::OfCustomer { customer, method } => {
                self.of_customer(&intent, customer).await?;
                form.push(("payment_method", method.to_owned()));
            }
            Reference::Method(method) => form.push(("payment_method", method.to_owned())),
            // Of the attempt, so that a second try confirms with the same parameters under the same key.
            Reference::Token(token) => {
                match self.card(token, Some(&format!("{}/card", asked.key()))).await? {
                    Ok(method) => form.push(("payment_method", method)),
                    Err(problem) => return Ok(Charged::Declined { code: problem.word() }),
                }
            }
        }
        let path = format!("/v1/payment_intents/{}/confirm", intent.id);
        let confirmed = self.http.post::<Intent>(&path, &form, Some(&asked.key())).await?;
        match confirmed.result {
            // What was answered then may not be how it is now.
            Ok(intent) if confirmed.replayed => settled(self.retrieve(&intent.id).await?, asked),
            Ok(intent) => settled(intent, asked),
            Err(problem) if problem.is_of_state() => settled(self.retrieve(&intent.id).await?, asked),
            Err(problem) => Ok(Charged::Declined { code: problem.word() }),
        }
    }

    /// A method that is kept for a customer can be charged only as theirs.
    async fn of_customer(&self, intent: &Intent, customer: &str) -> Result<(), GatewayError> {
        let path = format!("/v1/payment_intents/{}", intent.id);
        let changed = self.http.post::<Intent>(&path, &[("customer", customer.to_owned())], None).await?;
        match changed.result {
            Ok(_) => Ok(()),
            Err(problem) if problem.is_of_state() => Ok(()),
            Err(problem) => Err(refused_call(&problem)),
        }
    }

    /// Cancels the intent, unless it has succeeded.
    pub(super) async fn cancel(&self, asked: &Asked) -> Result<Charged, GatewayError> {
        let intent = self.intent(asked).await?;
        if intent.status == "succeeded" {
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
}

fn settled(intent: Intent, asked: &Asked) -> Result<Charged, GatewayError> {
    intent.charged(asked.amount)?.ok_or_else(|| unexpected("a confirmed PaymentIntent waits to be confirmed"))
}
