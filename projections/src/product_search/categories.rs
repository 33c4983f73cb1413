//! The categories as the search knows them: what their names say, and what they are called in a count.
//!
//! A document holds no name of a category, so renaming one rewrites nothing.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use domain::category::public::CategoryPublicEvent;
use domain::ids::CategoryId;

use super::analyze::Analyzer;
use super::names::{NO_NAME, Name, Names};
use crate::catalog::{Branch, Tree};

/// The tree, and which of the categories that products have say which word.
#[derive(Clone, Debug, Default)]
pub(super) struct Categories {
    tree: Tree,
    by_word: HashMap<String, Vec<Name>>,
    /// What each of the products' categories that were looked at is counted as.
    of_names: Vec<CategoryOrWord>,
    /// So many of the products' categories were looked at.
    known: usize,
}

/// A category of products, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum CategoryOrWord {
    /// One of the tree.
    Known(CategoryId),
    /// A seller's word that names none.
    Word(String),
}

impl Categories {
    /// Takes an event of a category in.
    pub(super) fn apply(&mut self, id: CategoryId, event: &CategoryPublicEvent) {
        match event {
            CategoryPublicEvent::CategoryCreated(it) => self.tree.set(Branch::of(id, &it.category)),
            CategoryPublicEvent::CategoryRevised(it) => self.tree.set(Branch::of(id, &it.category)),
            CategoryPublicEvent::CategoryRemoved(_) => self.tree.remove(id),
        }
        self.known = 0;
    }

    /// As if nothing had been said of a category.
    pub(super) fn forget(&mut self, id: CategoryId) {
        self.tree.remove(id);
        self.known = 0;
    }

    /// Whether a product has a category that was not looked at, or the tree has changed.
    pub(super) fn is_behind(&self, names: &Names) -> bool {
        self.known != names.len()
    }

    /// Looks at the categories that products have.
    pub(super) fn read(&mut self, names: &Names, analyzer: &Analyzer) {
        let mut by_word: HashMap<String, Vec<Name>> = HashMap::new();
        for name in (NO_NAME + 1)..Name::try_from(names.len()).unwrap_or(Name::MAX) {
            for word in self.said_by(names.word(name), analyzer) {
                by_word.entry(word).or_default().push(name);
            }
        }
        self.by_word = by_word;
        let all = 0..Name::try_from(names.len()).unwrap_or(Name::MAX);
        self.of_names = all.map(|name| self.look_up(names.word(name))).collect();
        self.known = names.len();
    }

    /// The words in the names of a category and of all above it.
    fn said_by(&self, word: &str, analyzer: &Analyzer) -> BTreeSet<String> {
        let mut said = BTreeSet::new();
        let mut say = |name: &str| {
            for word in analyzer.words(name) {
                said.insert(word.stem);
                said.extend(word.whole);
            }
        };
        match self.tree.find(word) {
            Some(branch) => self.tree.path(branch).for_each(|above| say(&above.name)),
            None => say(word),
        }
        said
    }

    /// The categories whose names, or those above, have this word.
    pub(super) fn with_word(&self, word: &str) -> &[Name] {
        self.by_word.get(word).map_or(&[], Vec::as_slice)
    }

    /// Which category a product's is.
    pub(super) fn which(&self, name: Name, names: &Names) -> Cow<'_, CategoryOrWord> {
        let known = self.of_names.get(name as usize).filter(|_| !self.is_behind(names));
        known.map_or_else(|| Cow::Owned(self.look_up(names.word(name))), Cow::Borrowed)
    }

    /// What it is called.
    pub(super) fn called<'a>(&'a self, which: &'a CategoryOrWord) -> &'a str {
        match which {
            CategoryOrWord::Known(id) => self.branch(*id).map_or("", |branch| branch.name.as_str()),
            CategoryOrWord::Word(word) => word,
        }
    }

    fn look_up(&self, word: &str) -> CategoryOrWord {
        match self.tree.find(word) {
            Some(branch) => CategoryOrWord::Known(branch.category_id),
            None => CategoryOrWord::Word(word.to_owned()),
        }
    }

    /// One of the tree.
    pub(super) fn branch(&self, id: CategoryId) -> Option<&Branch> {
        self.tree.branch(id)
    }

    /// The categories of the tree.
    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// As they were kept.
    pub(super) fn kept(tree: Tree) -> Self {
        Self { tree, ..Self::default() }
    }
}
