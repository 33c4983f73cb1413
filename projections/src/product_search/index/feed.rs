//! The index that is being fed: what is on disk, what has changed since, and the table in memory.

mod commit;
mod held;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use domain::ids::CategoryId;
use domain::product::public::{CatalogEntry, ProductPublicEvent};
use domain::public::{PublicData, PublicEvent};
use domain::review;
use domain::review::public::{ReviewPublicEvent, ReviewWritten};
use event_store::Head;
use uuid::Uuid;

use super::counts::{Counts, Reviewed};
use super::disk::{Disk, Stored};
use super::snapshot::{Recent, Snapshot};
use super::store::{Opened, SearchError, Store};
use crate::catalog::stock_change;
use crate::product_search::AGGREGATES;
use crate::product_search::table::{Categories, Slots, Table};
use crate::product_search::text::{Entry, Words};
use crate::read_model::ApplyError;
use crate::runner::refused::{Aggregate, Refused};
use crate::runner::source::Undecodable;

pub(crate) use self::commit::Committed;

/// What has changed since a commit.
#[derive(Default)]
struct Changes {
    /// By slot: a product's new description, or nothing where it was withdrawn.
    described: BTreeMap<u32, Option<Arc<Recent>>>,
    /// Products whose stock moved.
    moved: HashSet<u32>,
    /// Products that were reviewed.
    rated: HashSet<u32>,
    /// Reviews that came to be lacking, or no longer are.
    lacking: BTreeSet<Reviewed>,
    categories: bool,
}

/// Everything that is known at a position, and how it comes to the next one.
pub(crate) struct Feed {
    words: Arc<Words>,
    table: Table,
    slots: HashMap<Uuid, u32>,
    categories: Arc<Categories>,
    disk: Arc<Disk>,
    /// Nothing while a commit is being written.
    store: Option<Store>,
    /// What that commit writes.
    committing: Changes,
    fresh: Changes,
    /// Aggregates that are not taken in, from which event of their stream on.
    parked: HashMap<Aggregate, i64>,
    /// Reviews that are in no rating, from which event of their stream on. All of them are parked, but not the other way
    /// round: a review that was taken on a retry may still be parked where that was not said any more.
    lacking: HashMap<Reviewed, i64>,
    head: Head,
    committed: Head,
}

impl Feed {
    /// Opens the index in a folder to feed it.
    pub(crate) fn open(folder: &Path, words: Arc<Words>) -> Result<Self, SearchError> {
        let (store, opened) = Store::open(folder, words.analyzer.language())?;
        Self::of(opened, Some(store), words)
    }

    /// What an opened index says. Without a store it is only shown.
    pub(crate) fn of(opened: Opened, store: Option<Store>, words: Arc<Words>) -> Result<Self, SearchError> {
        let Opened { head, disk, counts, tree } = opened;
        let Counts { stock, ratings, lacking } = counts;
        let mut feed = Self {
            words,
            table: Table::default(),
            slots: HashMap::new(),
            categories: Arc::new(Categories::kept(tree)),
            disk: Arc::new(disk),
            store,
            committing: Changes::default(),
            fresh: Changes::default(),
            parked: HashMap::new(),
            lacking,
            head,
            committed: head,
        };
        let disk = Arc::clone(&feed.disk);
        for slot in disk.slots() {
            let Some(Stored { id, entry, lengths }) = disk.read(slot)? else { continue };
            feed.table.restore(slot, id);
            feed.table.describe(slot, &entry, lengths);
            feed.slots.insert(id, slot);
        }
        for (id, stock) in stock {
            let slot = feed.slot(id);
            feed.table.set_stock(slot, stock);
        }
        for (id, rating) in ratings {
            let slot = feed.slot(id);
            feed.table.set_rating(slot, rating);
        }
        feed.read_categories();
        Ok(feed)
    }

    /// Where it has come to; what of that is committed may be less.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// Whether there is anything to commit, be it a checkpoint.
    pub(crate) fn is_ahead(&self) -> bool {
        self.head != self.committed
    }

    /// How many documents the next commit writes.
    pub(crate) fn pending(&self) -> usize {
        self.fresh.described.len()
    }

    /// Everything as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut masked = Slots::default();
        let mut recent: BTreeMap<u32, &Arc<Recent>> = BTreeMap::new();
        for (slot, description) in self.committing.described.iter().chain(&self.fresh.described) {
            masked.insert(*slot);
            match description {
                Some(description) => recent.insert(*slot, description),
                None => recent.remove(slot),
            };
        }
        Snapshot {
            position: self.head.position,
            words: Arc::clone(&self.words),
            table: Arc::new(self.table.clone()),
            categories: Arc::clone(&self.categories),
            disk: Arc::clone(&self.disk),
            masked: Arc::new(masked),
            recent: Arc::new(recent.into_values().cloned().collect()),
        }
    }

    /// Takes a batch in. What can't be taken is answered: its aggregate is parked, and skipped from there on.
    pub(crate) fn apply(
        &mut self,
        events: &[PublicEvent],
        undecodable: &[Undecodable],
        head: Head,
    ) -> Vec<Refused> {
        let mut all = BTreeMap::new();
        for event in undecodable.iter().filter(|event| event.stops(AGGREGATES)) {
            self.park(Refused::undecodable(event), &mut all);
        }
        for event in events {
            if self.is_parked(event) {
                self.lack(event.aggregate_type, &event.aggregate_id, event.sequence);
                continue;
            }
            if let Err(error) = self.take(event) {
                self.park(Refused::of(event, &error), &mut all);
            }
        }
        self.read_categories();
        self.head = head;
        all.into_values().collect()
    }

    /// Takes an event in, or nothing of it.
    fn take(&mut self, event: &PublicEvent) -> Result<(), ApplyError> {
        match &event.data {
            PublicData::Products(product) => self.product(event, product)?,
            PublicData::Inventory(moved) => {
                let slot = self.slot(ApplyError::aggregate_uuid(event)?);
                let stock = stock_change(moved, event.sequence)
                    .and_then(|change| change.on_hand.checked_sub(change.reserved))
                    .and_then(|change| self.table.row(slot).stock.checked_add(change))
                    .ok_or_else(|| ApplyError::bad(event, "a quantity is too large"))?;
                self.table.set_stock(slot, stock);
                self.fresh.moved.insert(slot);
            }
            PublicData::Categories(category) => {
                let id = CategoryId(ApplyError::aggregate_uuid(event)?);
                Arc::make_mut(&mut self.categories).apply(id, category);
                self.fresh.categories = true;
            }
            PublicData::Reviews(ReviewPublicEvent::ReviewWritten(written)) => {
                self.reviewed(event, written)?;
            }
            PublicData::Orders(_)
            | PublicData::Carts(_)
            | PublicData::Payments(_)
            | PublicData::Coupons(_) => {}
        }
        Ok(())
    }

    fn product(&mut self, event: &PublicEvent, data: &ProductPublicEvent) -> Result<(), ApplyError> {
        let id = ApplyError::aggregate_uuid(event)?;
        match data {
            ProductPublicEvent::ProductCreated(created) => self.describe(id, event, &created.product),
            ProductPublicEvent::ProductRevised(revised) => self.describe(id, event, &revised.product),
            ProductPublicEvent::ProductWithdrawn(_) => {
                let slot = self.slot(id);
                self.table.withdraw(slot);
                self.fresh.described.insert(slot, None);
                Ok(())
            }
        }
    }

    fn describe(&mut self, id: Uuid, event: &PublicEvent, product: &CatalogEntry) -> Result<(), ApplyError> {
        let slot = self.slot(id);
        let is_known = self.table.row(slot).described;
        let created_at = if is_known { self.table.rest(slot).created_at } else { event.occurred_at };
        let entry = Entry {
            product: product.clone(),
            created_at,
            updated_at: event.occurred_at,
            version: event.sequence,
        };
        let tokens = self.words.read(&entry);
        let tokens =
            tokens.ok_or_else(|| ApplyError::bad(event, "splitting its texts into words panicked"))?;
        self.table.describe(slot, &entry, tokens.lengths);
        let stored = Stored { id, entry, lengths: tokens.lengths };
        self.fresh.described.insert(slot, Some(Arc::new(Recent::new(slot, stored, tokens))));
        Ok(())
    }

    fn reviewed(&mut self, event: &PublicEvent, written: &ReviewWritten) -> Result<(), ApplyError> {
        if review::of_stream(&event.aggregate_id) != Some((written.product_id, written.user_id)) {
            return Err(ApplyError::bad(event, "it is not of its stream's product and user"));
        }
        let slot = self.slot(written.product_id.0);
        let rating = self.table.rest(slot).rating.with(written.rating);
        let rating =
            rating.ok_or_else(|| ApplyError::bad(event, "its stars are none, or too many to be counted"))?;
        self.table.set_rating(slot, rating);
        self.fresh.rated.insert(slot);
        Ok(())
    }

    fn slot(&mut self, id: Uuid) -> u32 {
        *self.slots.entry(id).or_insert_with(|| self.table.add(id))
    }

    fn read_categories(&mut self) {
        if self.categories.is_behind(&self.table.categories) {
            Arc::make_mut(&mut self.categories).read(&self.table.categories, &self.words.analyzer);
        }
    }
}
