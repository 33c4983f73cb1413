//! Which products have a brand or a category.

use std::sync::Arc;

use super::column::Column;
use super::names::Name;
use super::runs::Runs;

/// The slots of each name, in order. Cheap to clone; a change copies the few that it is among, if a clone still has them.
#[derive(Clone, Debug, Default)]
pub(super) struct ByName(Column<Arc<Runs>>);

impl ByName {
    /// The products with a name.
    pub(super) fn slots(&self, name: Name) -> &Runs {
        self.0.find(name).map_or(Runs::none(), AsRef::as_ref)
    }

    pub(super) fn add(&mut self, name: Name, slot: u32) {
        self.0.make_room(name as usize + 1);
        Arc::make_mut(self.0.get_mut(name)).insert(slot);
    }

    pub(super) fn remove(&mut self, name: Name, slot: u32) {
        if self.slots(name).contains(slot) {
            Arc::make_mut(self.0.get_mut(name)).remove(slot);
        }
    }
}
