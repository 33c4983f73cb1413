//! Where an index is on disk, and which one.
//!
//! Each version has a folder of its own, so that a build's index is made while another build feeds and reads its own.
//! `search/product_search/v5/current` names the live index's folder beside it: `g3`. A rebuild works in `building` and
//! renames it when it is whole.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use event_store::Head;
use serde::Deserialize;

use crate::product_search::parking::{blocking, lot};
use crate::product_search::text::Words;
use crate::product_search::{NAME, VERSION};
use crate::runner::failure::FeedError;

/// The folder of a rebuild.
const BUILDING: &str = "building";

/// The last version whose builds had one folder for all versions: theirs is that in which those of later ones are.
const LAST_WITHOUT_A_FOLDER: i32 = 4;

/// The folder of a version of the product search's indexes, and what words are in them.
#[derive(Clone, Debug)]
pub struct Home {
    /// The folder of all versions.
    all: PathBuf,
    /// That of this one.
    root: PathBuf,
    words: Arc<Words>,
}

impl Home {
    /// The one under this `DAYBOOK_HOME`, of the version that this build knows.
    pub fn under(daybook_home: &Path) -> Self {
        Self::of(daybook_home.join("search").join(NAME), VERSION)
    }

    fn of(all: PathBuf, version: i32) -> Self {
        let root =
            if version > LAST_WITHOUT_A_FOLDER { all.join(format!("v{version}")) } else { all.clone() };
        Self { all, root, words: Arc::default() }
    }

    /// That of another version beside it.
    pub(in crate::product_search) fn of_version(&self, version: i32) -> Self {
        Self::of(self.all.clone(), version)
    }

    /// The versions that have a live index here, the oldest first.
    pub(super) fn versions(&self) -> io::Result<Vec<i32>> {
        let mut versions = vec![LAST_WITHOUT_A_FOLDER];
        match fs::read_dir(&self.all) {
            Ok(entries) => {
                for entry in entries {
                    versions.extend(entry?.file_name().to_str().and_then(|name| number::<i32>(name, 'v')));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        versions.sort_unstable();
        let mut live = Vec::new();
        for version in versions {
            if self.of_version(version).current()?.is_some() {
                live.push(version);
            }
        }
        Ok(live)
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

    /// Asks or does something of it where that holds nobody up.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, FeedError> {
        let home = self.clone();
        blocking(move || Ok(ask(&home)?)).await
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The number of the live index, if there is one.
    pub(in crate::product_search) fn current(&self) -> io::Result<Option<u32>> {
        match fs::read_to_string(self.root.join("current")) {
            Ok(text) => Ok(number(text.trim(), 'g')),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The whole path of the live index's folder; nothing where there is none.
    pub fn live_folder(&self) -> io::Result<Option<PathBuf>> {
        self.current()?.map(|generation| self.folder(generation).canonicalize()).transpose()
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
    pub(in crate::product_search) fn folder(&self, generation: u32) -> PathBuf {
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
    pub(in crate::product_search) fn start_over(&self) -> io::Result<u32> {
        fs::create_dir_all(&self.root)?;
        let generation = self.next()?;
        fs::create_dir_all(self.folder(generation))?;
        self.point_to(generation)?;
        Ok(generation)
    }

    /// Starts over where the index that failed is the live one. Meanwhile a replay may have swapped in another, which is good.
    pub(in crate::product_search) fn give_up(&self, failed: Option<u32>) -> io::Result<()> {
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

    /// What the last commit says of the live index.
    fn committed(&self, version: i32) -> Option<IndexOnDisk> {
        #[derive(Deserialize)]
        struct Meta {
            payload: Option<String>,
        }
        let folder = self.folder(self.current().ok()??);
        let meta: Meta = serde_json::from_slice(&fs::read(folder.join("meta.json")).ok()?).ok()?;
        let position = meta.payload?.parse::<Head>().ok()?.position;
        Some(IndexOnDisk { version, name: lot::name_in(&folder), position })
    }

    /// All indexes of this version that are here, and what a replay has left.
    pub(super) fn folders(&self) -> io::Result<Vec<PathBuf>> {
        let indexes = self.generations()?.into_iter().map(|generation| self.folder(generation));
        Ok(indexes.chain([self.root.join(BUILDING)]).collect())
    }

    /// Takes away what else is there of this version, the pointer last: until that is gone it can be done once more.
    pub(super) fn remove(&self) -> io::Result<()> {
        for file in ["replay.lock", "current"] {
            match fs::remove_file(self.root.join(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        if self.root == self.all { Ok(()) } else { fs::remove_dir_all(&self.root) }
    }

    /// How far the live index of a version was when it was last committed.
    pub(super) fn position_of(&self, version: i32) -> i64 {
        self.of_version(version).committed(version).map_or(0, |index| index.position)
    }

    fn generations(&self) -> io::Result<Vec<u32>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            found.extend(entry?.file_name().to_str().and_then(|name| number::<u32>(name, 'g')));
        }
        Ok(found)
    }
}

/// The number behind a letter: of an index, or of a version.
fn number<T: FromStr>(name: &str, letter: char) -> Option<T> {
    name.strip_prefix(letter)?.parse().ok()
}

/// The live index of a version in a `DAYBOOK_HOME`, as its last commit left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexOnDisk {
    /// The version.
    pub version: i32,
    /// What it is called in Postgres; nothing where it was never fed.
    pub name: Option<String>,
    /// The checkpoint.
    pub position: i64,
}

/// What the live index in a `DAYBOOK_HOME` is called in Postgres that this build feeds; nothing where it was never fed.
pub fn name_on_disk(daybook_home: &Path) -> Option<String> {
    let home = Home::under(daybook_home);
    lot::name_in(&home.folder(home.current().ok()??))
}

/// What the indexes are called that replays build in a `DAYBOOK_HOME`, or have left there.
pub(crate) fn building_on_disk(daybook_home: &Path) -> Vec<String> {
    let home = Home::under(daybook_home);
    let versions = home.versions().unwrap_or_default().into_iter().chain([VERSION]).collect::<BTreeSet<_>>();
    versions
        .into_iter()
        .filter_map(|version| lot::name_in(&home.of_version(version).root.join(BUILDING)))
        .collect()
}

/// The live indexes in a `DAYBOOK_HOME`, one of each version that is there, the oldest first.
pub fn on_disk(daybook_home: &Path) -> Vec<IndexOnDisk> {
    let home = Home::under(daybook_home);
    let versions = home.versions().unwrap_or_default();
    versions.into_iter().filter_map(|version| home.of_version(version).committed(version)).collect()
}
