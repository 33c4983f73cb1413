//! Whom Stripe knows users as. A customer is noted before a card is theirs, so that everything that Stripe keeps of a user
//! is found when the user is erased: also what a process that died had kept and could not store.

use domain::ids::UserId;
use identity::{gateway_customers, left_at_gateways};
use sqlx::PgPool;

use super::super::GatewayError;
use super::NAME;

/// The customers that were made. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Customers(pub PgPool);

impl Customers {
    /// The user's.
    pub(super) async fn of(&self, user: UserId) -> Result<Option<String>, GatewayError> {
        gateway_customers::find(&self.0, user, NAME).await.map_err(unreadable)
    }

    /// Notes the user's. Answers false where the user was erased in this moment: then the customer is to be forgotten.
    pub(super) async fn note(&self, user: UserId, customer: &str) -> Result<bool, GatewayError> {
        let noted = gateway_customers::note(&self.0, user, NAME, customer).await.map_err(unreadable)?;
        if !noted {
            left_at_gateways::note(&self.0, NAME, customer).await.map_err(unreadable)?;
        }
        Ok(noted)
    }

    /// Stripe knows the user's no more: the next card makes another one.
    pub(super) async fn remove(&self, user: UserId, customer: &str) -> Result<(), GatewayError> {
        gateway_customers::remove(&self.0, user, NAME, customer).await.map_err(unreadable)
    }
}

/// Nothing was asked for yet.
fn unreadable(error: sqlx::Error) -> GatewayError {
    GatewayError(Box::new(error))
}
