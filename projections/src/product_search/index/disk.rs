//! The index on disk, as of one commit.

use std::sync::Arc;

use tantivy::query::{EnableScoring, PhraseQuery, Query};
use tantivy::schema::{Field, Value};
use tantivy::{DocId, DocSet, IndexReader, Searcher, TERMINATED, TantivyError, Term};

use super::fields::Fields;
use super::kept::Kept;
use super::segment::Segment;
use super::shelf::{Ready, Shelf};
use super::vocabulary::Vocabulary;
use crate::product_search::text::{Entry, Text};

/// No document.
const NOWHERE: (u32, DocId) = (u32::MAX, 0);

/// A commit.
pub(crate) struct Disk {
    searcher: Searcher,
    fields: Fields,
    pub(crate) segments: Vec<Segment>,
    /// Where each slot's document is: the segment and the number in it.
    places: Vec<(u32, DocId)>,
    /// What is written in any segment.
    pub(crate) vocabulary: Vocabulary,
    kept: Kept,
    shelf: Shelf,
}

impl Disk {
    /// What a reader shows now. `before` is what it showed before, which may have had some of its segments.
    pub(super) fn of(
        reader: &IndexReader,
        fields: Fields,
        before: Option<&Self>,
    ) -> Result<Self, TantivyError> {
        let searcher = reader.searcher();
        let of_before = before.map_or(&[][..], |disk| disk.segments.as_slice());
        let kept = before.map(|disk| disk.kept.clone()).unwrap_or_default();
        let mut segments = Vec::new();
        let mut places = Vec::new();
        for (number, reader) in (0..).zip(searcher.segment_readers()) {
            let segment = Segment::open(reader, fields, of_before, &kept)?;
            for (doc, slot) in segment.documents() {
                if places.len() <= slot as usize {
                    places.resize(slot as usize + 1, NOWHERE);
                }
                places[slot as usize] = (number, doc);
            }
            segments.push(segment);
        }
        let come = segments.iter().filter(|it| !it.is_among(of_before)).map(Segment::surface);
        let gone = of_before.iter().filter(|it| !it.is_among(&segments)).map(Segment::surface);
        let vocabulary = match before {
            Some(disk) => disk.vocabulary.after(come, gone)?,
            None => Vocabulary::default().after(come, gone)?,
        };
        let shelf = before.map(|disk| disk.shelf.clone()).unwrap_or_default();
        Ok(Self { searcher, fields, segments, places, vocabulary, kept, shelf })
    }

    /// The slots that have a document.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.places).filter(|(_, place)| **place != NOWHERE).map(|(slot, _)| slot)
    }

    /// What the document of a slot was made of.
    pub(super) fn ready(&self, slot: u32) -> Result<Option<Arc<Ready>>, TantivyError> {
        let Some((segment, doc)) = self.place(slot) else { return Ok(None) };
        let segment_id = segment.id();
        if let Some(ready) = self.shelf.get(segment_id, doc) {
            return Ok(Some(ready));
        }
        let Some(stored) = self.source(segment, doc)? else { return Ok(None) };
        let ready = Arc::new(Ready::of(stored));
        self.shelf.put(segment_id, doc, &ready);
        Ok(Some(ready))
    }

    /// The same for somebody who reads all of them, once.
    pub(super) fn read(&self, slot: u32) -> Result<Option<Stored>, TantivyError> {
        let Some((segment, doc)) = self.place(slot) else { return Ok(None) };
        self.source(segment, doc)
    }

    fn place(&self, slot: u32) -> Option<(&Segment, DocId)> {
        let &(number, doc) = self.places.get(slot as usize)?;
        Some((self.segments.get(number as usize)?, doc))
    }

    /// What a document was made of.
    fn source(&self, segment: &Segment, doc: DocId) -> Result<Option<Stored>, TantivyError> {
        let document = segment.document(doc)?;
        let source = document.get_first(self.fields.source).and_then(|value| value.as_str());
        let unreadable = |error: serde_json::Error| {
            TantivyError::DataCorruption(tantivy::error::DataCorruption::comment_only(format!(
                "a document of the search index: {error}"
            )))
        };
        source.map(serde_json::from_str).transpose().map_err(unreadable)
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
