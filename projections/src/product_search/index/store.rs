//! The index in a folder: opening it, and writing a commit.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use event_store::Head;
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::{LockError, OpenReadError};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError};
use tokio::task::JoinError;

use super::background::in_background;
use super::counts::{Block, Counts, CountsFile};
use super::disk::Disk;
use super::fields::{self, Fields};
use super::snapshot::Recent;
use crate::catalog::Tree;
use crate::product_search::text::{Language, Text};

/// The memory in which documents are gathered before they are written: one thread writes them all.
const MEMORY: usize = 32 << 20;

/// Why an index could not be opened or fed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process feeds it.
    #[error("another process feeds this index")]
    Busy,
    /// It is of another build or another language: it must be built again.
    #[error("the index in this folder can't be used: {0}")]
    Unusable(Cow<'static, str>),
    /// Its files are not what was written: it must be built again.
    #[error("the index in this folder is damaged")]
    Damaged(#[source] TantivyError),
    /// Tantivy said so.
    #[error("the search index failed")]
    Tantivy(#[source] TantivyError),
    /// The disk said so.
    #[error("the search index's folder failed")]
    Io(#[from] io::Error),
    /// A bug. Trying again would meet it again.
    #[error("the search index panicked")]
    Panicked(#[source] JoinError),
    /// What is kept of a product could not be written or read.
    #[error("a product could not be kept in the index")]
    Entry(#[from] serde_json::Error),
}

impl From<TantivyError> for SearchError {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::LockFailure(LockError::LockBusy, _) => Self::Busy,
            error if is_of_files(&error) => Self::Damaged(error),
            other => Self::Tantivy(other),
        }
    }
}

/// Whether an error is of what is in the files, so that reading them again would say the same. What the machine says (no room,
/// no right, too many open files) may pass.
fn is_of_files(error: &TantivyError) -> bool {
    let is_of_bytes =
        |error: &io::Error| matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof);
    match error {
        TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::OpenReadError(
            OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_),
        ) => true,
        TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. }) => is_of_bytes(io_error),
        TantivyError::IoError(error) => is_of_bytes(error),
        _ => false,
    }
}

/// What a commit writes.
pub(super) struct Commit {
    pub(super) head: Head,
    /// By slot: a product's new description, or nothing where it was withdrawn.
    pub(super) documents: Vec<(u32, Option<Arc<Recent>>)>,
    /// What was counted anew since the last commit.
    pub(super) counts: Block,
    /// All that is counted, where the file has become long.
    pub(super) all_counts: Option<Block>,
    /// The categories, where they have changed.
    pub(super) tree: Option<Tree>,
}

/// What an index in a folder says, as of its last commit.
pub(crate) struct Opened {
    pub(super) head: Head,
    pub(super) disk: Disk,
    pub(super) counts: Counts,
    pub(super) tree: Tree,
}

/// An index with its writer. There is one writer to a folder, whatever the process.
pub(crate) struct Store {
    folder: PathBuf,
    fields: Fields,
    writer: IndexWriter,
    reader: IndexReader,
    counts: CountsFile,
}

/// Files end with their checksum's length and a number of Tantivy's; it panics where it has to look for these in less.
const SHORTEST_FILE: u64 = 8;

/// A file that is too short to be one.
fn stump(index: &Index, folder: &Path) -> Result<Option<PathBuf>, SearchError> {
    let mut files = index.searchable_segment_metas()?.into_iter().flat_map(|segment| segment.list_files());
    let length = |file: &PathBuf| fs::metadata(folder.join(file)).map(|it| it.len());
    Ok(files.find(|file| length(file).is_ok_and(|bytes| bytes < SHORTEST_FILE)))
}

impl Store {
    /// Opens the index in a folder to write it, or makes an empty one.
    pub(crate) fn open(folder: &Path, language: Language) -> Result<(Self, Opened), SearchError> {
        let (index, fields) = open(folder, language)?;
        // The threads that merge are started here. Those that write are started anew by each commit.
        let writer = in_background(|| index.writer_with_num_threads(1, MEMORY))?;
        if let Some(file) = stump(&index, folder)? {
            return Err(SearchError::Unusable(format!("{} is cut off", file.display()).into()));
        }
        // A list of a word that is damaged would be met by whoever searches for it. Reading all once takes little of a start.
        if let Some(file) = index.validate_checksum()?.into_iter().next() {
            return Err(SearchError::Unusable(format!("{} is damaged", file.display()).into()));
        }
        let head = committed(&index)?;
        let (counts, known) = CountsFile::open(folder, head.position)?
            .ok_or(SearchError::Unusable("its counts are of another moment".into()))?;
        let reader = reader(&index)?;
        let disk = Disk::of(&reader, fields, None)?;
        let opened = Opened { head, disk, counts: known, tree: read_tree(folder)? };
        Ok((Self { folder: folder.to_owned(), fields, writer, reader, counts }, opened))
    }

    /// Whether the file of counts should be written anew.
    pub(super) fn has_long_counts(&self, products: usize) -> bool {
        self.counts.is_long(products)
    }

    /// Writes everything, and opens what is written then.
    pub(super) fn write(&mut self, commit: &Commit, before: &Disk) -> Result<Disk, SearchError> {
        for (slot, recent) in &commit.documents {
            self.writer.delete_term(self.fields.slot_term(*slot));
            if let Some(recent) = recent {
                self.writer.add_document(self.document(recent)?)?;
            }
        }
        // Ahead of the commit it says what events after it will say again.
        if let Some(tree) = &commit.tree {
            write_tree(&self.folder, tree)?;
        }
        self.counts.append(&commit.counts)?;
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&commit.head.to_string());
        prepared.commit()?;
        if let Some(all) = &commit.all_counts {
            self.counts.replace(all)?;
        }
        self.reader.reload()?;
        Ok(Disk::of(&self.reader, self.fields, Some(before))?)
    }

    fn document(&self, recent: &Recent) -> Result<TantivyDocument, SearchError> {
        let mut document = TantivyDocument::new();
        document.add_u64(self.fields.slot, recent.slot.into());
        for text in Text::ALL {
            document.add_pre_tokenized_text(self.fields.text(text), recent.tokens.indexed(text));
        }
        document.add_pre_tokenized_text(self.fields.surface, recent.tokens.indexed_surface());
        document.add_text(self.fields.source, serde_json::to_string(&recent.stored)?);
        Ok(document)
    }

    /// Waits for merges, so that the folder can be left or moved.
    pub(super) fn close(self) -> Result<(), SearchError> {
        Ok(self.writer.wait_merging_threads()?)
    }
}

/// Looks at the index that another process writes; nothing where it has not come to what is asked for or is between two
/// commits. `before` is what was shown of it before.
pub(crate) fn look(
    folder: &Path,
    language: Language,
    newer_than: i64,
    before: Option<&Disk>,
) -> Result<Option<Opened>, SearchError> {
    let (index, fields) = open(folder, language)?;
    let head = committed(&index)?;
    if head.position <= newer_than {
        return Ok(None);
    }
    let disk = Disk::of(&reader(&index)?, fields, before)?;
    if committed(&index)? != head {
        return Ok(None);
    }
    let counts = CountsFile::look(folder, head.position)?;
    let tree = read_tree(folder)?;
    Ok(counts.map(|counts| Opened { head, disk, counts, tree }))
}

fn open(folder: &Path, language: Language) -> Result<(Index, Fields), SearchError> {
    let (schema, fields) = Fields::schema(language);
    let directory = MmapDirectory::open(folder).map_err(TantivyError::from)?;
    match Index::open_or_create(directory.clone(), schema) {
        Err(TantivyError::SchemaError(_)) => {
            let other = Index::open(directory)?.schema();
            Err(SearchError::Unusable(fields::difference(&other, language)))
        }
        opened => Ok((opened?, fields)),
    }
}

/// The checkpoint that the last commit carries.
fn committed(index: &Index) -> Result<Head, SearchError> {
    match index.load_metas()?.payload {
        None => Ok(Head::EMPTY),
        Some(payload) => {
            payload.parse().map_err(|_| SearchError::Unusable("its checkpoint can't be read".into()))
        }
    }
}

/// A reader that is told when to look again.
fn reader(index: &Index) -> Result<IndexReader, SearchError> {
    Ok(index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?)
}

fn read_tree(folder: &Path) -> Result<Tree, SearchError> {
    match fs::read(folder.join("categories.json")) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|_| SearchError::Unusable("its categories can't be read".into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Tree::default()),
        Err(error) => Err(error.into()),
    }
}

fn write_tree(folder: &Path, tree: &Tree) -> Result<(), SearchError> {
    let new = folder.join("categories.new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(tree)?)?;
    file.sync_all()?;
    fs::rename(&new, folder.join("categories.json"))?;
    Ok(())
}
