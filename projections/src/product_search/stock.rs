//! How many of each product are for sale, beside the index.
//!
//! Kept in a file of its own, because an index can't change a number in a document without writing all of it again.
//! The file grows by a block at each commit: the commit's position (8 bytes), how many entries follow (4), and for each
//! the product's id (16) and its stock (8), all little-endian. A block is on disk before its commit; when the file is
//! opened, what follows the last commit is cut off.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

const HEADER: usize = 12;
const ENTRY: usize = 24;

/// The file is written anew when it is longer than this and four times what it must be.
const SHORT: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct StockFile {
    path: PathBuf,
    file: File,
    length: u64,
    available: HashMap<Uuid, i64>,
}

impl StockFile {
    /// Opens the file in an index's folder as of the commit at `position`; nothing if the file doesn't know that commit.
    pub(super) fn open(folder: &Path, position: i64) -> io::Result<Option<Self>> {
        let path = folder.join("stock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let bytes = fs::read(&path)?;
        let mut available = HashMap::new();
        let (mut length, mut last) = (0, 0);
        while let Some(block) = block(&bytes[length..])
            && block.position <= position
        {
            available.extend(block.entries());
            last = block.position;
            length += block.length();
        }
        if last != position {
            return Ok(None);
        }
        let length = length as u64;
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Some(Self { path, file, length, available }))
    }

    /// How many are for sale.
    pub(super) fn get(&self, id: Uuid) -> i64 {
        self.available.get(&id).copied().unwrap_or(0)
    }

    /// Changes a stock in memory.
    pub(super) fn add(&mut self, id: Uuid, change: i64) {
        let available = self.available.entry(id).or_default();
        *available = available.saturating_add(change);
    }

    /// Writes the stocks of these products, for the commit at `position`.
    pub(super) fn append(
        &mut self,
        position: i64,
        changed: impl ExactSizeIterator<Item = Uuid>,
    ) -> io::Result<()> {
        let bytes = encode(position, changed.map(|id| (id, self.get(id))));
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes the file anew when it has grown long. `position` is the last commit's, and nothing has changed since.
    pub(super) fn compact(&mut self, position: i64) -> io::Result<()> {
        let needed = (HEADER + ENTRY * self.available.len()) as u64;
        if self.length < SHORT || self.length < needed * 4 {
            return Ok(());
        }
        let bytes = encode(position, self.available.iter().map(|(id, stock)| (*id, *stock)));
        let new = self.path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        self.file = file;
        self.length = bytes.len() as u64;
        Ok(())
    }
}

fn encode(position: i64, entries: impl ExactSizeIterator<Item = (Uuid, i64)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + ENTRY * entries.len());
    bytes.extend_from_slice(&position.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(entries.len()).unwrap_or(u32::MAX).to_le_bytes());
    for (id, stock) in entries {
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(&stock.to_le_bytes());
    }
    bytes
}

struct Block<'a> {
    position: i64,
    entries: &'a [[u8; ENTRY]],
}

/// The block at the beginning of these bytes, if it is there as a whole.
fn block(bytes: &[u8]) -> Option<Block<'_>> {
    let (position, rest) = bytes.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let count = u32::from_le_bytes(*count) as usize;
    let entries = rest.get(..count.checked_mul(ENTRY)?)?.as_chunks::<ENTRY>().0;
    Some(Block { position: i64::from_le_bytes(*position), entries })
}

impl Block<'_> {
    fn length(&self) -> usize {
        HEADER + ENTRY * self.entries.len()
    }

    fn entries(&self) -> impl Iterator<Item = (Uuid, i64)> {
        self.entries.iter().filter_map(|entry| {
            let (id, stock) = entry.split_first_chunk::<16>()?;
            Some((Uuid::from_bytes(*id), i64::from_le_bytes(*stock.first_chunk()?)))
        })
    }
}
