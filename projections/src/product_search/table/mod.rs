//! What is filtered, counted and sorted by, of every product, in memory.
//!
//! A product has a slot for as long as the process runs. A table is cheap to clone: what searches see is a clone of that
//! moment, and a change copies the little that it is among, if a clone still has it.
//!
//! - A product is a [row] in [column]s. What all that match are looked at for is small, and a change of it rewrites no text.
//! - Brands, tags and [categories] are [names] in [shards], by number; the products of one, and of a seller, are found
//!   [`by_name`] and [`by_seller`], in [runs]. Of any other set of products there are the [slots].
//! - Names of products are ordered by [collation].

mod by_name;
mod by_seller;
mod categories;
mod collation;
mod column;
mod names;
mod row;
mod runs;
mod shards;
mod slots;

use std::ops::Range;
use std::sync::Arc;

use domain::ids::SellerId;
use domain::review::Rating;
use uuid::Uuid;

use self::by_name::ByName;
use self::by_seller::BySeller;
use self::column::Column;
use self::row::Lengths;
use crate::catalog::word_key;
use crate::product_search::text::{Entry, Text};

pub(crate) use self::categories::{Categories, CategoryOrWord};
pub(crate) use self::names::{NO_NAME, Name, Names};
pub(crate) use self::row::{Rest, Row, price_key};
pub(crate) use self::runs::Runs;
pub(crate) use self::slots::Slots;

/// All products.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    rows: Column<Row>,
    rests: Column<Rest>,
    lengths: Column<Lengths>,
    len: u32,
    described: u64,
    words: [u64; Text::COUNT],
    /// Those that anybody may find.
    shown: Arc<Slots>,
    by_brand: ByName,
    by_category: ByName,
    by_seller: BySeller,
    pub(crate) categories: Names,
    pub(crate) brands: Names,
    pub(crate) tags: Names,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// How many products have texts.
    pub(crate) fn described(&self) -> u64 {
        self.described
    }

    /// The products that anybody may find.
    pub(crate) fn shown(&self) -> &Slots {
        &self.shown
    }

    /// Whether anybody may find a product.
    pub(crate) fn is_shown(&self, slot: u32) -> bool {
        self.shown.contains(slot)
    }

    /// The products of a brand that anybody may find; of no brand none.
    pub(crate) fn of_brand(&self, brand: Name) -> &Runs {
        self.by_brand.slots(brand)
    }

    /// The products that say of themselves that they are of a category, hidden ones too; of no category none.
    pub(crate) fn of_category(&self, category: Name) -> &Runs {
        self.by_category.slots(category)
    }

    /// The products of a seller that anybody may find.
    pub(crate) fn of_seller(&self, seller: SellerId) -> &Runs {
        self.by_seller.slots(seller)
    }

    /// The seller of a product, if anybody may find it.
    fn seller_of(&self, slot: u32) -> Option<SellerId> {
        self.row(slot).is_shown().then(|| self.rest(slot).seller)
    }

    /// Moves a product from the list of its seller to another one. Mostly it is the same, and nothing is copied.
    fn change_hands(&mut self, slot: u32, before: Option<SellerId>) {
        let now = self.seller_of(slot);
        if now != before {
            if let Some(seller) = before {
                self.by_seller.remove(seller, slot);
            }
            if let Some(seller) = now {
                self.by_seller.add(seller, slot);
            }
        }
    }

    /// Enters a product that is described where it is looked for.
    fn enter(&mut self, slot: u32) {
        let row = *self.row(slot);
        // Nobody asks for what has no name, and it is much: all of it would be copied for each change.
        if row.category != NO_NAME {
            self.by_category.add(row.category, slot);
        }
        if row.is_shown() {
            Arc::make_mut(&mut self.shown).insert(slot);
            if row.brand != NO_NAME {
                self.by_brand.add(row.brand, slot);
            }
        }
    }

    /// Takes a product away from there.
    fn strike(&mut self, slot: u32) {
        let Row { brand, category, .. } = *self.row(slot);
        self.by_brand.remove(brand, slot);
        self.by_category.remove(category, slot);
        Arc::make_mut(&mut self.shown).remove(slot);
    }

    /// How many words a text has on average; at least one.
    #[allow(clippy::cast_precision_loss, reason = "an average")]
    pub(crate) fn average_length(&self, text: Text) -> f32 {
        (self.words[text as usize] as f32 / self.described.max(1) as f32).max(1.0)
    }

    pub(crate) fn row(&self, slot: u32) -> &Row {
        self.rows.get(slot)
    }

    pub(crate) fn rest(&self, slot: u32) -> &Rest {
        self.rests.get(slot)
    }

    /// How many words each text of a product has.
    pub(crate) fn lengths(&self, slot: u32) -> &Lengths {
        self.lengths.get(slot)
    }

    /// Every slot, in the order in which they were added.
    pub(crate) fn slots(&self) -> Range<u32> {
        0..self.len
    }

    /// A slot for a product that has none.
    pub(crate) fn add(&mut self, id: Uuid) -> u32 {
        let slot = self.len;
        self.restore(slot, id);
        slot
    }

    /// Takes over a product that had this slot before the process started.
    pub(crate) fn restore(&mut self, slot: u32, id: Uuid) {
        self.len = self.len.max(slot + 1);
        let len = self.len();
        self.rows.make_room(len);
        self.rests.make_room(len);
        self.lengths.make_room(len);
        *self.rests.get_mut(slot) = Rest::of(id);
    }

    pub(crate) fn set_stock(&mut self, slot: u32, stock: i64) {
        self.rows.get_mut(slot).stock = stock;
    }

    pub(crate) fn set_rating(&mut self, slot: u32, rating: Rating) {
        self.rests.get_mut(slot).rating = rating;
        self.rows.get_mut(slot).average = rating.average().unwrap_or(0);
    }

    /// Says what a product is now.
    pub(crate) fn describe(&mut self, slot: u32, entry: &Entry, lengths: Lengths) {
        let seller = self.seller_of(slot);
        self.forget_words(slot);
        self.strike(slot);
        *self.lengths.get_mut(slot) = lengths;
        let product = &entry.product;
        let category = entry.category().map_or(NO_NAME, |word| self.categories.add(word.trim()));
        let brand = product.brand.as_deref().map_or(NO_NAME, |brand| self.brands.add(brand.trim()));
        let tags = product.tags.iter().map(|tag| self.tags.add(&word_key(tag))).collect();
        self.described += 1;
        for (sum, length) in self.words.iter_mut().zip(lengths) {
            *sum += u64::from(length);
        }
        let row = self.rows.get_mut(slot);
        *row = Row {
            stock: row.stock,
            price: price_key(product.price),
            created: entry.created_at.timestamp_micros(),
            category,
            brand,
            average: row.average,
            currency: Some(product.price.currency),
            described: true,
            hidden: product.hidden,
            featured: product.featured,
        };
        let rest = self.rests.get_mut(slot);
        *rest = Rest {
            id: rest.id,
            seller: product.seller_id,
            tags,
            created_at: entry.created_at,
            name_key: collation::key(&product.name),
            rating: rest.rating,
        };
        self.enter(slot);
        self.change_hands(slot, seller);
    }

    /// Takes a product's description away.
    pub(crate) fn withdraw(&mut self, slot: u32) {
        let seller = self.seller_of(slot);
        self.forget_words(slot);
        self.strike(slot);
        let row = self.rows.get_mut(slot);
        *row = Row::of_numbers(row.stock, row.average);
        let rest = self.rests.get_mut(slot);
        *rest = Rest { rating: rest.rating, ..Rest::of(rest.id) };
        self.change_hands(slot, seller);
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
