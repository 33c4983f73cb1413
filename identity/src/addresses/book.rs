//! Addresses that many requests look up at the same time.

use domain::ids::UserId;
use event_store::{NotAnswered, Question, Together};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::StoredAddress;
use super::look_up::{AddressOf, look_up_all};

/// Looks addresses up, together with those that others look up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AddressBook(Together<AddressOf>);

impl AddressBook {
    /// One that reads by this pool.
    pub fn start(pool: PgPool) -> Self {
        Self(Together::start(pool))
    }

    /// As [`super::default_of`].
    pub async fn default_of(&self, user: UserId) -> Result<Option<StoredAddress>, NotAnswered> {
        self.0.ask(AddressOf { user, id: None }).await
    }

    /// As [`super::find`].
    pub async fn find(&self, user: UserId, id: Uuid) -> Result<Option<StoredAddress>, NotAnswered> {
        self.0.ask(AddressOf { user, id: Some(id) }).await
    }
}

impl Question for AddressOf {
    type Answer = Option<StoredAddress>;

    async fn ask(together: &[Self], db: &mut PgConnection) -> Result<Vec<Self::Answer>, sqlx::Error> {
        look_up_all(db, together).await
    }
}
