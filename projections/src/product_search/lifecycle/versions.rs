//! The versions of the index in a `DAYBOOK_HOME` beside each other: which one is the newest, and the end of an old one.

use std::io;
use std::path::PathBuf;

use sqlx::PgPool;
use tantivy::Directory;
use tantivy::TantivyError;
use tantivy::directory::error::LockError;
use tantivy::directory::{DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};

use super::home::Home;
use crate::product_search::VERSION;
use crate::product_search::index::SearchError;
use crate::product_search::parking::{blocking, lot};
use crate::replay::ReplayError;

/// The newest version that has a live index here.
async fn newest(home: &Home) -> Result<Option<i32>, ReplayError> {
    Ok(home.ask(|home| Ok(home.versions()?.pop())).await?)
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
    let versions = home.ask(Home::versions).await?;
    let newest = versions.last().copied().filter(|newest| versions.contains(&version) && *newest > version);
    let newest = newest.ok_or(ReplayError::NotSuperseded(version))?;
    let old = home.of_version(version);
    let Some((_, _lock)) = old.ask(Home::building).await? else { return Err(ReplayError::Running) };
    let its_home = old.clone();
    let writers = blocking(move || its_home.folders()?.into_iter().map(Writer::of).collect());
    let writers: Vec<Writer> = writers.await?;
    if writers.iter().any(|writer| matches!(writer.lock, Lock::Busy)) {
        return Err(ReplayError::StillFed(version));
    }
    if home.ask(move |home| Ok(home.position_of(newest) < home.position_of(version))).await? {
        return Err(ReplayError::Behind(newest));
    }
    // Held until all is gone: nobody begins to feed what is being deleted.
    for writer in &writers {
        lot::delete(pool, &writer.folder).await?;
    }
    Ok(old.ask(Home::remove).await?)
}

/// Whether a process feeds the live index here: it goes over to what a replay makes, and shows that.
pub async fn is_fed(home: &Home) -> Result<bool, ReplayError> {
    let live = home.ask(|home| Ok(home.current()?.map(|generation| home.folder(generation)))).await?;
    let Some(live) = live else { return Ok(false) };
    Ok(blocking(move || Ok(matches!(Writer::of(live)?.lock, Lock::Busy))).await?)
}

/// Whoever feeds the index in a folder has its lock.
struct Writer {
    folder: PathBuf,
    lock: Lock,
}

enum Lock {
    /// Somebody else has it.
    Busy,
    /// It is ours for as long as this lives.
    Held(#[allow(dead_code, reason = "it is held")] DirectoryLock),
    /// There is no such folder.
    Nowhere,
}

impl Writer {
    fn of(folder: PathBuf) -> Result<Self, SearchError> {
        if !folder.exists() {
            return Ok(Self { folder, lock: Lock::Nowhere });
        }
        let directory = MmapDirectory::open(&folder).map_err(TantivyError::from)?;
        let lock = match directory.acquire_lock(&INDEX_WRITER_LOCK) {
            Ok(lock) => Lock::Held(lock),
            Err(LockError::LockBusy) => Lock::Busy,
            Err(LockError::IoError(error)) => return Err(io::Error::new(error.kind(), error).into()),
        };
        Ok(Self { folder, lock })
    }
}
