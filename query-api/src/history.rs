//! What a client is told of a stream, and what `personal` keeps beside it, with failures as they are answered.

use std::fmt::Display;

use api_contract::ApiError;
use api_contract::views::{PersonalBodies, Record};
use domain::aggregate::Stored;
use domain::ids::PersonalId;
use event_store::{Histories, Log};
use identity::personal::Bodies;
use sqlx::PgPool;

/// A stream's record as it is now; the default one where there is no stream.
pub async fn told<R>(log: &Log, id: impl Display) -> Result<R, ApiError>
where
    R: Record,
    R::Of: Stored,
{
    Ok(log.told(id, None).await.map_err(identity::failed)?.record)
}

/// Tells of streams that stay short; what many clients ask at the same time it reads together. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    histories: Histories,
    bodies: Bodies,
}

impl Records {
    /// One that reads by this pool.
    pub fn start(pool: &PgPool) -> Self {
        Self { histories: Histories::start(pool.clone()), bodies: Bodies::start(pool.clone()) }
    }

    /// As [`told`].
    pub async fn told<R>(&self, id: impl Display) -> Result<R, ApiError>
    where
        R: Record,
        R::Of: Stored,
    {
        Ok(self.histories.told(id).await.map_err(identity::failed)?.record)
    }

    /// The bodies of these rows of `personal`.
    pub async fn bodies(&self, ids: Vec<PersonalId>) -> Result<PersonalBodies, ApiError> {
        self.bodies.of(ids).await.map_err(identity::failed)
    }
}
