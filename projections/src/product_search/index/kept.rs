//! Which documents of a segment have a word, kept for the words that many have.
//!
//! A segment never changes but for which of its documents were deleted, so a set that is made once stays right as long as
//! the segment is there; who asks takes those that are still alive. A word that few have is quicker read anew.

use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tantivy::index::SegmentId;
use tantivy::schema::Field;

use crate::product_search::table::Slots;

/// So many bytes of sets: some five hundred words of a catalog of a million products, where each set is the largest.
const ROOM: u64 = 64 << 20;

/// What an entry takes beside its word and its set, about.
const ENTRY: usize = 256;

/// The sets of all segments, of any commit: what is gone with a segment is soon what was asked for longest ago.
#[derive(Clone)]
pub(super) struct Kept(Cache<Key, Arc<Slots>>);

/// A word in a field of a segment.
type Key = (SegmentId, Field, Box<str>);

impl Default for Kept {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl Kept {
    fn with_room(bytes: u64) -> Self {
        Self(
            Cache::builder()
                .max_capacity(bytes)
                .eviction_policy(EvictionPolicy::lru())
                .weigher(|(_, _, word): &Key, set: &Arc<Slots>| {
                    u32::try_from(set.size() + word.len() + ENTRY).unwrap_or(u32::MAX)
                })
                .build(),
        )
    }

    /// Whether the set of so many documents is worth being kept: there is a document for each word of its bits.
    pub(super) fn is_worth(documents: u32, room: usize) -> bool {
        documents as usize * 64 >= room
    }

    /// The documents with a word, deleted ones too, if they are known.
    pub(super) fn get(&self, segment: SegmentId, field: Field, word: &str) -> Option<Arc<Slots>> {
        self.0.get(&(segment, field, Box::from(word)))
    }

    /// Keeps those of a word.
    pub(super) fn keep(&self, segment: SegmentId, field: Field, word: &str, set: Slots) -> Arc<Slots> {
        let set = Arc::new(set);
        self.0.insert((segment, field, Box::from(word)), Arc::clone(&set));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_takes_no_more_than_it_may_and_what_was_asked_for_longest_ago_goes_first() {
        const MOST: usize = 64 << 10;
        let upto = |bytes: usize| {
            let mut set = Slots::with_room(bytes * 8);
            set.insert(u32::try_from(bytes * 8 - 1).unwrap());
            set
        };
        let kept = Kept::with_room(MOST as u64);
        let (segment, field) = (SegmentId::generate_random(), Field::from_field_id(0));
        let keep = |word: &str, bytes: usize| {
            assert_eq!(kept.keep(segment, field, word, upto(bytes)).count(), 1);
            kept.0.run_pending_tasks();
        };
        let known = |word: &str| {
            let known = kept.get(segment, field, word).is_some();
            kept.0.run_pending_tasks();
            known
        };
        for word in ["lamp", "sofa", "sofa"] {
            keep(word, MOST / 3);
        }
        assert!(known("sofa") && known("lamp"));
        // Alone it would be too large, and takes nobody's place.
        keep("all", MOST + 64);
        assert!(known("sofa") && known("lamp") && !known("all"));
        keep("zoo", MOST / 3);
        assert!(known("zoo") && known("lamp") && !known("sofa"));
        // The same word elsewhere is another one.
        assert!(kept.get(SegmentId::generate_random(), field, "lamp").is_none());
        assert!(kept.get(segment, Field::from_field_id(1), "lamp").is_none());
    }
}
