//! Where in the tree which category is.

use std::collections::HashMap;
use std::sync::OnceLock;

use domain::ids::CategoryId;

use super::Branch;

/// Made when somebody first asks after a change. It is made of the tree, so it is like any other.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(OnceLock<Places>);

impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Index {}

impl Index {
    /// The places in these, of which it was made if it was.
    pub(super) fn of(&self, categories: &[Branch]) -> &Places {
        self.0.get_or_init(|| Places::of(categories))
    }

    /// They have changed.
    pub(super) fn forget(&mut self) {
        self.0.take();
    }
}

/// The places of categories.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    by_id: HashMap<CategoryId, usize>,
    by_slug: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    children: HashMap<CategoryId, Vec<usize>>,
}

impl Places {
    fn of(categories: &[Branch]) -> Self {
        let mut places = Self::default();
        for (place, branch) in categories.iter().enumerate() {
            places.by_id.insert(branch.category_id, place);
            for (by, key) in [(&mut places.by_slug, &branch.slug), (&mut places.by_name, &branch.name_key)] {
                let known = by.entry(key.clone()).or_insert(place);
                // Of two the older.
                if branch.category_id < categories[*known].category_id {
                    *known = place;
                }
            }
            if let Some(parent) = branch.parent_id {
                places.children.entry(parent).or_default().push(place);
            }
        }
        places
    }

    /// That of the category with an id.
    pub(super) fn with_id(&self, id: CategoryId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// That of the category with a slug, or else with a name.
    pub(super) fn named(&self, key: &str) -> Option<usize> {
        self.by_slug.get(key).or_else(|| self.by_name.get(key)).copied()
    }

    /// Those that are directly part of one, in order.
    pub(super) fn children(&self, of: CategoryId) -> &[usize] {
        self.children.get(&of).map_or(&[], Vec::as_slice)
    }
}
