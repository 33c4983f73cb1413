//! Writing what has changed to the disk, while the feed goes on.

use std::sync::Arc;

use event_store::Head;

use super::{Changes, Feed};
use crate::product_search::disk::Disk;
use crate::product_search::index::{Commit, SearchError, Store};
use crate::product_search::stock::block;

impl Feed {
    /// Begins a commit of everything up to now: what is to be written, and what with. Nothing while one is under way.
    pub(in crate::product_search) fn begin_commit(&mut self) -> Option<Committing> {
        let store = self.store.take()?;
        let changes = std::mem::take(&mut self.fresh);
        let position = self.head.position;
        let stock_of = |slot| (self.table.rest(slot).id, self.table.row(slot).stock);
        let moved: Vec<_> = changes.moved.iter().map(|slot| stock_of(*slot)).collect();
        let all_stock = store.has_long_stock(self.table.len()).then(|| {
            let all = self.table.slots().map(stock_of);
            let all: Vec<_> = all.filter(|(id, _)| !id.is_nil()).collect();
            block(position, &all)
        });
        let commit = Commit {
            head: self.head,
            documents: changes.described.iter().map(|(slot, it)| (*slot, it.clone())).collect(),
            stock: block(position, &moved),
            all_stock,
            tree: changes.categories.then(|| self.categories.tree().clone()),
        };
        self.committing = changes;
        Some(Committing { store, commit, before: Arc::clone(&self.disk) })
    }

    /// Goes on with what was committed.
    pub(in crate::product_search) fn end_commit(&mut self, committed: Committed) {
        self.disk = Arc::new(committed.disk);
        self.committing = Changes::default();
        self.committed = committed.head;
        self.store = Some(committed.store);
    }

    /// Writes everything up to now.
    pub(in crate::product_search) fn commit(&mut self) -> Result<(), SearchError> {
        if let Some(begun) = self.begin_commit() {
            let committed = begun.write()?;
            self.end_commit(committed);
        }
        Ok(())
    }

    /// Waits for merges, so that the folder can be left or moved.
    pub(in crate::product_search) fn close(self) -> Result<(), SearchError> {
        self.store.map_or(Ok(()), Store::close)
    }
}

/// A commit that has begun. It is written away from the feed, which goes on meanwhile.
pub(in crate::product_search) struct Committing {
    store: Store,
    commit: Commit,
    before: Arc<Disk>,
}

impl Committing {
    /// Writes it.
    pub(in crate::product_search) fn write(mut self) -> Result<Committed, SearchError> {
        let disk = self.store.write(&self.commit, &self.before)?;
        Ok(Committed { store: self.store, disk, head: self.commit.head })
    }
}

/// A commit that was written.
pub(in crate::product_search) struct Committed {
    store: Store,
    disk: Disk,
    head: Head,
}
