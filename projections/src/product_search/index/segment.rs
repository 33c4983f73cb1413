//! A segment of the index on disk: the lists of its words, and its documents.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use tantivy::index::SegmentId;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::store::StoreReader;
use tantivy::{DocId, InvertedIndexReader, SegmentReader, TantivyDocument, TantivyError, Term};

use super::fields::{Fields, SLOT};
use super::kept::Kept;
use crate::product_search::table::Slots;
use crate::product_search::text::Text;

/// So many blocks of documents of a segment are kept unpacked, of 16 KiB each. What is shown again and again is on the shelf.
const BLOCKS: usize = 64;
/// The slot of a document that was deleted.
const GONE: u32 = u32::MAX;

/// A segment of a commit.
pub(crate) struct Segment {
    pub(super) reader: SegmentReader,
    files: Arc<Files>,
    /// The slot of each document, as long as it is there.
    slots: Arc<[u32]>,
    /// Those slots, where some of the documents were deleted. No two documents of a segment have the same slot: a commit
    /// writes a slot once, and a merge leaves out what is deleted.
    alive: Option<Slots>,
}

/// What of a segment is the same in every commit that has it: all but which documents were deleted.
struct Files {
    /// The slot of each document, deleted or not.
    slots: Arc<[u32]>,
    /// So many slots there are up to the last one of these.
    room: usize,
    /// It keeps blocks of documents unpacked, which is why it is kept.
    store: StoreReader,
    texts: [Listed; Text::COUNT],
    surface: Listed,
    kept: Kept,
}

/// A field's words, each with a list of the documents that have it.
struct Listed {
    field: Field,
    lists: Arc<InvertedIndexReader>,
}

impl Listed {
    fn open(reader: &SegmentReader, field: Field) -> Result<Self, TantivyError> {
        Ok(Self { field, lists: reader.inverted_index(field)? })
    }

    /// Where the list of a word is, if there is one.
    fn find(&self, word: &str) -> io::Result<Option<TermInfo>> {
        self.lists.get_term_info(&Term::from_field_text(self.field, word))
    }

    fn read(&self, info: &TermInfo, option: IndexRecordOption) -> io::Result<BlockSegmentPostings> {
        self.lists.read_block_postings_from_terminfo(info, option)
    }
}

/// The documents of a segment with a word.
#[allow(clippy::large_enum_variant, reason = "it is used up where it is made")]
enum Listing {
    /// The slots of all of them, deleted ones too.
    Set(Arc<Slots>),
    /// Their list.
    List(BlockSegmentPostings),
}

impl Files {
    fn open(reader: &SegmentReader, fields: Fields, kept: &Kept) -> Result<Self, TantivyError> {
        let column = reader.fast_fields().u64(SLOT)?;
        let slot = |doc| column.first(doc).and_then(|slot| u32::try_from(slot).ok());
        let slots: Arc<[u32]> = (0..reader.max_doc()).map(|doc| slot(doc).unwrap_or(GONE)).collect();
        let last = slots.iter().filter(|slot| **slot != GONE).max();
        let mut texts = Vec::with_capacity(Text::COUNT);
        for text in Text::ALL {
            texts.push(Listed::open(reader, fields.text(text))?);
        }
        let texts =
            texts.try_into().map_err(|_| TantivyError::InternalError("a text is missing".to_owned()))?;
        Ok(Self {
            room: last.map_or(0, |last| *last as usize + 1),
            slots,
            store: reader.get_store_reader(BLOCKS)?,
            texts,
            surface: Listed::open(reader, fields.surface)?,
            kept: kept.clone(),
        })
    }
}

impl Segment {
    fn of(reader: &SegmentReader, files: Arc<Files>) -> Self {
        let slots = if reader.has_deletes() {
            let alive = |(doc, slot): (DocId, &u32)| if reader.is_deleted(doc) { GONE } else { *slot };
            (0..).zip(files.slots.iter()).map(alive).collect()
        } else {
            Arc::clone(&files.slots)
        };
        let alive =
            reader.has_deletes().then(|| slots.iter().copied().filter(|slot| *slot != GONE).collect());
        Self { reader: reader.clone(), files, slots, alive }
    }

    /// Of a reader; `before` are the segments of the commit before, of which it may be one. Its sets are `kept` with those of
    /// all others.
    pub(super) fn open(
        reader: &SegmentReader,
        fields: Fields,
        before: &[Self],
        kept: &Kept,
    ) -> Result<Self, TantivyError> {
        let known = before.iter().find(|known| known.id() == reader.segment_id());
        let files = match known {
            Some(known) => Arc::clone(&known.files),
            None => Arc::new(Files::open(reader, fields, kept)?),
        };
        Ok(Self::of(reader, files))
    }

    /// The list of the documents that have a word in a text, if there is one.
    pub(super) fn list(&self, text: Text, word: &str) -> io::Result<Option<List<'_>>> {
        let listed = &self.files.texts[text as usize];
        let info = listed.find(word)?;
        Ok(info.map(|info| List { segment: self, listed, text, info }))
    }

    /// Each slot in which a word is written so, until `found` says that it is enough.
    pub(super) fn written(
        &self,
        surface: &str,
        mut found: impl FnMut(u32) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        let listed = &self.files.surface;
        let Some(info) = listed.find(surface)? else { return Ok(ControlFlow::Continue(())) };
        Ok(self.each(listed.read(&info, IndexRecordOption::Basic)?, |slot, _| found(slot)))
    }

    /// In how many of these slots a word is written so.
    pub(super) fn count_written(&self, surface: &str, among: &Slots) -> io::Result<usize> {
        let listed = &self.files.surface;
        if let Some(all) = self.files.kept.get(self.id(), listed.field, surface) {
            return Ok(all.count_in(among, self.alive.as_ref()));
        }
        let Some(info) = listed.find(surface)? else { return Ok(0) };
        let mut count = 0;
        match self.listing(listed, surface, &info)? {
            Listing::Set(all) => count = all.count_in(among, self.alive.as_ref()),
            Listing::List(list) => {
                let _all = self.each(list, |slot, _| {
                    count += usize::from(among.contains(slot));
                    ControlFlow::Continue(())
                });
            }
        }
        Ok(count)
    }

    /// Which documents have a word: kept, where they are many.
    fn listing(&self, listed: &Listed, word: &str, info: &TermInfo) -> io::Result<Listing> {
        let is_kept = Kept::is_worth(info.doc_freq, self.files.room);
        let known = || self.files.kept.get(self.id(), listed.field, word);
        if is_kept && let Some(kept) = known() {
            return Ok(Listing::Set(kept));
        }
        let mut block = listed.read(info, IndexRecordOption::Basic)?;
        if !is_kept {
            return Ok(Listing::List(block));
        }
        let mut all = Slots::with_room(self.files.room);
        while !block.docs().is_empty() {
            let slots = block.docs().iter().filter_map(|doc| self.files.slots.get(*doc as usize));
            slots.filter(|slot| **slot != GONE).for_each(|slot| all.insert(*slot));
            block.advance();
        }
        Ok(Listing::Set(self.files.kept.keep(self.id(), listed.field, word, all)))
    }

    /// Block by block, as they are unpacked.
    fn each(
        &self,
        mut block: BlockSegmentPostings,
        mut found: impl FnMut(u32, u32) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while !block.docs().is_empty() {
            for (place, doc) in block.docs().iter().enumerate() {
                if let Some(slot) = self.slot(*doc) {
                    found(slot, block.freq(place))?;
                }
            }
            block.advance();
        }
        ControlFlow::Continue(())
    }

    /// Which one it is, in any commit.
    pub(super) fn id(&self) -> SegmentId {
        self.reader.segment_id()
    }

    /// Whether it is one of these.
    pub(super) fn is_among(&self, others: &[Self]) -> bool {
        others.iter().any(|other| other.id() == self.id())
    }

    /// Each document that is there, and its slot.
    pub(super) fn documents(&self) -> impl Iterator<Item = (DocId, u32)> {
        (0..).zip(self.slots.iter().copied()).filter(|(_, slot)| *slot != GONE)
    }

    /// A document as it is kept.
    pub(super) fn document(&self, doc: DocId) -> Result<TantivyDocument, TantivyError> {
        self.files.store.get(doc)
    }

    /// The words as they are written.
    pub(crate) fn surface(&self) -> &InvertedIndexReader {
        &self.files.surface.lists
    }

    /// The slot of a document, unless it was deleted.
    pub(super) fn slot(&self, doc: DocId) -> Option<u32> {
        self.slots.get(doc as usize).copied().filter(|slot| *slot != GONE)
    }
}

/// The list of the documents of a segment that have a word in a text.
pub(crate) struct List<'a> {
    segment: &'a Segment,
    listed: &'a Listed,
    pub(crate) text: Text,
    info: TermInfo,
}

impl List<'_> {
    /// Adds their slots. `word` is the list's own.
    pub(super) fn insert_into(&self, slots: &mut Slots, word: &str) -> io::Result<()> {
        match self.segment.listing(self.listed, word, &self.info)? {
            Listing::Set(all) => slots.insert_all(&all, self.segment.alive.as_ref()),
            Listing::List(list) => {
                let _all = self.segment.each(list, |slot, _| {
                    slots.insert(slot);
                    ControlFlow::Continue(())
                });
            }
        }
        Ok(())
    }

    /// Each slot, and how often the word is there, until `found` says that it is enough.
    pub(super) fn each(&self, found: impl FnMut(u32, u32) -> ControlFlow<()>) -> io::Result<ControlFlow<()>> {
        let block = self.listed.read(&self.info, IndexRecordOption::WithFreqs)?;
        Ok(self.segment.each(block, found))
    }
}
