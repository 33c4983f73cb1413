//! Bodies that many requests read at the same time.

use api_contract::views::PersonalBodies;
use domain::ids::PersonalId;
use event_store::{NotAnswered, Question, Together};
use sqlx::{PgConnection, PgPool};

use super::raw_bodies;

/// Reads bodies, together with those that others read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bodies(Together<BodiesOf>);

impl Bodies {
    /// One that reads by this pool.
    pub fn start(pool: PgPool) -> Self {
        Self(Together::start(pool))
    }

    /// As [`raw_bodies`].
    pub async fn of(&self, ids: Vec<PersonalId>) -> Result<PersonalBodies, NotAnswered> {
        if ids.is_empty() { Ok(PersonalBodies::new()) } else { self.0.ask(BodiesOf(ids)).await }
    }
}

/// The rows that one request is answered with.
#[derive(Debug)]
struct BodiesOf(Vec<PersonalId>);

impl Question for BodiesOf {
    type Answer = PersonalBodies;

    async fn ask(together: &[Self], db: &mut PgConnection) -> Result<Vec<Self::Answer>, sqlx::Error> {
        let ids: Vec<PersonalId> = together.iter().flat_map(|wanted| &wanted.0).copied().collect();
        let bodies = raw_bodies(db, &ids).await?;
        let of = |wanted: &Self| {
            let its = wanted.0.iter().filter_map(|id| Some((*id, bodies.get(id)?.clone())));
            its.collect::<PersonalBodies>()
        };
        Ok(together.iter().map(of).collect())
    }
}
