//! An index that is being fed.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use domain::product::public::ProductPublicEvent;
use domain::public::{PublicData, PublicEvent};
use event_store::Head;
use tantivy::collector::TopDocs;
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;
use tantivy::query::TermQuery;
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError};
use uuid::Uuid;

use super::entry::Entry;
use super::fields::{Fields, register_analyzer};
use super::stock::StockFile;
use crate::catalog::stock_change;
use crate::read_model::ApplyError;

/// The memory in which documents are gathered before they are written: one thread writes them all.
const MEMORY: usize = 32 << 20;

/// Why an index could not be opened or fed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process feeds it.
    #[error("another process feeds this index")]
    Busy,
    /// It is damaged, or of another build: it must be built again.
    #[error("the index in this folder can't be used: {0}")]
    Unusable(&'static str),
    /// Tantivy said so.
    #[error("the search index failed")]
    Tantivy(#[source] TantivyError),
    /// The disk said so.
    #[error("the search index's folder failed")]
    Io(#[from] io::Error),
    /// What is kept of a product could not be written or read.
    #[error("a product could not be kept in the index")]
    Entry(#[from] serde_json::Error),
    /// An event that can't be taken.
    #[error("a batch could not be applied")]
    Apply(#[from] ApplyError),
}

impl From<TantivyError> for SearchError {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::LockFailure(LockError::LockBusy, _) => Self::Busy,
            TantivyError::SchemaError(_) => Self::Unusable("it has another schema"),
            TantivyError::DataCorruption(_) => Self::Unusable("it is damaged"),
            other => Self::Tantivy(other),
        }
    }
}

/// An index with its writer. There is one writer to a folder, whatever the process.
pub(super) struct Feed {
    writer: IndexWriter,
    reader: IndexReader,
    fields: Fields,
    stock: StockFile,
    /// Products whose documents must be written, or deleted, at the next commit.
    pending: HashMap<Uuid, Option<Entry>>,
    /// Products whose stock changed since the last commit, and whether they were in stock then.
    moved: HashMap<Uuid, bool>,
    head: Head,
    committed: Head,
}

/// Opens the index in a folder to read it, or makes an empty one.
pub(super) fn open(folder: &Path) -> Result<(Index, Fields), SearchError> {
    let (schema, fields) = Fields::schema();
    let directory = MmapDirectory::open(folder).map_err(TantivyError::from)?;
    let index = Index::open_or_create(directory, schema)?;
    register_analyzer(&index);
    Ok((index, fields))
}

/// The checkpoint that the last commit carries.
pub(super) fn committed(index: &Index) -> Result<Head, SearchError> {
    match index.load_metas()?.payload {
        None => Ok(Head::EMPTY),
        Some(payload) => payload.parse().map_err(|_| SearchError::Unusable("its checkpoint can't be read")),
    }
}

/// A reader that is told when to look again.
pub(super) fn reader(index: &Index) -> Result<IndexReader, SearchError> {
    Ok(index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?)
}

impl Feed {
    /// Opens the index in a folder to feed it.
    pub(super) fn open(folder: &Path) -> Result<Self, SearchError> {
        let (index, fields) = open(folder)?;
        let writer = index.writer_with_num_threads(1, MEMORY)?;
        let head = committed(&index)?;
        let stock = StockFile::open(folder, head.position)?
            .ok_or(SearchError::Unusable("its stock is of another moment"))?;
        let reader = reader(&index)?;
        Ok(Self {
            writer,
            reader,
            fields,
            stock,
            pending: HashMap::new(),
            moved: HashMap::new(),
            head,
            committed: head,
        })
    }

    pub(super) fn reader(&self) -> &IndexReader {
        &self.reader
    }

    pub(super) fn fields(&self) -> Fields {
        self.fields
    }

    /// Where it has come to; what of that is committed may be less.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Whether there is anything to commit, be it a checkpoint.
    pub(super) fn is_ahead(&self) -> bool {
        self.head != self.committed
    }

    /// How many documents the next commit writes, as far as is known.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Whether searches would answer differently after a commit.
    pub(super) fn is_stale(&self) -> bool {
        !self.pending.is_empty()
            || self.moved.iter().any(|(id, was_in_stock)| (self.stock.get(*id) > 0) != *was_in_stock)
    }

    /// Takes a batch in.
    pub(super) fn apply(&mut self, events: &[PublicEvent], head: Head) -> Result<(), SearchError> {
        for event in events {
            match &event.data {
                PublicData::Products(product) => self.product(event, product)?,
                PublicData::Inventory(moved) => {
                    let id = ApplyError::aggregate_uuid(event)?;
                    let change = stock_change(moved, event.sequence)
                        .and_then(|change| change.on_hand.checked_sub(change.reserved))
                        .ok_or_else(|| ApplyError::bad(event, "a quantity is too large"))?;
                    let in_stock = self.stock.get(id) > 0;
                    self.moved.entry(id).or_insert(in_stock);
                    self.stock.add(id, change);
                }
                PublicData::Orders(_)
                | PublicData::Carts(_)
                | PublicData::Payments(_)
                | PublicData::Coupons(_)
                | PublicData::Categories(_) => {}
            }
        }
        self.head = head;
        Ok(())
    }

    fn product(&mut self, event: &PublicEvent, data: &ProductPublicEvent) -> Result<(), SearchError> {
        let id = ApplyError::aggregate_uuid(event)?;
        let entry = match data {
            ProductPublicEvent::ProductCreated(created) => {
                Some(Entry::new(&created.product, event.occurred_at))
            }
            ProductPublicEvent::ProductRevised(revised) => {
                let created_at = self.entry(id)?.map_or(event.occurred_at, |entry| entry.created_at);
                Some(Entry::new(&revised.product, created_at))
            }
            ProductPublicEvent::ProductWithdrawn(_) => None,
        };
        self.pending.insert(id, entry);
        Ok(())
    }

    /// What is known of a product: from this commit's changes, else from the index.
    fn entry(&self, id: Uuid) -> Result<Option<Entry>, SearchError> {
        if let Some(pending) = self.pending.get(&id) {
            return Ok(pending.clone());
        }
        let searcher = self.reader.searcher();
        let query = TermQuery::new(self.fields.id_term(id), IndexRecordOption::Basic);
        let found = searcher.search(&query, &TopDocs::with_limit(1))?;
        let Some((_, address)) = found.first() else { return Ok(None) };
        let document: TantivyDocument = searcher.doc(*address)?;
        let source = document.get_first(self.fields.source).and_then(|value| value.as_str());
        Ok(source.map(serde_json::from_str).transpose()?)
    }

    /// Writes everything and makes it visible to the reader.
    pub(super) fn commit(&mut self) -> Result<(), SearchError> {
        for (id, was_in_stock) in &self.moved {
            if (self.stock.get(*id) > 0) != *was_in_stock
                && !self.pending.contains_key(id)
                && let Some(entry) = self.entry(*id)?
            {
                self.pending.insert(*id, Some(entry));
            }
        }
        for (id, entry) in self.pending.drain() {
            self.writer.delete_term(self.fields.id_term(id));
            if let Some(entry) = entry {
                let in_stock = self.stock.get(id) > 0;
                self.writer.add_document(self.fields.document(id, &entry, in_stock)?)?;
            }
        }
        self.stock.append(self.head.position, self.moved.keys().copied())?;
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&self.head.to_string());
        commit.commit()?;
        self.moved.clear();
        self.committed = self.head;
        self.stock.compact(self.head.position)?;
        self.reader.reload()?;
        Ok(())
    }

    /// Waits for merges, so that the folder can be left or moved.
    pub(super) fn close(self) -> Result<(), SearchError> {
        Ok(self.writer.wait_merging_threads()?)
    }
}
