//! Products that were shown lately, as they were read from the disk.

use std::sync::{Arc, OnceLock};

use domain::product::ProductDetails;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tantivy::DocId;
use tantivy::index::SegmentId;

use super::analyze::Analyzer;
use super::disk::Stored;
use super::entry::Entry;
use super::spots::Spots;

/// So many bytes of products: thousands of them. Unpacking one, reading its text and finding the words in it takes
/// many times as long as all else that is done to show it.
const ROOM: u64 = 32 << 20;

/// What the words of a text take at most for each of its bytes: a word of one letter, and a blank.
const SPOTS_FOR_A_BYTE: usize = 24;

/// A product, ready to be shown.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) stored: Stored,
    /// Made when it is first shown.
    details: OnceLock<Arc<ProductDetails>>,
    /// Found when words are first marked in it.
    spots: OnceLock<Spots>,
}

impl Ready {
    pub(super) fn of(stored: Stored) -> Self {
        Self { stored, details: OnceLock::new(), spots: OnceLock::new() }
    }

    pub(super) fn entry(&self) -> &Entry {
        &self.stored.entry
    }

    pub(super) fn details(&self) -> &Arc<ProductDetails> {
        self.details.get_or_init(|| Arc::new(self.entry().product.clone().into()))
    }

    pub(super) fn spots(&self, analyzer: &Analyzer) -> &Spots {
        self.spots.get_or_init(|| Spots::of(self.entry(), analyzer))
    }

    /// About how much room it takes, if what is written of it has so many bytes.
    fn bytes(&self, written: usize) -> u32 {
        let product = &self.entry().product;
        let long = product.long_description.as_ref().map_or(0, String::len);
        let texts = product.name.len() + product.description.len() + long;
        u32::try_from(2 * written + SPOTS_FOR_A_BYTE * texts).unwrap_or(u32::MAX)
    }
}

/// The products of any commit: a segment never changes, and what is gone with one is soon what was shown longest ago.
#[derive(Clone)]
pub(super) struct Shelf(Cache<(SegmentId, DocId), (Arc<Ready>, u32)>);

impl Default for Shelf {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(ROOM)
                .eviction_policy(EvictionPolicy::lru())
                .weigher(|_, (_, bytes)| *bytes)
                .build(),
        )
    }
}

impl Shelf {
    pub(super) fn get(&self, segment: SegmentId, doc: DocId) -> Option<Arc<Ready>> {
        self.0.get(&(segment, doc)).map(|(ready, _)| ready)
    }

    /// Keeps a product of which so many bytes are written.
    pub(super) fn put(&self, segment: SegmentId, doc: DocId, ready: &Arc<Ready>, written: usize) {
        self.0.insert((segment, doc), (Arc::clone(ready), ready.bytes(written)));
    }
}
