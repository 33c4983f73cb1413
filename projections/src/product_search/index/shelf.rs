//! Products that were shown lately, as they were read from the disk.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use domain::ids::ProductId;
use domain::product::{Attribute, Image, ProductDetails};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tantivy::DocId;
use tantivy::index::SegmentId;
use uuid::Uuid;

use super::disk::Stored;
use crate::product_search::text::Analyzer;
use crate::product_search::text::spots::{Spots, room};

/// So many bytes of products: thousands of them. Unpacking one, reading its text and finding the words in it takes
/// many times as long as all else that is done to show it.
const ROOM: u64 = 32 << 20;

/// What an entry takes beside the product, about.
const ENTRY: usize = 256;

/// What the allocator adds to a text, about.
const ALLOCATION: usize = 16;

/// What a name and a value take in a map beside their letters: where they come in order its nodes are six elevenths full.
const PAIR: usize = 2 * size_of::<String>() * 11 / 6;

/// A product, ready to be shown.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) id: Uuid,
    pub(crate) details: Arc<ProductDetails>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) version: i64,
    /// Found when words are first marked in it.
    spots: OnceLock<Spots>,
}

impl Ready {
    pub(super) fn of(stored: Stored) -> Self {
        let Stored { id, entry, .. } = stored;
        Self {
            id,
            details: Arc::new(entry.product.into()),
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            version: entry.version,
            spots: OnceLock::new(),
        }
    }

    pub(crate) fn spots(&self, analyzer: &Analyzer) -> &Spots {
        self.spots.get_or_init(|| Spots::of(&self.details, analyzer))
    }

    /// About how much room it takes, with its spots, for most that are shown once have words marked in them.
    fn bytes(&self) -> usize {
        let it = &self.details;
        let text = |text: &String| text.len() + ALLOCATION;
        let long = &it.long_description;
        let plain = [&it.sku, &it.slug, &it.name, &it.description];
        let others = [&it.external_id, long, &it.brand, &it.category, &it.shipping_profile_id];
        let texts: usize = plain.into_iter().chain(others.into_iter().flatten()).map(text).sum();
        let tags: usize = it.tags.iter().map(|tag| size_of::<String>() + text(tag)).sum();
        let image = |it: &Image| size_of::<Image>() + text(&it.url) + it.alt.as_ref().map_or(0, text);
        let images: usize = it.images.iter().map(image).sum();
        let attribute = |it: &Attribute| size_of::<Attribute>() + text(&it.name) + text(&it.value);
        let attributes: usize = it.attributes.iter().map(attribute).sum();
        let pairs = it.specifications.iter();
        let specifications: usize = pairs.map(|(name, value)| PAIR + text(name) + text(value)).sum();
        let spots = room(&it.name) + room(&it.description) + long.as_deref().map_or(0, room);
        let fixed = size_of::<Self>() + size_of::<ProductDetails>();
        let related = it.related.len() * size_of::<ProductId>();
        fixed + texts + tags + images + attributes + specifications + related + spots
    }
}

/// The products of any commit: a segment never changes, and what is gone with one is soon what was shown longest ago.
#[derive(Clone)]
pub(super) struct Shelf(Cache<(SegmentId, DocId), Arc<Ready>>);

impl Default for Shelf {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(ROOM)
                .eviction_policy(EvictionPolicy::lru())
                .weigher(|_, ready: &Arc<Ready>| u32::try_from(ready.bytes() + ENTRY).unwrap_or(u32::MAX))
                .build(),
        )
    }
}

impl Shelf {
    pub(super) fn get(&self, segment: SegmentId, doc: DocId) -> Option<Arc<Ready>> {
        self.0.get(&(segment, doc))
    }

    /// Keeps a product.
    pub(super) fn put(&self, segment: SegmentId, doc: DocId, ready: &Arc<Ready>) {
        self.0.insert((segment, doc), Arc::clone(ready));
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::SellerId;

    use super::*;
    use crate::product_search::text::spots::Spot;
    use crate::product_search::text::{Entry, Language, Text};

    /// A lamp with so many sentences and facts, as it is read from the disk.
    fn lamp(sentences: usize, facts: usize) -> Ready {
        let sentence =
            "The lamp has a shade of linen, a base of oak and a cord of 1.5 m; it takes an E27 bulb. ";
        let mut details = crate::testing::history::details(SellerId(Uuid::from_u128(7)), 1, 100);
        details.name = "Desk lamp of oak, with a shade of linen".to_owned();
        details.description = sentence.repeat(sentences);
        details.long_description = Some(sentence.repeat(3 * sentences));
        let fact = |n: usize| (format!("Property {n:03}"), format!("Value of {n}"));
        details.attributes = (0..5).map(fact).map(|(name, value)| Attribute { name, value }).collect();
        details.specifications = (0..facts).map(fact).collect();
        let now = DateTime::UNIX_EPOCH;
        let entry = Entry { product: details.into(), created_at: now, updated_at: now, version: 1 };
        let stored = Stored { id: Uuid::from_u128(1), entry, lengths: [0; Text::COUNT] };
        let written = serde_json::to_string(&stored).unwrap();
        Ready::of(serde_json::from_str(&written).unwrap())
    }

    /// What it has on the heap, with the spots that were found; of a map what its nodes have room for.
    fn on_the_heap(ready: &Ready) -> usize {
        let it = &ready.details;
        let plain = [&it.sku, &it.slug, &it.name, &it.description];
        let others = [&it.external_id, &it.long_description, &it.brand, &it.category];
        let pairs = it.attributes.iter().map(|it| (&it.name, &it.value)).chain(&it.specifications);
        let texts = plain.into_iter().chain(others.into_iter().flatten()).chain(&it.tags);
        let texts: usize =
            texts.chain(pairs.flat_map(|(name, value)| [name, value])).map(String::capacity).sum();
        let lists =
            it.attributes.capacity() * size_of::<Attribute>() + it.tags.capacity() * size_of::<String>();
        // Of eleven pairs each, of which six are taken, and one more stands above them.
        let nodes = it.specifications.len().div_ceil(7) * 11 * 2 * size_of::<String>();
        let spots = ready.spots.get().map_or(0, |spots| {
            let all = [&spots.name, &spots.description, &spots.long_description];
            all.into_iter().map(|spots| spots.len() * size_of::<Spot>()).sum()
        });
        size_of::<Ready>() + size_of::<ProductDetails>() + texts + lists + nodes + spots
    }

    #[test]
    fn a_product_takes_about_as_much_as_is_said() {
        for (sentences, facts) in [(1, 30), (5, 10), (20, 30), (200, 0)] {
            let lamp = lamp(sentences, facts);
            let said = lamp.bytes();
            lamp.spots(&Analyzer::new(Language::default()));
            let heap = on_the_heap(&lamp);
            assert!(said >= heap && said <= heap + heap / 3, "{said} for {heap}: {sentences}, {facts}");
        }
    }

    #[test]
    fn there_is_room_for_thousands_of_products() {
        let bytes = u64::try_from(lamp(4, 20).bytes() + ENTRY).unwrap();
        assert!(ROOM / bytes >= 2_000, "{bytes}");
    }
}
