//! The versions of a read model beside each other: which one is live, which was never built, and the end of an old one.

use sqlx::{PgConnection, PgPool};

use super::leftovers::drop_old;
use super::{ReplayError, find};
use crate::read_model::ReadModel;
use crate::runner::connection::{connect, try_lock, unlock};
use crate::runner::held;
use crate::{generation, product_search, registry};

/// Refuses unless this version of a read model is the newest that is live: of product search, in this folder.
pub async fn require_live(
    name: &str,
    version: i32,
    owner: &PgPool,
    search: &product_search::Home,
) -> Result<(), ReplayError> {
    if name == product_search::NAME {
        return product_search::require_live(search, version).await;
    }
    let versions = generation::live_versions(owner, find(name)?.name()).await?;
    match versions.last() {
        Some((live, _)) if *live == version => Ok(()),
        live => Err(ReplayError::OtherVersion { live: live.map_or(0, |live| live.0), expected: version }),
    }
}

/// The read models of which the version that this build knows has never been built here, though another one has.
pub async fn unbuilt(pool: &PgPool) -> Result<Vec<&'static dyn ReadModel>, sqlx::Error> {
    let mut unbuilt = Vec::new();
    for model in registry::READ_MODELS {
        let versions = generation::live_versions(pool, model.name()).await?;
        if versions.last().is_some_and(|(newest, _)| *newest < model.version()) {
            unbuilt.push(model);
        }
    }
    Ok(unbuilt)
}

/// Ends a version of a read model that a newer one has superseded, and drops its tables, or deletes its index in this folder.
/// Who still reads tables gets no answer any more; an index that is still fed is refused.
pub async fn retire(
    name: &str,
    version: i32,
    owner: &PgPool,
    search: &product_search::Home,
) -> Result<(), ReplayError> {
    if name == product_search::NAME {
        return product_search::retire(search, version, owner).await;
    }
    retire_tables(find(name)?, version, owner).await
}

/// The same of one in Postgres. Where its tables could not be dropped it is ended all the same, and to be retired once more.
pub(crate) async fn retire_tables(
    model: &dyn ReadModel,
    version: i32,
    owner: &PgPool,
) -> Result<(), ReplayError> {
    let mut db = connect(owner).await?;
    let lock = held::replayer(model.name());
    if !try_lock(&mut db, &lock).await? {
        return Err(ReplayError::Running);
    }
    let retired = end(model, version, &mut db).await;
    // Said, not left to the end of the connection, which who tries it once more may come before.
    let unlocked = unlock(&mut db, &lock).await;
    retired?;
    Ok(unlocked?)
}

async fn end(model: &dyn ReadModel, version: i32, db: &mut PgConnection) -> Result<(), ReplayError> {
    let versions = generation::live_versions(&mut *db, model.name()).await?;
    if versions.last().is_none_or(|(newest, _)| *newest <= version) {
        return Err(ReplayError::NotSuperseded(version));
    }
    // Tables don't say of which version they are: of one that is forgotten already they may be.
    if !generation::forget_version(&mut *db, model.name(), version).await?
        && generation::all_but_live(&mut *db, model).await?.is_empty()
    {
        return Err(ReplayError::NotSuperseded(version));
    }
    drop_old(db, model).await
}
