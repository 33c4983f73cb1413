//! Which documents of a segment have a word, kept for the words that many have.
//!
//! A segment never changes but for which of its documents were deleted, so a set that is made once stays right as long as
//! the segment is there; who asks takes those that are still alive. A word that few have is quicker read anew.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::slots::Slots;

/// The sets of one field of a segment take so many bytes at most. When they would take more, all are forgotten: those
/// that are asked for come back.
const MOST: usize = 8 << 20;

/// Sets by word.
#[derive(Default)]
pub(super) struct Kept(RwLock<Sets>);

#[derive(Default)]
struct Sets {
    by_word: HashMap<Box<str>, Arc<Slots>>,
    bytes: usize,
}

impl Kept {
    /// Whether the set of so many documents is worth being kept: there is a document for each word of its bits.
    pub(super) fn is_worth(documents: u32, room: usize) -> bool {
        documents as usize * 64 >= room
    }

    /// The documents with a word, deleted ones too, if they are known.
    pub(super) fn get(&self, word: &str) -> Option<Arc<Slots>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_word.get(word).cloned()
    }

    /// Keeps those of a word.
    pub(super) fn keep(&self, word: &str, set: Slots) -> Arc<Slots> {
        let set = Arc::new(set);
        let bytes = set.size() + word.len();
        let mut sets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if bytes <= MOST && !sets.by_word.contains_key(word) {
            if sets.bytes + bytes > MOST {
                *sets = Sets::default();
            }
            sets.bytes += bytes;
            sets.by_word.insert(word.into(), Arc::clone(&set));
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_takes_no_more_than_it_may() {
        let upto = |bytes: usize| {
            let mut set = Slots::default();
            set.insert(u32::try_from(bytes * 8 - 1).unwrap());
            set
        };
        let kept = Kept::default();
        let known = |word: &str| kept.get(word).is_some();
        for word in ["lamp", "sofa", "sofa"] {
            assert_eq!(kept.keep(word, upto(MOST / 3)).count(), 1);
        }
        assert!(known("lamp") && known("sofa"));
        // Alone it would be too large, and takes nobody's place.
        kept.keep("all", upto(MOST + 64));
        assert!(known("lamp") && known("sofa") && !known("all"));
        kept.keep("zoo", upto(MOST / 2));
        assert!(known("zoo") && !known("lamp") && !known("sofa"));
    }
}
