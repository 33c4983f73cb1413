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

/// Every product's stock, as of one commit.
pub(super) type Stock = HashMap<Uuid, i64>;

#[derive(Debug)]
pub(super) struct StockFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl StockFile {
    /// Opens the file in an index's folder as of the commit at `position`; nothing if the file doesn't know that commit.
    pub(super) fn open(folder: &Path, position: i64) -> io::Result<Option<(Self, Stock)>> {
        let path = folder.join("stock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let Some((stock, length)) = read(&fs::read(&path)?, position) else { return Ok(None) };
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Some((Self { path, file, length }, stock)))
    }

    /// Looks at the file that another process writes.
    pub(super) fn look(folder: &Path, position: i64) -> io::Result<Option<Stock>> {
        match fs::read(folder.join("stock")) {
            Ok(bytes) => Ok(read(&bytes, position).map(|(stock, _)| stock)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(Stock::new())),
            Err(error) => Err(error),
        }
    }

    /// Adds a block.
    pub(super) fn append(&mut self, block: &[u8]) -> io::Result<()> {
        self.file.write_all(block)?;
        self.file.sync_data()?;
        self.length += block.len() as u64;
        Ok(())
    }

    /// Whether the file is much longer than that of so many products must be.
    pub(super) fn is_long(&self, products: usize) -> bool {
        self.length >= SHORT && self.length >= (HEADER + ENTRY * products) as u64 * 4
    }

    /// Writes the file anew: one block with every product, of the last commit.
    pub(super) fn replace(&mut self, block: &[u8]) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(block)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        self.file = file;
        self.length = block.len() as u64;
        Ok(())
    }
}

/// A block of the commit at `position`.
pub(super) fn block(position: i64, entries: &[(Uuid, i64)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + ENTRY * entries.len());
    bytes.extend_from_slice(&position.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(entries.len()).unwrap_or(u32::MAX).to_le_bytes());
    for (id, stock) in entries {
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(&stock.to_le_bytes());
    }
    bytes
}

/// What the blocks up to a commit say, and how long they are.
fn read(bytes: &[u8], position: i64) -> Option<(Stock, u64)> {
    let mut stock = Stock::new();
    let (mut length, mut last) = (0, 0);
    while let Some(block) = Block::first(&bytes[length..])
        && block.position <= position
    {
        stock.extend(block.entries());
        last = block.position;
        length += block.length();
    }
    (last == position).then_some((stock, length as u64))
}

struct Block<'a> {
    position: i64,
    entries: &'a [[u8; ENTRY]],
}

impl<'a> Block<'a> {
    /// The block at the beginning of these bytes, if it is there as a whole.
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let (position, rest) = bytes.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let count = u32::from_le_bytes(*count) as usize;
        let entries = rest.get(..count.checked_mul(ENTRY)?)?.as_chunks::<ENTRY>().0;
        Some(Self { position: i64::from_le_bytes(*position), entries })
    }

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
