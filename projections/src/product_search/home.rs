//! Where an index is on disk, and which one.
//!
//! `search/product_search/current` names the live index's folder beside it: `g3`. A rebuild works in `building` and
//! renames it when it is whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use event_store::Head;
use serde::Deserialize;

use super::lot;
use super::words::Words;

/// The folder of a rebuild.
const BUILDING: &str = "building";

/// The folder of the product search's indexes, and what words are in them.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
    words: Arc<Words>,
}

impl Home {
    /// The one under this `DAYBOOK_HOME`.
    pub fn under(daybook_home: &Path) -> Self {
        Self { root: daybook_home.join("search").join(super::NAME), words: Arc::default() }
    }

    /// The same with other words.
    #[must_use]
    pub fn with(self, words: Words) -> Self {
        Self { words: Arc::new(words), ..self }
    }

    /// What words are in its indexes.
    pub(super) fn words(&self) -> &Arc<Words> {
        &self.words
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The number of the live index, if there is one.
    pub(super) fn current(&self) -> io::Result<Option<u32>> {
        match fs::read_to_string(self.root.join("current")) {
            Ok(text) => Ok(number(text.trim())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The number and the folder of the live index; an empty one where there is none.
    pub(super) fn live(&self) -> io::Result<(u32, PathBuf)> {
        let generation = match self.current()? {
            Some(generation) if self.folder(generation).is_dir() => generation,
            Some(_) | None => self.start_over()?,
        };
        Ok((generation, self.folder(generation)))
    }

    /// The folder of an index.
    pub(super) fn folder(&self, generation: u32) -> PathBuf {
        self.root.join(format!("g{generation}"))
    }

    /// The folder of a rebuild, in which a broken one may have left something, and the lock that keeps others out of it;
    /// nothing while another one has it.
    pub(super) fn building(&self) -> io::Result<Option<(PathBuf, File)>> {
        fs::create_dir_all(&self.root)?;
        let lock = File::create(self.root.join("replay.lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        Ok(Some((self.root.join(BUILDING), lock)))
    }

    /// Makes what was built in a folder the live index, and says which that is.
    pub(super) fn swap_in(&self, building: &Path) -> io::Result<u32> {
        let next = self.next()?;
        fs::rename(building, self.folder(next))?;
        self.point_to(next)?;
        Ok(next)
    }

    /// A number that no index here has.
    fn next(&self) -> io::Result<u32> {
        Ok(self.generations()?.into_iter().chain(self.current()?).max().unwrap_or(0) + 1)
    }

    /// Makes an empty folder the live index's.
    pub(super) fn start_over(&self) -> io::Result<u32> {
        fs::create_dir_all(&self.root)?;
        let generation = self.next()?;
        fs::create_dir_all(self.folder(generation))?;
        self.point_to(generation)?;
        Ok(generation)
    }

    /// Starts over where the index that failed is the live one. Meanwhile a replay may have swapped in another, which is good.
    pub(super) fn give_up(&self, failed: Option<u32>) -> io::Result<()> {
        let live = self.current()?;
        if live.is_none() || live == failed {
            self.start_over()?;
        }
        Ok(())
    }

    /// Moves the pointer.
    fn point_to(&self, generation: u32) -> io::Result<()> {
        let new = self.root.join("current.new");
        let mut file = File::create(&new)?;
        writeln!(file, "g{generation}")?;
        file.sync_all()?;
        fs::rename(&new, self.root.join("current"))?;
        File::open(&self.root)?.sync_all()
    }

    /// The indexes before this one. A later one is a rebuild's, about to be pointed to.
    pub(super) fn older_than(&self, generation: u32) -> io::Result<Vec<u32>> {
        Ok(self.generations()?.into_iter().filter(|other| *other < generation).collect())
    }

    fn generations(&self) -> io::Result<Vec<u32>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            found.extend(entry?.file_name().to_str().and_then(number));
        }
        Ok(found)
    }
}

fn number(name: &str) -> Option<u32> {
    name.strip_prefix('g')?.parse().ok()
}

/// The live index in a `DAYBOOK_HOME`, as its last commit left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexOnDisk {
    /// What it is called in Postgres; nothing where it was never fed.
    pub name: Option<String>,
    /// The checkpoint.
    pub position: i64,
}

/// What the live index in a `DAYBOOK_HOME` is called in Postgres; nothing where it was never fed.
pub fn name_on_disk(daybook_home: &Path) -> Option<String> {
    let home = Home::under(daybook_home);
    lot::name_in(&home.folder(home.current().ok()??))
}

/// What the index is called that a replay builds in a `DAYBOOK_HOME`, or has left there.
pub(crate) fn building_on_disk(daybook_home: &Path) -> Option<String> {
    lot::name_in(&Home::under(daybook_home).root.join(BUILDING))
}

/// The live index in a `DAYBOOK_HOME`, if there is one.
pub fn on_disk(daybook_home: &Path) -> Option<IndexOnDisk> {
    #[derive(Deserialize)]
    struct Meta {
        payload: Option<String>,
    }
    let home = Home::under(daybook_home);
    let folder = home.folder(home.current().ok()??);
    let meta: Meta = serde_json::from_slice(&fs::read(folder.join("meta.json")).ok()?).ok()?;
    let position = meta.payload?.parse::<Head>().ok()?.position;
    Some(IndexOnDisk { name: lot::name_in(&folder), position })
}
