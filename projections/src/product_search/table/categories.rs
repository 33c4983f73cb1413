//! The categories as the search knows them: what their names say, and what they are called in a count.
//!
//! A document holds no name of a category, so renaming one rewrites nothing.

mod saying;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use domain::category::public::CategoryPublicEvent;
use domain::ids::CategoryId;

use self::saying::Saying;
use super::names::{NO_NAME, Name, Names};
use crate::catalog::{Branch, Tree};
use crate::product_search::text::Analyzer;

/// The tree, and which of the categories that products have say which word.
#[derive(Clone, Debug, Default)]
pub(crate) struct Categories {
    tree: Arc<Tree>,
    /// By the stems of their words, and by what those are that stand together.
    by_word: Saying,
    /// By their words as they are written.
    by_surface: Saying,
    /// What is known of each of the products' categories that were looked at.
    known: Vec<Arc<Known>>,
    /// What has changed in the tree since.
    changed: HashSet<CategoryId>,
}

/// A category that products have, looked up in the tree.
#[derive(Debug, Default)]
struct Known {
    which: CategoryOrWord,
    /// It and those above it, if it is of the tree.
    path: Vec<CategoryId>,
    said: Said,
}

/// What the names of a category and of all above it say.
#[derive(Debug, Default)]
struct Said {
    words: BTreeSet<String>,
    surfaces: BTreeSet<String>,
}

/// A category of products, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum CategoryOrWord {
    /// One of the tree.
    Known(CategoryId),
    /// A seller's word that names none.
    Word(String),
}

impl Default for CategoryOrWord {
    fn default() -> Self {
        Self::Word(String::new())
    }
}

impl Categories {
    /// Takes an event of a category in.
    pub(crate) fn apply(&mut self, id: CategoryId, event: &CategoryPublicEvent) {
        let tree = Arc::make_mut(&mut self.tree);
        match event {
            CategoryPublicEvent::CategoryCreated(it) => tree.set(Branch::of(id, &it.category)),
            CategoryPublicEvent::CategoryRevised(it) => tree.set(Branch::of(id, &it.category)),
            CategoryPublicEvent::CategoryRemoved(_) => tree.remove(id),
        }
        self.changed.insert(id);
    }

    /// As if nothing had been said of a category.
    pub(crate) fn forget(&mut self, id: CategoryId) {
        Arc::make_mut(&mut self.tree).remove(id);
        self.changed.insert(id);
    }

    /// Whether a product has a category that was not looked at, or the tree has changed.
    pub(crate) fn is_behind(&self, names: &Names) -> bool {
        self.known.len() != names.len() || !self.changed.is_empty()
    }

    /// Looks at the categories that products have: the new ones, and those that what has changed is of.
    pub(crate) fn read(&mut self, names: &Names, analyzer: &Analyzer) {
        let changed = std::mem::take(&mut self.changed);
        let known = Name::try_from(self.known.len()).unwrap_or(Name::MAX);
        let is_of = |path: &[CategoryId]| path.iter().any(|id| changed.contains(id));
        for name in (0..known).filter(|_| !changed.is_empty()) {
            if is_of(&self.known[name as usize].path) || is_of(&self.path(names.word(name))) {
                self.look_at(name, names, analyzer);
            }
        }
        for name in known..Name::try_from(names.len()).unwrap_or(Name::MAX) {
            self.known.push(Arc::default());
            self.look_at(name, names, analyzer);
        }
    }

    /// Looks one up, and moves it to the words that it says now.
    fn look_at(&mut self, name: Name, names: &Names, analyzer: &Analyzer) {
        let word = names.word(name);
        let said = if name == NO_NAME { Said::default() } else { self.said_by(word, analyzer) };
        let now = Arc::new(Known { which: self.look_up(word), path: self.path(word), said });
        let before = std::mem::replace(&mut self.known[name as usize], Arc::clone(&now));
        self.by_word.change(name, &before.said.words, &now.said.words);
        self.by_surface.change(name, &before.said.surfaces, &now.said.surfaces);
    }

    /// The category of the tree that a word names, and those above it.
    fn path(&self, word: &str) -> Vec<CategoryId> {
        let found = self.tree.find(word);
        found.map_or_else(Vec::new, |branch| self.tree.path(branch).map(|it| it.category_id).collect())
    }

    /// The words in the names of a category and of all above it.
    fn said_by(&self, word: &str, analyzer: &Analyzer) -> Said {
        let mut said = Said::default();
        let mut say = |name: &str| {
            for word in analyzer.words(name) {
                said.words.insert(word.stem);
                said.words.extend(word.whole);
                said.surfaces.insert(word.surface);
            }
        };
        match self.tree.find(word) {
            Some(branch) => self.tree.path(branch).for_each(|above| say(&above.name)),
            None => say(word),
        }
        said
    }

    /// The categories whose names, or those above, have this word.
    pub(crate) fn with_word(&self, word: &str) -> &[Name] {
        self.by_word.of(word)
    }

    /// The categories in whose names, or those above, a word is written so, in order.
    pub(crate) fn with_written(&self, surface: &str) -> &[Name] {
        self.by_surface.of(surface)
    }

    /// The words in the names of categories that begin so as they are written, in order, each with its categories.
    pub(crate) fn written_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &[Name])> {
        self.by_surface.beginning_with(prefix)
    }

    /// Which category a product's is.
    pub(crate) fn which(&self, name: Name, names: &Names) -> Cow<'_, CategoryOrWord> {
        let known = self.known.get(name as usize).filter(|_| !self.is_behind(names));
        known.map_or_else(|| Cow::Owned(self.look_up(names.word(name))), |known| Cow::Borrowed(&known.which))
    }

    /// The category of the tree that a product's is, and those above it; none where it is a word that names none.
    pub(crate) fn with_those_above(&self, name: Name, names: &Names) -> Cow<'_, [CategoryId]> {
        let known = self.known.get(name as usize).filter(|_| !self.is_behind(names));
        known.map_or_else(|| Cow::Owned(self.path(names.word(name))), |known| Cow::Borrowed(&*known.path))
    }

    fn look_up(&self, word: &str) -> CategoryOrWord {
        match self.tree.find(word) {
            Some(branch) => CategoryOrWord::Known(branch.category_id),
            None => CategoryOrWord::Word(word.to_owned()),
        }
    }

    /// One of the tree.
    pub(crate) fn branch(&self, id: CategoryId) -> Option<&Branch> {
        self.tree.branch(id)
    }

    /// The categories of the tree.
    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// As they were kept.
    pub(crate) fn kept(tree: Tree) -> Self {
        Self { tree: Arc::new(tree), ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
