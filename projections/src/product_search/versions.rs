//! The versions of the index in a `DAYBOOK_HOME` beside each other: which one is the newest, and the end of an old one.

use std::path::Path;

use sqlx::PgPool;
use tantivy::Directory;
use tantivy::TantivyError;
use tantivy::directory::error::LockError;
use tantivy::directory::{DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};

use super::VERSION;
use super::home::Home;
use super::index::SearchError;
use super::lot;
use super::projector::blocking;
use crate::replay::ReplayError;

/// The newest version that has a live index here.
async fn newest(home: &Home) -> Result<Option<i32>, ReplayError> {
    let home = home.clone();
    Ok(blocking(move || Ok(home.versions()?.pop())).await?)
}

/// Refuses unless this version is the newest one here.
pub(crate) async fn require_live(home: &Home, version: i32) -> Result<(), ReplayError> {
    match newest(home).await? {
        Some(live) if live == version => Ok(()),
        live => Err(ReplayError::OtherVersion { live: live.unwrap_or(0), expected: version }),
    }
}

/// Refuses where there is a newer version than this build knows.
pub(super) async fn require_newest(home: &Home) -> Result<(), ReplayError> {
    match newest(home).await? {
        Some(newer) if newer > VERSION => Err(ReplayError::Superseded { newer, ours: VERSION }),
        Some(_) | None => Ok(()),
    }
}

/// Deletes the index of a version that a newer one has superseded, and what it had parked. What was deleted of one that
/// could not be deleted to its end stays so: it is to be retired once more.
pub(crate) async fn retire(home: &Home, version: i32, pool: &PgPool) -> Result<(), ReplayError> {
    let old = home.of_version(version);
    let its_home = home.clone();
    let versions = blocking(move || Ok(its_home.versions()?)).await?;
    if !versions.contains(&version) || versions.last().is_none_or(|newest| *newest <= version) {
        return Err(ReplayError::NotSuperseded(version));
    }
    let its_home = old.clone();
    let free = blocking(move || Ok(its_home.building()?)).await?;
    let Some((_, _lock)) = free else { return Err(ReplayError::Running) };
    let its_home = old.clone();
    let folders = blocking(move || Ok(its_home.folders()?)).await?;
    for folder in folders {
        let index = folder.clone();
        let Some(_writer) = blocking(move || writers_lock(&index)).await? else {
            return Err(ReplayError::StillFed(version));
        };
        lot::delete(pool, &folder).await?;
    }
    Ok(blocking(move || Ok(old.remove()?)).await?)
}

/// Keeps whoever would feed the index in a folder from doing so; nothing where somebody feeds it.
fn writers_lock(folder: &Path) -> Result<Option<Option<DirectoryLock>>, SearchError> {
    if !folder.exists() {
        return Ok(Some(None));
    }
    let directory = MmapDirectory::open(folder).map_err(TantivyError::from)?;
    match directory.acquire_lock(&INDEX_WRITER_LOCK) {
        Ok(lock) => Ok(Some(Some(lock))),
        Err(LockError::LockBusy) => Ok(None),
        Err(LockError::IoError(error)) => Err(std::io::Error::new(error.kind(), error).into()),
    }
}
