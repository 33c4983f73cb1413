//! What is known of every product, side by side in memory.

use std::sync::Arc;

/// So many are copied for a change, and a clone counts one reference for so many.
const CHUNK: usize = 256;

/// One thing of every slot, or of other numbers. Cheap to clone; a change copies the chunk that it is in, if a clone still
/// has it.
#[derive(Clone, Debug)]
pub(super) struct Column<T>(Vec<Arc<[T; CHUNK]>>);

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone + Default> Column<T> {
    /// That of a slot that there is room for.
    pub(super) fn get(&self, slot: u32) -> &T {
        let slot = slot as usize;
        &self.0[slot / CHUNK][slot % CHUNK]
    }

    /// That of a slot, if there is room for it.
    pub(super) fn find(&self, slot: u32) -> Option<&T> {
        let slot = slot as usize;
        self.0.get(slot / CHUNK).map(|chunk| &chunk[slot % CHUNK])
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> &mut T {
        let slot = slot as usize;
        &mut Arc::make_mut(&mut self.0[slot / CHUNK])[slot % CHUNK]
    }

    /// Makes room for so many slots.
    pub(super) fn make_room(&mut self, slots: usize) {
        while self.0.len() * CHUNK < slots {
            self.0.push(Arc::new(std::array::from_fn(|_| T::default())));
        }
    }
}
