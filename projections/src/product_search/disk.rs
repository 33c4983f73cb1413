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
use super::shelf::{Ready, Shelf};
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
}

/// What of a segment is the same in every commit that has it: all but which documents were deleted.
struct Files {
    /// The slot of each document, deleted or not.
    slots: Arc<[u32]>,
    /// It keeps blocks of documents unpacked, which is why it is kept.
    store: StoreReader,
    texts: [Arc<InvertedIndexReader>; Text::COUNT],
    surface: Arc<InvertedIndexReader>,
}

impl Files {
    fn open(reader: &SegmentReader, fields: Fields) -> Result<Self, TantivyError> {
        let column = reader.fast_fields().u64(SLOT)?;
        let slot = |doc| column.first(doc).and_then(|slot| u32::try_from(slot).ok());
        let slots = (0..reader.max_doc()).map(|doc| slot(doc).unwrap_or(GONE)).collect();
        let mut texts = Vec::with_capacity(Text::COUNT);
        for text in Text::ALL {
            texts.push(reader.inverted_index(fields.text(text))?);
        }
        let texts =
            texts.try_into().map_err(|_| TantivyError::InternalError("a text is missing".to_owned()))?;
        Ok(Self {
            slots,
            store: reader.get_store_reader(BLOCKS)?,
            texts,
            surface: reader.inverted_index(fields.surface)?,
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
        Self { reader: reader.clone(), files, slots }
    }

    /// Each slot with a word in a text, and how often it is there, until `found` says that it is enough.
    pub(super) fn with_word(
        &self,
        text: Text,
        fields: Fields,
        word: &str,
        found: impl FnMut(u32, u32) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        let term = Term::from_field_text(fields.text(text), word);
        let texts = &self.files.texts[text as usize];
        Ok(self.each(texts.read_block_postings(&term, IndexRecordOption::WithFreqs)?, found))
    }

    /// Each slot in which a word is written so, until `found` says that it is enough.
    pub(super) fn written(
        &self,
        fields: Fields,
        surface: &str,
        mut found: impl FnMut(u32) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        let term = Term::from_field_text(fields.surface, surface);
        let postings = self.files.surface.read_block_postings(&term, IndexRecordOption::Basic)?;
        Ok(self.each(postings, |slot, _| found(slot)))
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
        &self.files.surface
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

    pub(super) fn fields(&self) -> Fields {
        self.fields
    }

    /// The slots that have a document.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.places).filter(|(_, place)| **place != NOWHERE).map(|(slot, _)| slot)
    }

    /// What the document of a slot was made of.
    pub(super) fn entry(&self, slot: u32) -> Result<Option<Arc<Ready>>, TantivyError> {
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
