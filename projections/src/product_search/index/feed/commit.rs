//! Writing what has changed to the disk, while the feed goes on.

use std::sync::Arc;

use domain::review::Rating;
use event_store::Head;
use uuid::Uuid;

use super::{Changes, Feed};
use crate::product_search::index::counts::Block;
use crate::product_search::index::disk::Disk;
use crate::product_search::index::store::{Commit, SearchError, Store};

impl Feed {
    /// Begins a commit of everything up to now: what is to be written, and what with. Nothing while one is under way.
    pub(crate) fn begin_commit(&mut self) -> Option<Committing> {
        let store = self.store.take()?;
        let changes = std::mem::take(&mut self.fresh);
        let counts = Block {
            position: self.head.position,
            stock: changes.moved.iter().map(|slot| self.stock_of(*slot)).collect(),
            ratings: changes.rated.iter().map(|slot| self.rating_of(*slot)).collect(),
            lacking: changes.lacking.iter().map(|it| (*it, self.lacking.get(it).copied())).collect(),
        };
        let all_counts = store.has_long_counts(self.table.len()).then(|| self.all_counts());
        let commit = Commit {
            head: self.head,
            documents: changes.described.iter().map(|(slot, it)| (*slot, it.clone())).collect(),
            counts,
            all_counts,
            tree: changes.categories.then(|| self.categories.tree().clone()),
        };
        self.committing = changes;
        Some(Committing { store, commit, before: Arc::clone(&self.disk) })
    }

    /// Everything that is counted.
    fn all_counts(&self) -> Block {
        let known = || self.table.slots().filter(|slot| !self.table.rest(*slot).id.is_nil());
        let is_rated = |(_, rating): &(Uuid, Rating)| *rating != Rating::default();
        Block {
            position: self.head.position,
            stock: known().map(|slot| self.stock_of(slot)).collect(),
            ratings: known().map(|slot| self.rating_of(slot)).filter(is_rated).collect(),
            lacking: self.lacking.iter().map(|(review, from)| (*review, Some(*from))).collect(),
        }
    }

    fn stock_of(&self, slot: u32) -> (Uuid, i64) {
        (self.table.rest(slot).id, self.table.row(slot).stock)
    }

    fn rating_of(&self, slot: u32) -> (Uuid, Rating) {
        let rest = self.table.rest(slot);
        (rest.id, rest.rating)
    }

    /// Goes on with what was committed.
    pub(crate) fn end_commit(&mut self, committed: Committed) {
        self.disk = Arc::new(committed.disk);
        self.committing = Changes::default();
        self.committed = committed.head;
        self.store = Some(committed.store);
    }

    /// Writes everything up to now.
    pub(crate) fn commit(&mut self) -> Result<(), SearchError> {
        if let Some(begun) = self.begin_commit() {
            let committed = begun.write()?;
            self.end_commit(committed);
        }
        Ok(())
    }

    /// Waits for merges, so that the folder can be left or moved.
    pub(crate) fn close(self) -> Result<(), SearchError> {
        self.store.map_or(Ok(()), Store::close)
    }
}

/// A commit that has begun. It is written away from the feed, which goes on meanwhile.
pub(crate) struct Committing {
    store: Store,
    commit: Commit,
    before: Arc<Disk>,
}

impl Committing {
    /// Writes it.
    pub(crate) fn write(mut self) -> Result<Committed, SearchError> {
        let disk = self.store.write(&self.commit, &self.before)?;
        Ok(Committed { store: self.store, disk, head: self.commit.head })
    }
}

/// A commit that was written.
pub(crate) struct Committed {
    store: Store,
    disk: Disk,
    head: Head,
}
