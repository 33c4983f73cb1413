//! The tree of categories.

mod index;

use std::collections::{HashMap, HashSet};

use domain::category::public::TreeEntry;
use domain::ids::CategoryId;
use domain::shelf::word_key;
use serde::{Deserialize, Serialize};

use self::index::Index;

/// The categories, in the order of their siblings, and how many products are directly in each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    categories: Vec<Branch>,
    counts: Vec<Count>,
    #[serde(skip)]
    index: Index,
}

/// One category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Which.
    pub category_id: CategoryId,
    /// What people call it.
    pub name: String,
    name_key: String,
    /// Unique among categories.
    pub slug: String,
    /// One paragraph.
    pub description: Option<String>,
    /// Where its picture is.
    pub image: Option<String>,
    /// What it is part of.
    pub parent_id: Option<CategoryId>,
    /// Its place among its siblings.
    pub sort_order: i32,
}

impl Branch {
    /// A category as an event says it.
    pub(crate) fn of(category_id: CategoryId, entry: &TreeEntry) -> Self {
        Self {
            category_id,
            name: entry.name.clone(),
            name_key: word_key(&entry.name),
            slug: entry.slug.clone(),
            description: entry.description.clone(),
            image: entry.image.clone(),
            parent_id: entry.parent_id,
            sort_order: entry.sort_order,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    category_id: Option<CategoryId>,
    category_word: Option<String>,
    products: u64,
}

impl Tree {
    /// The category that a word names: by its id, its slug, or its name whatever the case.
    pub fn find(&self, word: &str) -> Option<&Branch> {
        let key = word_key(word);
        let id = key.parse().ok().filter(|_| key.len() == 36);
        let by_id = id.and_then(|id| self.index().with_id(id));
        self.categories.get(by_id.or_else(|| self.index().named(&key))?)
    }

    /// One of them.
    pub(crate) fn branch(&self, id: CategoryId) -> Option<&Branch> {
        self.categories.get(self.index().with_id(id)?)
    }

    fn index(&self) -> &index::Places {
        self.index.of(&self.categories)
    }

    /// A category and those above it, up to the root.
    pub(crate) fn path<'a>(&'a self, branch: &'a Branch) -> impl Iterator<Item = &'a Branch> {
        let mut seen = HashSet::from([branch.category_id]);
        std::iter::successors(Some(branch), move |below| {
            self.branch(below.parent_id?).filter(|above| seen.insert(above.category_id))
        })
    }

    /// Puts a category in, or in the place of what was known of it.
    pub(crate) fn set(&mut self, branch: Branch) {
        self.remove(branch.category_id);
        let order = |it: &Branch| (it.sort_order, it.name_key.clone(), it.category_id);
        let place = self.categories.partition_point(|it| order(it) < order(&branch));
        self.categories.insert(place, branch);
        self.index.forget();
    }

    /// Takes a category out.
    pub(crate) fn remove(&mut self, id: CategoryId) {
        self.categories.retain(|it| it.category_id != id);
        self.index.forget();
    }

    /// The categories that are part of no other, or of one that isn't there.
    pub fn roots(&self) -> impl Iterator<Item = &Branch> {
        self.categories.iter().filter(|it| it.parent_id.is_none_or(|parent| self.branch(parent).is_none()))
    }

    /// The categories that are directly part of one.
    pub fn children(&self, of: CategoryId) -> impl Iterator<Item = &Branch> {
        self.index().children(of).iter().filter_map(|place| self.categories.get(*place))
    }

    /// How many products are directly in each category, by its id or by a word that names it. One that isn't there has
    /// none.
    pub fn products(&self) -> HashMap<CategoryId, u64> {
        let mut products = HashMap::new();
        for count in &self.counts {
            let word = count.category_word.as_deref();
            let id = count.category_id.or_else(|| self.find(word?).map(|found| found.category_id));
            if let Some(id) = id {
                *products.entry(id).or_default() += count.products;
            }
        }
        products
    }

    /// What the products of a category and of all below it are known by in the index: their category's id, or a word
    /// that names it. A word that names no category is itself.
    pub fn keys(&self, word: &str) -> Vec<String> {
        let Some(found) = self.find(word) else { return vec![word_key(word)] };
        let mut keys = Vec::new();
        let mut seen = HashSet::from([found.category_id]);
        let mut rest = vec![found];
        while let Some(branch) = rest.pop() {
            keys.push(branch.category_id.to_string());
            for key in [&branch.slug, &branch.name_key] {
                let names_it = self.find(key).is_some_and(|found| found.category_id == branch.category_id);
                if names_it && !keys.contains(key) {
                    keys.push(key.clone());
                }
            }
            rest.extend(self.children(branch.category_id).filter(|child| seen.insert(child.category_id)));
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> CategoryId {
        CategoryId(uuid::Uuid::from_u128(n))
    }

    fn branch(n: u128, name: &str, slug: &str, parent: Option<u128>) -> Branch {
        Branch {
            category_id: id(n),
            name: name.to_owned(),
            name_key: word_key(name),
            slug: slug.to_owned(),
            description: None,
            image: None,
            parent_id: parent.map(id),
            sort_order: 0,
        }
    }

    fn count(category: Option<u128>, word: Option<&str>, products: u64) -> Count {
        Count { category_id: category.map(id), category_word: word.map(str::to_owned), products }
    }

    fn tree() -> Tree {
        Tree {
            categories: vec![
                branch(1, "Electronics", "electronics", None),
                branch(2, "Audio", "electronics-audio", Some(1)),
                branch(3, "Parts", "audio", Some(2)),
                branch(4, "Parts", "other-parts", None),
            ],
            counts: vec![
                count(Some(2), None, 5),
                count(None, Some("electronics"), 3),
                count(None, Some("audio"), 2),
                count(None, Some("toys"), 9),
                count(None, None, 100),
            ],
            ..Tree::default()
        }
    }

    #[test]
    fn a_category_is_found_by_id_slug_and_name() {
        let tree = tree();
        let found = |word: &str| tree.find(word).map(|it| it.category_id);
        assert_eq!(found(&id(2).to_string()), Some(id(2)));
        assert_eq!(found("Electronics"), Some(id(1)));
        assert_eq!(found("audio"), Some(id(3)), "a slug goes before a name");
        assert_eq!(found(" PARTS "), Some(id(3)), "of two of one name the older");
        assert_eq!(found("toys"), None);
    }

    #[test]
    fn what_is_found_is_what_was_put_in_last() {
        let mut made = Tree::default();
        tree().categories.into_iter().for_each(|branch| made.set(branch));
        let mut tree = made;
        let found = |tree: &Tree, word: &str| tree.find(word).map(|it| it.category_id);
        let children = |tree: &Tree, of| tree.children(id(of)).map(|it| it.slug.clone()).collect::<Vec<_>>();
        assert_eq!(found(&tree, "books"), None);
        tree.set(branch(5, "Books", "books", Some(1)));
        assert_eq!(found(&tree, "books"), Some(id(5)));
        assert_eq!(children(&tree, 1), ["electronics-audio", "books"]);
        tree.set(branch(5, "Paper", "paper", Some(4)));
        assert_eq!((found(&tree, "books"), found(&tree, &id(5).to_string())), (None, Some(id(5))));
        assert_eq!(
            (children(&tree, 1), children(&tree, 4)),
            (vec!["electronics-audio".into()], vec!["paper".into()])
        );
        tree.remove(id(5));
        assert_eq!((found(&tree, "paper"), tree.branch(id(5))), (None, None));
        assert_eq!(children(&tree, 4), Vec::<String>::new());
    }

    #[test]
    fn products_are_counted_by_id_and_by_word() {
        assert_eq!(tree().products(), HashMap::from([(id(1), 3), (id(2), 5), (id(3), 2)]));
    }

    #[test]
    fn the_keys_of_a_category_are_those_below_it_too() {
        let tree = tree();
        let mut keys = tree.keys("electronics");
        keys.sort_unstable();
        let mut all: Vec<_> = [1, 2, 3].map(|n| id(n).to_string()).into();
        all.extend(["audio", "electronics", "electronics-audio", "parts"].map(str::to_owned));
        assert_eq!(keys, all);
        assert_eq!(tree.keys("other-parts"), [id(4).to_string(), "other-parts".to_owned()]);
        assert_eq!(tree.keys("Toys"), ["toys"]);
    }

    #[test]
    fn a_half_told_move_is_no_endless_loop() {
        let circle = vec![branch(1, "A", "a", Some(2)), branch(2, "B", "b", Some(1))];
        let tree = Tree { categories: circle, ..Tree::default() };
        assert_eq!(tree.roots().count(), 0);
        assert_eq!(tree.keys("a").len(), 4);
    }
}
