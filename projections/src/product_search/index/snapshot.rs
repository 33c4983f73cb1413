//! What searches see: everything at one position of the log.
//!
//! Most texts are in the index on disk, which is committed every few seconds. What was described anew since then is in
//! memory, and masks what the disk says of it; so is the table, which is always of this position.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use tantivy::TantivyError;

use super::disk::{Disk, Stored};
use super::segment::List;
use super::shelf::Ready;
use crate::product_search::table::{Categories, Name, Slots, Table};
use crate::product_search::text::{Bits, Text, Tokens, Words};

/// A product that was described since the last commit.
#[derive(Debug)]
pub(crate) struct Recent {
    pub(super) slot: u32,
    pub(super) stored: Stored,
    pub(crate) tokens: Tokens,
    /// Made when it is first shown.
    ready: OnceLock<Arc<Ready>>,
}

impl Recent {
    pub(super) fn new(slot: u32, stored: Stored, tokens: Tokens) -> Self {
        Self { slot, stored, tokens, ready: OnceLock::new() }
    }

    fn ready(&self) -> &Arc<Ready> {
        self.ready.get_or_init(|| Arc::new(Ready::of(self.stored.clone())))
    }
}

/// The state of a moment. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) position: i64,
    pub(crate) words: Arc<Words>,
    pub(crate) table: Arc<Table>,
    pub(crate) categories: Arc<Categories>,
    pub(crate) disk: Arc<Disk>,
    /// Slots of which the disk says nothing true any more.
    pub(crate) masked: Arc<Slots>,
    /// By slot.
    pub(crate) recent: Arc<Vec<Arc<Recent>>>,
}

impl Snapshot {
    /// Where a word is on disk in these texts: of a segment in their order.
    pub(crate) fn lists(&self, word: &str, texts: &[Text]) -> Result<Vec<List<'_>>, TantivyError> {
        let mut lists = Vec::new();
        for segment in &self.disk.segments {
            for text in texts {
                lists.extend(segment.list(*text, word)?);
            }
        }
        Ok(lists)
    }

    /// Each of these products that is on a list, and how often it has the word there.
    pub(crate) fn on_disk_with(
        &self,
        list: &List<'_>,
        among: &Slots,
        mut found: impl FnMut(u32, u32),
    ) -> Result<(), TantivyError> {
        let _all = list.each(|slot, times| {
            if among.contains(slot) && !self.masked.contains(slot) {
                found(slot, times);
            }
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    /// The products in memory that may have a word, or in which it may be written so: only few others.
    fn recent_with(&self, word: &str) -> impl Iterator<Item = &Recent> {
        let bits = Bits::of(word);
        self.recent.iter().map(AsRef::as_ref).filter(move |recent: &&Recent| recent.tokens.may_have(bits))
    }

    /// Each product in memory with a word, in which text, and how often it is there.
    pub(crate) fn in_memory_with(&self, word: &str, mut found: impl FnMut(u32, Text, u32)) {
        for recent in self.recent_with(word) {
            // Of one word they are in the order of their texts.
            for in_text in recent.tokens.of_word(word).chunk_by(|one, other| one.text == other.text) {
                if let [first, ..] = in_text {
                    found(recent.slot, first.text, u32::try_from(in_text.len()).unwrap_or(u32::MAX));
                }
            }
        }
    }

    /// Each product in which a word is written so, or in the name of its category or of one above it, until `found` says
    /// that it is enough.
    fn with_written(
        &self,
        surface: &str,
        mut found: impl FnMut(u32) -> ControlFlow<()>,
    ) -> Result<(), TantivyError> {
        let categories = self.categories.with_written(surface);
        for slot in self.of_categories(categories) {
            if found(slot).is_break() {
                return Ok(());
            }
        }
        // Each once.
        let mut found = |slot| match categories.binary_search(&self.table.row(slot).category) {
            Ok(_) => ControlFlow::Continue(()),
            Err(_) => found(slot),
        };
        for segment in &self.disk.segments {
            let said = segment.written(surface, |slot| {
                if self.masked.contains(slot) { ControlFlow::Continue(()) } else { found(slot) }
            })?;
            if said.is_break() {
                return Ok(());
            }
        }
        for recent in self.recent_with(surface).filter(|recent| recent.tokens.is_written(surface)) {
            if found(recent.slot).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The products with a word in any of these texts, in which `lists` are where it is on disk.
    pub(crate) fn with_word(
        &self,
        word: &str,
        texts: &[Text],
        lists: &[List<'_>],
    ) -> Result<Slots, TantivyError> {
        let mut slots = Slots::default();
        for list in lists {
            list.insert_into(&mut slots, word)?;
        }
        slots.remove_all(&self.masked);
        self.in_memory_with(word, |slot, text, _| {
            if texts.contains(&text) {
                slots.insert(slot);
            }
        });
        Ok(slots)
    }

    /// The products in whose category's name a word is, or in that of one above it; hidden ones too.
    pub(crate) fn in_categories(&self, word: &str) -> impl Iterator<Item = u32> {
        self.of_categories(self.categories.with_word(word))
    }

    fn of_categories(&self, categories: &[Name]) -> impl Iterator<Item = u32> {
        categories.iter().flat_map(|category| self.table.of_category(*category).iter())
    }

    /// In how many of these products a word is written so, or in the name of their category or of one above it. `on_disk`
    /// are those of them that nothing masks.
    pub(crate) fn written_in(
        &self,
        surface: &str,
        all: &Slots,
        on_disk: &Slots,
    ) -> Result<usize, TantivyError> {
        let of_category = self.of_categories(self.categories.with_written(surface));
        let of_category: Slots = of_category.filter(|slot| all.contains(*slot)).collect();
        let mut count = of_category.count();
        let others = if count == 0 {
            Cow::Borrowed(on_disk)
        } else {
            let mut others = on_disk.clone();
            others.remove_all(&of_category);
            Cow::Owned(others)
        };
        for segment in &self.disk.segments {
            count += segment.count_written(surface, &others)?;
        }
        let recent = self.recent_with(surface).filter(|recent| recent.tokens.is_written(surface));
        let recent = recent.map(|recent| recent.slot).filter(|slot| all.contains(*slot));
        Ok(count + recent.filter(|slot| !of_category.contains(*slot)).count())
    }

    /// The words that begin so in the names of categories and that `may_be` meant, and how many products are of these and of
    /// those below, hidden ones too; of words that no product has so, none.
    pub(crate) fn in_categories_with(
        &self,
        prefix: &str,
        may_be: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = (&str, u32)> {
        let count = |categories: &[Name]| -> usize {
            categories.iter().map(|category| self.table.of_category(*category).len()).sum()
        };
        let words = self.categories.written_with(prefix).filter(move |(word, _)| may_be(word));
        let counted =
            words.map(move |(word, categories)| (word, u32::try_from(count(categories)).unwrap_or(u32::MAX)));
        counted.filter(|(_, products)| *products > 0)
    }

    /// In how many products a word is written so, or in the name of their category or of one above it, counted no further
    /// than `most`.
    pub(crate) fn written(&self, surface: &str, most: usize) -> Result<usize, TantivyError> {
        let mut count = 0;
        self.with_written(surface, |_| {
            count += 1;
            if count < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(count)
    }

    /// Whether a word is written so in any product: it may be one that is gone.
    pub(crate) fn may_be_written(&self, surface: &str) -> bool {
        self.disk.vocabulary.times(surface) > 0
            || self.recent_with(surface).any(|recent| recent.tokens.is_written(surface))
    }

    /// Whether any product has this word in any text.
    pub(crate) fn knows(&self, word: &str) -> Result<bool, TantivyError> {
        if !self.categories.with_word(word).is_empty() || self.recent_with(word).any(|it| it.tokens.has(word))
        {
            return Ok(true);
        }
        for (segment, text) in
            self.disk.segments.iter().flat_map(|segment| Text::ALL.map(|text| (segment, text)))
        {
            let Some(list) = segment.list(text, word)? else { continue };
            let said = list.each(|slot, _| {
                if self.masked.contains(slot) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if said.is_break() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Each product with these words, two at least, in this order, at these distances, in one of its texts, and in which.
    pub(crate) fn with_phrase(
        &self,
        words: &[(usize, String)],
        mut found: impl FnMut(u32, Text),
    ) -> Result<(), TantivyError> {
        for text in Text::ALL {
            self.disk.phrase(text, words, |slot| {
                if !self.masked.contains(slot) {
                    found(slot, text);
                }
            })?;
            for recent in self.recent.iter().filter(|recent| has_phrase(&recent.tokens, text, words)) {
                found(recent.slot, text);
            }
        }
        Ok(())
    }

    /// What is known of a product.
    pub(crate) fn ready(&self, slot: u32) -> Result<Option<Arc<Ready>>, TantivyError> {
        match self.recent.binary_search_by_key(&slot, |recent| recent.slot) {
            Ok(place) => Ok(self.recent.get(place).map(|recent| Arc::clone(recent.ready()))),
            Err(_) if self.masked.contains(slot) => Ok(None),
            Err(_) => self.disk.ready(slot),
        }
    }
}

fn has_phrase(tokens: &Tokens, text: Text, words: &[(usize, String)]) -> bool {
    let Some(((first, word), rest)) = words.split_first() else { return false };
    let at = |word: &str, position: usize| {
        let mut places = tokens.of_word(word).iter();
        places.any(|place| place.text == text && place.position as usize == position)
    };
    let mut starts = tokens.of_word(word).iter().filter(|place| place.text == text);
    starts.any(|start| rest.iter().all(|(offset, word)| at(word, start.position as usize + offset - first)))
}
