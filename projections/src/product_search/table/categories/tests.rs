//! Categories that were looked at bit by bit, beside the same looked at once.

use domain::category::public::{CategoryCreated, CategoryRemoved, CategoryRevised, TreeEntry};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::product_search::text::Language;

/// What happens to a few categories, and what products say.
#[derive(Clone, Debug)]
enum Step {
    Set { id: u128, name: usize, slug: usize, parent: Option<u128>, is_new: bool },
    Remove(u128),
    Say(usize),
    Read,
}

const NAMES: [&str; 5] = ["Lamps", "Desk lamps", "Garden", "lamps", "Tables & chairs"];
const SLUGS: [&str; 5] = ["lamps", "desk-lamps", "garden", "garden-lamps", "furniture"];
/// What products say that they are of.
const SAID: [&str; 9] = [
    "lamps",
    "desk lamps",
    "garden",
    "garden-lamps",
    "furniture",
    "tables & chairs",
    "toys",
    "desk-lamps",
    "",
];
const LOOKED_FOR: [&str; 8] = ["lamp", "desk", "garden", "tabl", "chair", "toy", "furnitur", "lamps"];

fn id(n: u128) -> CategoryId {
    CategoryId(Uuid::from_u128(n))
}

fn entry(name: &str, slug: &str, parent: Option<u128>) -> TreeEntry {
    TreeEntry {
        name: name.to_owned(),
        slug: slug.to_owned(),
        description: None,
        image: None,
        parent_id: parent.map(id),
        sort_order: 0,
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let set = (0_u128..5, 0..NAMES.len(), 0..SLUGS.len(), proptest::option::of(0_u128..5), any::<bool>());
    let step = prop_oneof![
        4 => set.prop_map(|(id, name, slug, parent, is_new)| Step::Set { id, name, slug, parent, is_new }),
        1 => (0_u128..5).prop_map(Step::Remove),
        3 => (0..SAID.len() + 5).prop_map(Step::Say),
        2 => Just(Step::Read),
    ];
    prop::collection::vec(step, 1..40)
}

/// Products name a category by a word, or by its id.
fn said(n: usize) -> String {
    let id = |n: usize| id(u128::try_from(n - SAID.len()).unwrap()).to_string();
    SAID.get(n).map_or_else(|| id(n), |word| (*word).to_owned())
}

fn answers(categories: &Categories, names: &Names) -> (Vec<CategoryOrWord>, Vec<Vec<Name>>) {
    let all = 0..Name::try_from(names.len()).unwrap();
    let which = all.map(|name| categories.which(name, names).into_owned()).collect();
    (which, LOOKED_FOR.iter().map(|word| categories.with_word(word).to_vec()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_was_looked_at_bit_by_bit_equals_what_is_looked_at_once(steps in steps()) {
        let analyzer = Analyzer::new(Language::default());
        let (mut categories, mut names) = (Categories::default(), Names::default());
        for step in steps.into_iter().chain([Step::Read]) {
            match step {
                Step::Set { id: n, name, slug, parent, is_new } => {
                    let category = entry(NAMES[name], SLUGS[slug], parent);
                    let event = if is_new {
                        CategoryPublicEvent::CategoryCreated(CategoryCreated { category })
                    } else {
                        CategoryPublicEvent::CategoryRevised(CategoryRevised { category })
                    };
                    categories.apply(id(n), &event);
                }
                Step::Remove(n) => {
                    categories.apply(id(n), &CategoryPublicEvent::CategoryRemoved(CategoryRemoved {}));
                }
                Step::Say(n) => {
                    names.add(&said(n));
                }
                Step::Read => {
                    categories.read(&names, &analyzer);
                    prop_assert!(!categories.is_behind(&names));
                    let mut anew = Categories::kept(categories.tree().clone());
                    anew.read(&names, &analyzer);
                    prop_assert_eq!(answers(&categories, &names), answers(&anew, &names));
                }
            }
        }
    }
}

/// Guards against all categories being read again for each that changes.
#[test]
fn what_has_not_changed_is_not_looked_at_again() {
    let analyzer = Analyzer::new(Language::default());
    let (mut categories, mut names) = (Categories::default(), Names::default());
    let created = |name: &str, slug: &str, parent| {
        CategoryPublicEvent::CategoryCreated(CategoryCreated { category: entry(name, slug, parent) })
    };
    categories.apply(id(1), &created("Lamps", "lamps", None));
    categories.apply(id(2), &created("Desk lamps", "desk-lamps", Some(1)));
    categories.apply(id(3), &created("Garden", "garden", None));
    let [lamps, desk, garden, toys] = ["lamps", "desk-lamps", "garden", "toys"].map(|word| names.add(word));
    categories.read(&names, &analyzer);
    let before = categories.known.clone();
    let is_as_before =
        |now: &Categories, name: Name| Arc::ptr_eq(&now.known[name as usize], &before[name as usize]);

    names.add("chairs");
    categories.read(&names, &analyzer);
    assert!([lamps, desk, garden, toys].iter().all(|name| is_as_before(&categories, *name)));

    categories.apply(id(1), &created("Lights", "lights", None));
    categories.read(&names, &analyzer);
    assert!([garden, toys].iter().all(|name| is_as_before(&categories, *name)));
    // Nothing is called lamps any more but the word itself, and what is below is of lights now.
    assert_eq!(categories.which(lamps, &names).into_owned(), CategoryOrWord::Word("lamps".to_owned()));
    assert_eq!(categories.with_word("light"), [desk]);
}
