//! What is filtered, counted and sorted by, of every product, in memory.
//!
//! A product has a slot for as long as the process runs. A table is cheap to clone: what searches see is a clone of that
//! moment, and a change copies the chunk that it is in, if a clone still has it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::SellerId;
use uuid::Uuid;

use super::by_name::ByName;
use super::entry::{Entry, price_key};
use super::fields::Text;
use crate::catalog::word_key;

/// So many rows are copied for a change.
const CHUNK: usize = 64;

/// A word that stands for itself: a brand, a tag, a category.
pub(super) type Name = u32;

/// Of what has none.
pub(super) const NO_NAME: Name = 0;

/// A product.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: Uuid,
    /// It was described and not withdrawn.
    pub(super) described: bool,
    pub(super) hidden: bool,
    pub(super) featured: bool,
    /// For sale: on hand − reserved.
    pub(super) stock: i64,
    pub(super) price: i64,
    pub(super) seller: SellerId,
    pub(super) category: Name,
    pub(super) brand: Name,
    pub(super) tags: Arc<[Name]>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) name_key: Arc<str>,
}

/// How many words each text of a product has.
pub(super) type Lengths = [u16; Text::COUNT];

impl Row {
    fn of(id: Uuid) -> Self {
        Self {
            id,
            described: false,
            hidden: false,
            featured: false,
            stock: 0,
            price: 0,
            seller: SellerId(Uuid::nil()),
            category: NO_NAME,
            brand: NO_NAME,
            tags: Arc::new([]),
            created_at: DateTime::UNIX_EPOCH,
            name_key: Arc::from(""),
        }
    }

    /// Whether anybody may find it.
    pub(super) fn is_shown(&self) -> bool {
        self.described && !self.hidden
    }
}

/// Words by number, and numbers by word. The empty word is number 0.
#[derive(Clone, Debug)]
pub(super) struct Names {
    words: Arc<Vec<Arc<str>>>,
    numbers: Arc<HashMap<Arc<str>, Name>>,
    /// Of each word, the first one that is written so but for its case.
    alike: Arc<Vec<Name>>,
    /// That first one, by how it is compared.
    by_key: Arc<HashMap<String, Name>>,
}

impl Default for Names {
    fn default() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            words: Arc::new(vec![Arc::clone(&none)]),
            numbers: Arc::new(HashMap::from([(none, NO_NAME)])),
            alike: Arc::new(vec![NO_NAME]),
            by_key: Arc::new(HashMap::from([(String::new(), NO_NAME)])),
        }
    }
}

impl Names {
    /// The number of a word, new or not.
    fn add(&mut self, word: &str) -> Name {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = Name::try_from(self.words.len()).unwrap_or(NO_NAME);
        let word: Arc<str> = Arc::from(word);
        let alike = *Arc::make_mut(&mut self.by_key).entry(word_key(&word)).or_insert(number);
        Arc::make_mut(&mut self.alike).push(alike);
        Arc::make_mut(&mut self.words).push(Arc::clone(&word));
        Arc::make_mut(&mut self.numbers).insert(word, number);
        number
    }

    /// The first word that is written like this one but for its case: one number for all of them.
    pub(super) fn alike(&self, number: Name) -> Name {
        self.alike.get(number as usize).copied().unwrap_or(NO_NAME)
    }

    /// The numbers of the words that are written so but for their case.
    pub(super) fn numbers_like(&self, word: &str) -> Vec<Name> {
        let Some(first) = self.by_key.get(&word_key(word)) else { return Vec::new() };
        (0..).zip(self.alike.iter()).filter(|(_, alike)| *alike == first).map(|(number, _)| number).collect()
    }

    /// The number of a word that is here.
    pub(super) fn number(&self, word: &str) -> Option<Name> {
        self.numbers.get(word).copied()
    }

    /// The numbers of the words that are so.
    pub(super) fn numbers_where(&self, mut wanted: impl FnMut(&str) -> bool) -> Vec<Name> {
        (0..).zip(self.words.iter()).filter(|(_, word)| wanted(word)).map(|(number, _)| number).collect()
    }

    /// The word of a number.
    pub(super) fn word(&self, number: Name) -> &Arc<str> {
        self.words.get(number as usize).unwrap_or(&self.words[0])
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }
}

/// All products.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    chunks: Vec<Arc<Vec<Row>>>,
    /// Apart from the rows: they are looked at for every word that is found, and are small.
    lengths: Vec<Arc<[Lengths; CHUNK]>>,
    len: usize,
    described: u64,
    words: [u64; Text::COUNT],
    by_brand: ByName,
    by_category: ByName,
    pub(super) categories: Names,
    pub(super) brands: Names,
    pub(super) tags: Names,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many products have texts.
    pub(super) fn described(&self) -> u64 {
        self.described
    }

    /// The products of a brand that anybody may find; of no brand none.
    pub(super) fn of_brand(&self, brand: Name) -> &[u32] {
        self.by_brand.slots(brand)
    }

    /// The products that say of themselves that they are of a category and that anybody may find.
    pub(super) fn of_category(&self, category: Name) -> &[u32] {
        self.by_category.slots(category)
    }

    /// Enters a product at its names, if it is shown.
    fn enter(&mut self, slot: u32) {
        let row = self.row(slot);
        let (shown, brand, category) = (row.is_shown(), row.brand, row.category);
        if shown {
            // Nobody asks for what has none, and it is much: all of it would be copied for each change.
            if brand != NO_NAME {
                self.by_brand.add(brand, slot);
            }
            if category != NO_NAME {
                self.by_category.add(category, slot);
            }
        }
    }

    /// Takes a product away from its names.
    fn strike(&mut self, slot: u32) {
        let row = self.row(slot);
        let (brand, category) = (row.brand, row.category);
        self.by_brand.remove(brand, slot);
        self.by_category.remove(category, slot);
    }

    /// How many words a text has on average; at least one.
    #[allow(clippy::cast_precision_loss, reason = "an average")]
    pub(super) fn average_length(&self, text: Text) -> f32 {
        (self.words[text as usize] as f32 / self.described.max(1) as f32).max(1.0)
    }

    pub(super) fn row(&self, slot: u32) -> &Row {
        let slot = slot as usize;
        &self.chunks[slot / CHUNK][slot % CHUNK]
    }

    /// How many words each text of a product has.
    pub(super) fn lengths(&self, slot: u32) -> &Lengths {
        let slot = slot as usize;
        &self.lengths[slot / CHUNK][slot % CHUNK]
    }

    fn set_lengths(&mut self, slot: u32, lengths: Lengths) {
        let slot = slot as usize;
        Arc::make_mut(&mut self.lengths[slot / CHUNK])[slot % CHUNK] = lengths;
    }

    /// Every slot with its row.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, &Row)> {
        (0..).zip(self.chunks.iter().flat_map(|chunk| chunk.iter()))
    }

    /// Every slot with its row, the last that was added first.
    pub(super) fn rows_backwards(&self) -> impl Iterator<Item = (u32, &Row)> {
        let chunks = (0..).step_by(CHUNK).zip(&self.chunks).collect::<Vec<_>>();
        chunks.into_iter().rev().flat_map(|(first, chunk)| {
            let rows = chunk.iter().enumerate().rev();
            rows.map(move |(place, row)| (first + u32::try_from(place).unwrap_or(u32::MAX), row))
        })
    }

    /// A slot for a product that has none.
    pub(super) fn add(&mut self, id: Uuid) -> u32 {
        let slot = self.len;
        self.put(slot, Row::of(id));
        u32::try_from(slot).unwrap_or(u32::MAX)
    }

    fn put(&mut self, slot: usize, row: Row) {
        while self.len <= slot {
            if self.len.is_multiple_of(CHUNK) {
                self.chunks.push(Arc::new(Vec::with_capacity(CHUNK)));
                self.lengths.push(Arc::new([[0; Text::COUNT]; CHUNK]));
            }
            if let Some(chunk) = self.chunks.last_mut() {
                Arc::make_mut(chunk).push(Row::of(Uuid::nil()));
            }
            self.len += 1;
        }
        Arc::make_mut(&mut self.chunks[slot / CHUNK])[slot % CHUNK] = row;
    }

    fn row_mut(&mut self, slot: u32) -> &mut Row {
        let slot = slot as usize;
        &mut Arc::make_mut(&mut self.chunks[slot / CHUNK])[slot % CHUNK]
    }

    /// Takes over a product that had this slot before the process started.
    pub(super) fn restore(&mut self, slot: u32, id: Uuid) {
        self.put(slot as usize, Row::of(id));
    }

    pub(super) fn set_stock(&mut self, slot: u32, stock: i64) {
        self.row_mut(slot).stock = stock;
    }

    /// Says what a product is now.
    pub(super) fn describe(&mut self, slot: u32, entry: &Entry, lengths: Lengths) {
        self.forget_words(slot);
        self.strike(slot);
        self.set_lengths(slot, lengths);
        let product = &entry.product;
        let category = entry.category().map_or(NO_NAME, |word| self.categories.add(&word_key(&word)));
        let brand = product.brand.as_deref().map_or(NO_NAME, |brand| self.brands.add(brand.trim()));
        let tags = product.tags.iter().map(|tag| self.tags.add(&word_key(tag))).collect();
        self.described += 1;
        for (sum, length) in self.words.iter_mut().zip(lengths) {
            *sum += u64::from(length);
        }
        let row = self.row_mut(slot);
        *row = Row {
            id: row.id,
            described: true,
            hidden: product.hidden,
            featured: product.featured,
            stock: row.stock,
            price: price_key(product.price),
            seller: product.seller_id,
            category,
            brand,
            tags,
            created_at: entry.created_at,
            name_key: Arc::from(word_key(&product.name)),
        };
        self.enter(slot);
    }

    /// Takes a product's description away.
    pub(super) fn withdraw(&mut self, slot: u32) {
        self.forget_words(slot);
        self.strike(slot);
        let row = self.row_mut(slot);
        *row = Row { stock: row.stock, ..Row::of(row.id) };
    }

    fn forget_words(&mut self, slot: u32) {
        if !self.row(slot).described {
            return;
        }
        let lengths = *self.lengths(slot);
        self.described -= 1;
        for (sum, length) in self.words.iter_mut().zip(lengths) {
            *sum -= u64::from(length);
        }
    }
}
