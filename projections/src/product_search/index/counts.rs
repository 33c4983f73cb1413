//! What is counted of each product and changes while its texts stay: how many are for sale, and what its reviews come to.
//!
//! Kept in a file of its own beside the index, which can't change a number in a document without writing all of it again.
//! The file grows by a block at each commit: the commit's position (8 bytes), how many entries of each kind follow (4 each),
//! and the entries, all little-endian. Of a stock that is the product's id (16) and the stock (8); of a rating the id (16),
//! all stars together (4) and of how many reviews (4); of a review that is [lacking](Counts::lacking) the product's id
//! (16), the user's (16) and the first event (8). A block is on disk before its commit; when the file is opened, what
//! follows the last commit is cut off.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use domain::ids::{ProductId, UserId};
use domain::review::Rating;
use uuid::Uuid;

const FILE: &str = "counts";

const HEADER: usize = 20;
const STOCK: usize = 24;
const RATING: usize = 24;
const LACKING: usize = 40;

/// The file is written anew when it is longer than this and four times what the stocks alone must be.
const SHORT: u64 = 1 << 20;

/// Whose review of what.
pub(super) type Reviewed = (ProductId, UserId);

/// What is known of products, as of one commit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) stock: HashMap<Uuid, i64>,
    pub(super) ratings: HashMap<Uuid, Rating>,
    /// Reviews that could not be taken, from which event of their streams on: what they would add is in no rating. A
    /// rating doesn't say what it was made of, so this does.
    pub(super) lacking: HashMap<Reviewed, i64>,
}

/// What a block has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) position: i64,
    pub(super) stock: Vec<(Uuid, i64)>,
    pub(super) ratings: Vec<(Uuid, Rating)>,
    /// Those that are lacking, from which event on; of those that no longer are, nothing.
    pub(super) lacking: Vec<(Reviewed, Option<i64>)>,
}

#[derive(Debug)]
pub(super) struct CountsFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl CountsFile {
    /// Opens the file in an index's folder as of the commit at `position`; nothing if the file doesn't know that commit.
    pub(super) fn open(folder: &Path, position: i64) -> io::Result<Option<(Self, Counts)>> {
        let path = folder.join(FILE);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let Some((counts, length)) = read(&fs::read(&path)?, position) else { return Ok(None) };
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Some((Self { path, file, length }, counts)))
    }

    /// Looks at the file that another process writes.
    pub(super) fn look(folder: &Path, position: i64) -> io::Result<Option<Counts>> {
        match fs::read(folder.join(FILE)) {
            Ok(bytes) => Ok(read(&bytes, position).map(|(counts, _)| counts)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(Counts::default())),
            Err(error) => Err(error),
        }
    }

    /// Adds a block.
    pub(super) fn append(&mut self, block: &Block) -> io::Result<()> {
        let bytes = block.written();
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Whether the file is much longer than that of so many products must be.
    pub(super) fn is_long(&self, products: usize) -> bool {
        self.length >= SHORT && self.length >= (HEADER + STOCK * products) as u64 * 4
    }

    /// Writes the file anew: one block with everything, of the last commit.
    pub(super) fn replace(&mut self, block: &Block) -> io::Result<()> {
        let bytes = block.written();
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

impl Block {
    fn written(&self) -> Vec<u8> {
        let Self { position, stock, ratings, lacking } = self;
        let entries = STOCK * stock.len() + RATING * ratings.len() + LACKING * lacking.len();
        let mut bytes = Vec::with_capacity(HEADER + entries);
        bytes.extend_from_slice(&position.to_le_bytes());
        for count in [stock.len(), ratings.len(), lacking.len()] {
            bytes.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        }
        for (id, stock) in stock {
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&stock.to_le_bytes());
        }
        for (id, Rating { stars, reviews }) in ratings {
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&stars.to_le_bytes());
            bytes.extend_from_slice(&reviews.to_le_bytes());
        }
        for ((product, user), from) in lacking {
            bytes.extend_from_slice(product.0.as_bytes());
            bytes.extend_from_slice(user.0.as_bytes());
            // No stream has an event 0.
            bytes.extend_from_slice(&from.unwrap_or(0).to_le_bytes());
        }
        bytes
    }
}

/// What the blocks up to a commit say, and how long they are.
fn read(bytes: &[u8], position: i64) -> Option<(Counts, u64)> {
    let mut counts = Counts::default();
    let (mut length, mut last) = (0, 0);
    while let Some(block) = Found::first(&bytes[length..])
        && block.position <= position
    {
        block.add_to(&mut counts);
        last = block.position;
        length += block.length();
    }
    (last == position).then_some((counts, length as u64))
}

/// A block as it stands in the file.
struct Found<'a> {
    position: i64,
    stock: &'a [[u8; STOCK]],
    ratings: &'a [[u8; RATING]],
    lacking: &'a [[u8; LACKING]],
}

impl<'a> Found<'a> {
    /// The block at the beginning of these bytes, if it is there as a whole.
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = Bytes(bytes);
        let position = i64::from_le_bytes(rest.next()?);
        let [stock, ratings, lacking] = [rest.next()?, rest.next()?, rest.next()?].map(u32::from_le_bytes);
        Some(Self {
            position,
            stock: rest.entries(stock)?,
            ratings: rest.entries(ratings)?,
            lacking: rest.entries(lacking)?,
        })
    }

    fn length(&self) -> usize {
        HEADER + STOCK * self.stock.len() + RATING * self.ratings.len() + LACKING * self.lacking.len()
    }

    fn add_to(&self, counts: &mut Counts) {
        counts.stock.extend(self.stock.iter().filter_map(|entry| {
            let mut entry = Bytes(entry);
            Some((entry.id()?, i64::from_le_bytes(entry.next()?)))
        }));
        counts.ratings.extend(self.ratings.iter().filter_map(|entry| {
            let mut entry = Bytes(entry);
            let id = entry.id()?;
            let [stars, reviews] = [entry.next()?, entry.next()?].map(u32::from_le_bytes);
            Some((id, Rating { stars, reviews }))
        }));
        for entry in self.lacking {
            let mut entry = Bytes(entry);
            let (Some(product), Some(user), Some(from)) = (entry.id(), entry.id(), entry.next()) else {
                continue;
            };
            let review = (ProductId(product), UserId(user));
            match i64::from_le_bytes(from) {
                0 => counts.lacking.remove(&review),
                from => counts.lacking.insert(review, from),
            };
        }
    }
}

/// Bytes that are read from their beginning on.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn next<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn id(&mut self) -> Option<Uuid> {
        self.next().map(Uuid::from_bytes)
    }

    fn entries<const N: usize>(&mut self, count: u32) -> Option<&'a [[u8; N]]> {
        let (entries, rest) = self.0.split_at_checked((count as usize).checked_mul(N)?)?;
        self.0 = rest;
        Some(entries.as_chunks().0)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn review(product: u128, user: u128) -> Reviewed {
        (ProductId(id(product)), UserId(id(user)))
    }

    fn blocks() -> [Block; 3] {
        let rating = |stars, reviews| Rating { stars, reviews };
        [
            Block {
                position: 3,
                stock: vec![(id(1), 5), (id(2), -1)],
                ratings: vec![(id(1), rating(4, 1))],
                lacking: vec![(review(1, 8), Some(1)), (review(2, 9), Some(2))],
            },
            Block { position: 5, ..Block::default() },
            Block {
                position: 9,
                stock: vec![(id(2), 7)],
                ratings: vec![(id(1), rating(9, 2)), (id(3), rating(1, 1))],
                lacking: vec![(review(1, 8), None)],
            },
        ]
    }

    #[test]
    fn a_commit_says_what_was_known_then_and_what_came_after_it_is_cut_off() {
        let folder = TempDir::new().unwrap();
        let (mut file, nothing) = CountsFile::open(folder.path(), 0).unwrap().unwrap();
        assert_eq!(nothing, Counts::default());
        for block in blocks() {
            file.append(&block).unwrap();
        }
        let known = CountsFile::look(folder.path(), 9).unwrap().unwrap();
        assert_eq!(known.stock, HashMap::from([(id(1), 5), (id(2), 7)]));
        assert_eq!(known.ratings[&id(1)], Rating { stars: 9, reviews: 2 });
        assert_eq!(known.lacking, HashMap::from([(review(2, 9), 2)]));
        assert!(CountsFile::look(folder.path(), 8).unwrap().is_none(), "there was no such commit");

        let (file, before) = CountsFile::open(folder.path(), 5).unwrap().unwrap();
        assert_eq!(before.stock, HashMap::from([(id(1), 5), (id(2), -1)]));
        assert_eq!(before.lacking.len(), 2);
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().len(), file.length);
        assert!(CountsFile::look(folder.path(), 9).unwrap().is_none(), "it was cut off");
    }

    #[test]
    fn a_block_that_is_not_whole_is_none() {
        let folder = TempDir::new().unwrap();
        let [block, ..] = blocks();
        let bytes = block.written();
        for length in [0, 7, HEADER, bytes.len() - 1] {
            fs::write(folder.path().join(FILE), &bytes[..length]).unwrap();
            assert!(CountsFile::look(folder.path(), 3).unwrap().is_none(), "{length}");
        }
        let (mut file, _) = CountsFile::open(folder.path(), 0).unwrap().unwrap();
        file.replace(&block).unwrap();
        assert_eq!(CountsFile::look(folder.path(), 3).unwrap().unwrap().stock.len(), 2);
    }
}
