//! The index on disk, as of one commit.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use tantivy::index::SegmentId;
use tantivy::postings::BlockSegmentPostings;
use tantivy::query::{EnableScoring, PhraseQuery, Query};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::store::StoreReader;
use tantivy::{
    DocId, DocSet, IndexReader, InvertedIndexReader, Searcher, SegmentReader, TERMINATED, TantivyDocument,
    TantivyError, Term,
};

use super::entry::Entry;
use super::fields::{Fields, SLOT, Text};
use super::kept::Kept;
use super::shelf::{Ready, Shelf};
use super::slots::Slots;
use super::vocabulary::Vocabulary;

/// So many blocks of documents of a segment are kept unpacked, of 16 KiB each. What is shown again and again is on the shelf.
const BLOCKS: usize = 64;
/// No document.
const NOWHERE: (u32, DocId) = (u32::MAX, 0);
/// The slot of a document that was deleted.
const GONE: u32 = u32::MAX;

/// A commit.
pub(super) struct Disk {
    searcher: Searcher,
    fields: Fields,
    pub(super) segments: Vec<Segment>,
    /// Where each slot's document is: the segment and the number in it.
    places: Vec<(u32, DocId)>,
    /// What is written in any segment.
    pub(super) vocabulary: Vocabulary,
    shelf: Shelf,
}

/// A segment of a commit.
pub(super) struct Segment {
    reader: SegmentReader,
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
}

/// A field's words, each with a list of the documents that have it.
struct Listed {
    field: Field,
    lists: Arc<InvertedIndexReader>,
    kept: Kept,
}

impl Listed {
    fn open(reader: &SegmentReader, field: Field) -> Result<Self, TantivyError> {
        Ok(Self { field, lists: reader.inverted_index(field)?, kept: Kept::default() })
    }

    /// The list of a word, if there is one.
    fn of(&self, word: &str, option: IndexRecordOption) -> io::Result<Option<BlockSegmentPostings>> {
        self.lists.read_block_postings(&Term::from_field_text(self.field, word), option)
    }
}

/// The documents of a segment with a word.
enum Having {
    /// The slots of all of them, deleted ones too.
    Many(Arc<Slots>),
    /// Their list, if there are any.
    Few(Option<BlockSegmentPostings>),
}

impl Files {
    fn open(reader: &SegmentReader, fields: Fields) -> Result<Self, TantivyError> {
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
        let alive = reader.has_deletes().then(|| {
            let mut alive = Slots::default();
            slots.iter().filter(|slot| **slot != GONE).for_each(|slot| alive.insert(*slot));
            alive
        });
        Self { reader: reader.clone(), files, slots, alive }
    }

    /// Each slot with a word in a text, and how often it is there, until `found` says that it is enough.
    pub(super) fn with_word(
        &self,
        text: Text,
        word: &str,
        found: impl FnMut(u32, u32) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        let listed = &self.files.texts[text as usize];
        Ok(self.each(listed.of(word, IndexRecordOption::WithFreqs)?, found))
    }

    /// Each slot in which a word is written so, until `found` says that it is enough.
    pub(super) fn written(
        &self,
        surface: &str,
        mut found: impl FnMut(u32) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        let postings = self.files.surface.of(surface, IndexRecordOption::Basic)?;
        Ok(self.each(postings, |slot, _| found(slot)))
    }

    /// Adds the slots with a word in a text.
    pub(super) fn insert_with_word(&self, text: Text, word: &str, slots: &mut Slots) -> io::Result<()> {
        match self.having(&self.files.texts[text as usize], word)? {
            Having::Many(all) => slots.insert_all(&all, self.alive.as_ref()),
            Having::Few(few) => {
                let _all = self.each(few, |slot, _| {
                    slots.insert(slot);
                    ControlFlow::Continue(())
                });
            }
        }
        Ok(())
    }

    /// In how many of these slots a word is written so.
    pub(super) fn count_written(&self, surface: &str, among: &Slots) -> io::Result<usize> {
        let mut count = 0;
        match self.having(&self.files.surface, surface)? {
            Having::Many(all) => count = all.count_in(among, self.alive.as_ref()),
            Having::Few(few) => {
                let _all = self.each(few, |slot, _| {
                    count += usize::from(among.contains(slot));
                    ControlFlow::Continue(())
                });
            }
        }
        Ok(count)
    }

    /// Which documents have a word: kept, where they are many.
    fn having(&self, listed: &Listed, word: &str) -> io::Result<Having> {
        if let Some(kept) = listed.kept.get(word) {
            return Ok(Having::Many(kept));
        }
        let mut block = match listed.of(word, IndexRecordOption::Basic)? {
            Some(list) if Kept::is_worth(list.doc_freq(), self.files.room) => list,
            few => return Ok(Having::Few(few)),
        };
        let mut all = Slots::default();
        while !block.docs().is_empty() {
            let slots = block.docs().iter().filter_map(|doc| self.files.slots.get(*doc as usize));
            slots.filter(|slot| **slot != GONE).for_each(|slot| all.insert(*slot));
            block.advance();
        }
        Ok(Having::Many(listed.kept.keep(word, all)))
    }

    /// Block by block, as they are unpacked.
    fn each(
        &self,
        postings: Option<BlockSegmentPostings>,
        mut found: impl FnMut(u32, u32) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(mut block) = postings else { return ControlFlow::Continue(()) };
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

    fn is_among(&self, others: &[Self]) -> bool {
        others.iter().any(|other| other.reader.segment_id() == self.reader.segment_id())
    }

    /// The words as they are written.
    pub(super) fn surface(&self) -> &InvertedIndexReader {
        &self.files.surface.lists
    }

    /// The slot of a document, unless it was deleted.
    pub(super) fn slot(&self, doc: DocId) -> Option<u32> {
        self.slots.get(doc as usize).copied().filter(|slot| *slot != GONE)
    }
}

impl Disk {
    /// What a reader shows now. `before` is what it showed before, which may have had some of its segments.
    pub(super) fn of(
        reader: &IndexReader,
        fields: Fields,
        before: Option<&Self>,
    ) -> Result<Self, TantivyError> {
        let searcher = reader.searcher();
        let known: HashMap<SegmentId, &Arc<Files>> = before
            .map(|disk| disk.segments.iter().map(|it| (it.reader.segment_id(), &it.files)).collect())
            .unwrap_or_default();
        let mut segments = Vec::new();
        let mut places = Vec::new();
        for (number, reader) in (0..).zip(searcher.segment_readers()) {
            let files = match known.get(&reader.segment_id()) {
                Some(files) => Arc::clone(files),
                None => Arc::new(Files::open(reader, fields)?),
            };
            let segment = Segment::of(reader, files);
            for (doc, &slot) in (0..).zip(segment.slots.iter()).filter(|(_, slot)| **slot != GONE) {
                if places.len() <= slot as usize {
                    places.resize(slot as usize + 1, NOWHERE);
                }
                places[slot as usize] = (number, doc);
            }
            segments.push(segment);
        }
        let of_before = before.map_or(&[][..], |disk| disk.segments.as_slice());
        let come = segments.iter().filter(|it| !it.is_among(of_before)).map(Segment::surface);
        let gone = of_before.iter().filter(|it| !it.is_among(&segments)).map(Segment::surface);
        let vocabulary = match before {
            Some(disk) => disk.vocabulary.after(come, gone)?,
            None => Vocabulary::default().after(come, gone)?,
        };
        let shelf = before.map(|disk| disk.shelf.clone()).unwrap_or_default();
        Ok(Self { searcher, fields, segments, places, vocabulary, shelf })
    }

    /// The slots that have a document.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.places).filter(|(_, place)| **place != NOWHERE).map(|(slot, _)| slot)
    }

    /// What the document of a slot was made of.
    pub(super) fn ready(&self, slot: u32) -> Result<Option<Arc<Ready>>, TantivyError> {
        let Some((segment, doc)) = self.place(slot) else { return Ok(None) };
        let segment_id = segment.reader.segment_id();
        if let Some(ready) = self.shelf.get(segment_id, doc) {
            return Ok(Some(ready));
        }
        let Some((stored, written)) = self.source(segment, doc)? else { return Ok(None) };
        let ready = Arc::new(Ready::of(stored));
        self.shelf.put(segment_id, doc, &ready, written);
        Ok(Some(ready))
    }

    /// The same for somebody who reads all of them, once.
    pub(super) fn read(&self, slot: u32) -> Result<Option<Stored>, TantivyError> {
        let Some((segment, doc)) = self.place(slot) else { return Ok(None) };
        Ok(self.source(segment, doc)?.map(|(stored, _)| stored))
    }

    fn place(&self, slot: u32) -> Option<(&Segment, DocId)> {
        let &(number, doc) = self.places.get(slot as usize)?;
        Some((self.segments.get(number as usize)?, doc))
    }

    /// What a document was made of, and how long its text is.
    fn source(&self, segment: &Segment, doc: DocId) -> Result<Option<(Stored, usize)>, TantivyError> {
        let document: TantivyDocument = segment.files.store.get(doc)?;
        let source = document.get_first(self.fields.source).and_then(|value| value.as_str());
        let unreadable = |error: serde_json::Error| {
            TantivyError::DataCorruption(tantivy::error::DataCorruption::comment_only(format!(
                "a document of the search index: {error}"
            )))
        };
        let read = |source: &str| serde_json::from_str(source).map(|stored| (stored, source.len()));
        source.map(read).transpose().map_err(unreadable)
    }

    /// The documents in which these words stand in this order, at these distances, in one text.
    pub(super) fn phrase(
        &self,
        text: Text,
        words: &[(usize, String)],
        mut found: impl FnMut(u32),
    ) -> Result<(), TantivyError> {
        let field: Field = self.fields.text(text);
        let terms = words.iter().map(|(at, word)| (*at, Term::from_field_text(field, word))).collect();
        let weight = PhraseQuery::new_with_offset(terms)
            .weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
        for segment in &self.segments {
            let mut scorer = weight.scorer(&segment.reader, 1.0)?;
            let mut doc = scorer.doc();
            while doc != TERMINATED {
                if let Some(slot) = segment.slot(doc) {
                    found(slot);
                }
                doc = scorer.advance();
            }
        }
        Ok(())
    }
}

/// A product's id and description, as a document keeps them.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Stored {
    pub(super) id: uuid::Uuid,
    pub(super) entry: Entry,
    /// How many words each of its texts has.
    pub(super) lengths: [u16; Text::COUNT],
}
