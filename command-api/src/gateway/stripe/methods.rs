//! Methods that Stripe keeps for a customer, and how a method is named.

use domain::ids::UserId;

use super::super::{GatewayError, Keep, Kept};
use super::http::{Keys, moves_no_money};
use super::objects::{Customer, Method, Problem};
use super::{Stripe, refused_call};

/// How a method is named: as a client does, or as we store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// `tok_…`: a card that was typed somewhere, or a test card.
    Token(&'a str),
    /// `pm_…`
    Method(&'a str),
    /// `cus_…:pm_…`: kept for a customer. No client can name one, for it has a colon.
    OfCustomer { customer: &'a str, method: &'a str },
}

impl<'a> Reference<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        match text.split_once(':') {
            Some((customer, method)) => Self::OfCustomer { customer, method },
            None if text.starts_with("pm_") => Self::Method(text),
            None => Self::Token(text),
        }
    }
}

impl Stripe {
    /// Keeps a method for the user's customer, who is made with the first one.
    pub(super) async fn attach(&self, keep: &Keep<'_>) -> Result<Kept, GatewayError> {
        let under = |step: &str| keep.key.map_or_else(Keys::none, |key| Keys::from(format!("{key}/{step}")));
        let method = match Reference::of(keep.token) {
            Reference::Token(token) => match self.card(token, &under("card")).await? {
                Ok(method) => method,
                Err(problem) => return Ok(Kept::Refused { code: problem.word() }),
            },
            Reference::Method(method) | Reference::OfCustomer { method, .. } => method.to_owned(),
        };
        let customer = match keep.known.map(Reference::of) {
            Some(Reference::OfCustomer { customer, .. }) => customer.to_owned(),
            Some(Reference::Token(_) | Reference::Method(_)) | None => self.customer(keep.user).await?,
        };
        Ok(match self.attached(&method, &customer, &under("attach")).await? {
            Ok(method) => {
                let reference = format!("{customer}:{}", method.id);
                match method.face() {
                    Some(card) => Kept::Card { reference, card },
                    None => Kept::Refused { code: "not_a_card".to_owned() },
                }
            }
            Err(code) => Kept::Refused { code },
        })
    }

    /// The method as the customer's, or the code of why not.
    async fn attached(
        &self,
        method: &str,
        customer: &str,
        keys: &Keys,
    ) -> Result<Result<Method, String>, GatewayError> {
        let path = format!("/v1/payment_methods/{method}");
        let form = [("customer", customer.to_owned())];
        let attached =
            self.http.post(&format!("{path}/attach"), &form, keys, moves_no_money::<Method>).await?;
        if !attached.replayed || attached.result.is_err() {
            return Ok(attached.result.map_err(|problem| problem.word()));
        }
        // What was answered then may have been forgotten since.
        let now = self.http.get::<Method>(&path).await?;
        Ok(match now.result {
            Ok(method) if method.customer.as_deref() == Some(customer) => Ok(method),
            Ok(_) => Err("detached".to_owned()),
            Err(problem) => Err(problem.word()),
        })
    }

    /// A card's token as a method, which is what a `PaymentIntent` takes.
    pub(super) async fn card(
        &self,
        token: &str,
        keys: &Keys,
    ) -> Result<Result<String, Problem>, GatewayError> {
        let form = [("type", "card".to_owned()), ("card[token]", token.to_owned())];
        let made = self.http.post("/v1/payment_methods", &form, keys, moves_no_money::<Method>).await?;
        Ok(made.result.map(|method| method.id))
    }

    /// Only the user's id is told: no name and no address.
    async fn customer(&self, user: UserId) -> Result<String, GatewayError> {
        let form = [("metadata[user_id]", user.to_string())];
        let keys = Keys::from(format!("customer:{user}"));
        let made = self.http.post("/v1/customers", &form, &keys, moves_no_money::<Customer>).await?;
        made.result.map(|customer| customer.id).map_err(|problem| refused_call(&problem))
    }

    pub(super) async fn detach(&self, reference: &str) -> Result<(), GatewayError> {
        let Reference::OfCustomer { method, .. } = Reference::of(reference) else { return Ok(()) };
        let path = format!("/v1/payment_methods/{method}/detach");
        // One that Stripe doesn't know any more is forgotten already.
        self.http.post(&path, &[], &Keys::none(), moves_no_money::<Method>).await.map(|_| ())
    }
}
