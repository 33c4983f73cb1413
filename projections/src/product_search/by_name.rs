//! Which products have a brand, a category, or a seller.

use std::sync::Arc;

use super::names::Name;

/// The slots of each name, in order. Cheap to clone; a change copies the slots of one name, if a clone still has them.
#[derive(Clone, Debug, Default)]
pub(super) struct ByName(Arc<Vec<Arc<Vec<u32>>>>);

impl ByName {
    /// The products with a name.
    pub(super) fn slots(&self, name: Name) -> &[u32] {
        self.0.get(name as usize).map_or(&[], |slots| slots.as_slice())
    }

    pub(super) fn add(&mut self, name: Name, slot: u32) {
        let names = Arc::make_mut(&mut self.0);
        if names.len() <= name as usize {
            names.resize_with(name as usize + 1, Arc::default);
        }
        let slots = Arc::make_mut(&mut names[name as usize]);
        if let Err(place) = slots.binary_search(&slot) {
            slots.insert(place, slot);
        }
    }

    pub(super) fn remove(&mut self, name: Name, slot: u32) {
        let Some(slots) = Arc::make_mut(&mut self.0).get_mut(name as usize) else { return };
        if let Ok(place) = slots.binary_search(&slot) {
            Arc::make_mut(slots).remove(place);
        }
    }
}
