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
    /// `cus_…`: a customer, with all their methods.
    Customer(&'a str),
}

impl<'a> Reference<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        match text.split_once(':') {
            Some((customer, method)) => Self::OfCustomer { customer, method },
            None if text.starts_with("pm_") => Self::Method(text),
            None if text.starts_with("cus_") => Self::Customer(text),
            None => Self::Token(text),
        }
    }
}

impl Stripe {
    /// Keeps a method for the user's customer, who is made with the first one and noted before the method is theirs. Of a user
    /// who is erased meanwhile nothing is left: erasing deletes the customer, who is then given no method, or loses it again.
    pub(super) async fn attach(&self, keep: &Keep<'_>) -> Result<Kept, GatewayError> {
        let under = |step: &str| keep.key.map_or_else(Keys::none, |key| Keys::from(format!("{key}/{step}")));
        let method = match Reference::of(keep.token) {
            Reference::Token(token) => match self.card(token, &under("card")).await? {
                Ok(method) => method,
                Err(problem) => return Ok(Kept::Refused { code: problem.word() }),
            },
            Reference::Method(method) | Reference::OfCustomer { method, .. } => method.to_owned(),
            Reference::Customer(_) => return Ok(Kept::Refused { code: "not_a_card".to_owned() }),
        };
        let customer = self.customer(keep.user).await?;
        if !self.customers.note(keep.user, &customer).await? {
            return Ok(Kept::Refused { code: "customer_erased".to_owned() });
        }
        Ok(match self.attached(keep.user, &method, &customer, &under("attach")).await? {
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
        user: UserId,
        method: &str,
        customer: &str,
        keys: &Keys,
    ) -> Result<Result<Method, String>, GatewayError> {
        let path = format!("/v1/payment_methods/{method}");
        let form = [("customer", customer.to_owned())];
        let attached =
            self.http.post(&format!("{path}/attach"), &form, keys, moves_no_money::<Method>).await?;
        if attached.result.as_ref().is_err_and(Problem::is_of_customer) {
            self.customers.remove(user, customer).await?;
        }
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

    /// The one that is known, or else a new one. Only the user's id is told: no name and no address.
    ///
    /// Who asks at the same time gets the same customer, by the key. Where that one was deleted since, the next is made under a
    /// key that names it.
    async fn customer(&self, user: UserId) -> Result<String, GatewayError> {
        if let Some(known) = self.customers.of(user).await? {
            return Ok(known);
        }
        let form = [("metadata[user_id]", user.to_string())];
        let mut key = format!("customer:{user}");
        loop {
            let keys = Keys::from(key);
            let made = self.http.post("/v1/customers", &form, &keys, moves_no_money::<Customer>).await?;
            let customer = made.result.map_err(|problem| refused_call(&problem))?.id;
            if !made.replayed || self.is_there(&customer).await? {
                return Ok(customer);
            }
            key = format!("customer:{user}:{customer}");
        }
    }

    /// Whether nobody has deleted the customer: one who was is still answered, as such
    /// (<https://docs.stripe.com/api/customers/retrieve>).
    async fn is_there(&self, customer: &str) -> Result<bool, GatewayError> {
        match self.http.get::<Customer>(&format!("/v1/customers/{customer}")).await?.result {
            Ok(found) => Ok(!found.deleted),
            Err(problem) => gone(&problem).map(|()| false),
        }
    }

    /// Forgets a method of a customer's, or a customer. Nothing else is kept.
    pub(super) async fn forget_kept(&self, reference: &str) -> Result<(), GatewayError> {
        match Reference::of(reference) {
            Reference::OfCustomer { method, .. } => self.detach(method).await,
            Reference::Customer(customer) => self.delete(customer).await,
            Reference::Token(_) | Reference::Method(_) => Ok(()),
        }
    }

    async fn detach(&self, method: &str) -> Result<(), GatewayError> {
        let path = format!("/v1/payment_methods/{method}");
        let detach = format!("{path}/detach");
        let detached = self.http.post(&detach, &[], &Keys::none(), moves_no_money::<Method>).await?;
        let Err(problem) = detached.result else { return Ok(()) };
        // One that is nobody's is refused too, by a word that is not documented.
        match self.http.get::<Method>(&path).await?.result {
            Ok(Method { customer: Some(_), .. }) => Err(refused_call(&problem)),
            Ok(_) => Ok(()),
            Err(now) => gone(&now),
        }
    }

    /// Deletes a customer and their methods (<https://docs.stripe.com/api/customers/delete>). What was paid stays, and can go
    /// back.
    async fn delete(&self, customer: &str) -> Result<(), GatewayError> {
        let path = format!("/v1/customers/{customer}");
        match self.http.delete::<Customer>(&path).await?.result {
            Ok(_) => Ok(()),
            Err(problem) => gone(&problem),
        }
    }
}

/// What Stripe doesn't know any more is forgotten already.
fn gone(problem: &Problem) -> Result<(), GatewayError> {
    if problem.is_missing() { Ok(()) } else { Err(refused_call(problem)) }
}
