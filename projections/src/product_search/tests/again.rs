//! An index that was fed, committed and opened in any way equals one that is made anew.

use std::collections::BTreeMap;

use domain::ids::UserId;
use domain::review::Rating;
use proptest::prelude::*;

use super::*;
use crate::product_search::answer::suggest;
use crate::product_search::relevance::{Plan, Typed, matching};
use crate::product_search::{Completion, Facets};
use crate::testing::reviewed;

/// What happens to one of a few products.
#[derive(Clone, Debug)]
enum Step {
    Describe(u32, usize, bool),
    Withdraw(u32),
    Stock(u32, i64),
    /// Of a user, who does so once: so many stars.
    Review(u32, u128, u8),
    Commit,
    Reopen,
}

/// How many events a product's streams have: its description's and its stock's.
#[derive(Default)]
struct Sequences(std::collections::HashMap<(u32, bool), i64>);

impl Sequences {
    fn next(&mut self, n: u32, of_stock: bool) -> i64 {
        let sequence = self.0.entry((n, of_stock)).or_default();
        *sequence += 1;
        *sequence
    }
}

const NAMES: [&str; 6] =
    ["Red lamp", "Green lamps", "Desk 17\"", "WD-40", "Notebook case", "Lamp, lamp, lamp"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u32..8, 0..NAMES.len(), any::<bool>()).prop_map(|(n, name, hidden)| Step::Describe(n, name, hidden)),
        1 => (0_u32..8).prop_map(Step::Withdraw),
        2 => (0_u32..8, -3_i64..5).prop_map(|(n, delta)| Step::Stock(n, delta)),
        2 => (0_u32..8, 0_u128..4, 1_u8..=5).prop_map(|(n, user, stars)| Step::Review(n, user, stars)),
        2 => Just(Step::Commit),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

const TEXTS: [&str; 9] =
    ["lamp", "red lamp", "17 inch", "wd40", "laptop", "lmap", "gre", "\"red lamp\"", "case for a lamp"];

/// Products, each with what its reviews come to.
type Rated = Vec<(u128, Rating)>;

/// Every answer to a few questions.
#[derive(Debug, PartialEq)]
struct Answers {
    /// The products in order with their ratings, how many there are, and how many of what kind.
    pages: Vec<(Rated, usize, Option<Facets>)>,
    /// The bits of each product's score.
    scores: Vec<BTreeMap<u128, u32>>,
    /// Searches, brands, and products.
    suggestions: Vec<(Vec<Completion>, Vec<Completion>, Vec<u128>)>,
}

impl Answers {
    fn of(index: &Feed) -> Self {
        let all = SearchQuery { facets: true, limit: 20, ..SearchQuery::default() };
        let mut queries: Vec<_> =
            TEXTS.map(|typed| SearchQuery { text: Some(typed.to_owned()), ..all.clone() }).into();
        queries.push(SearchQuery { sort: Sort::PriceAscending, ..all.clone() });
        queries.push(SearchQuery { sort: Sort::NameAscending, ..all.clone() });
        queries.push(SearchQuery { sort: Sort::Oldest, in_stock: Some(true), ..all.clone() });
        queries.push(SearchQuery { sort: Sort::BestRated, min_rating: Some(300), ..all.clone() });
        queries.push(SearchQuery { sort: Sort::WorstRated, ..all.clone() });
        queries.push(SearchQuery { sort: Sort::Oldest, seller: Some(SELLER), facets: false, ..all });
        let page = |query: &SearchQuery| {
            let page = ask(index, query);
            let hits = page.hits.iter().map(|hit| (hit.id.0.as_u128(), hit.rating));
            (hits.collect(), page.total, page.facets)
        };
        let typed = ["l", "la", "lamps", "red l", "desk 17 in", "green red lam", "note", "w"];
        Self {
            pages: queries.iter().map(page).collect(),
            scores: TEXTS.iter().map(|text| scores(index, text)).collect(),
            suggestions: typed.iter().map(|text| suggestions(index, text)).collect(),
        }
    }
}

fn scores(index: &Feed, text: &str) -> BTreeMap<u128, u32> {
    let (snapshot, weights) = (index.snapshot(), Weights::default());
    let plan = Plan::of(&Typed::read(text, &snapshot.words.analyzer), &snapshot, &weights).unwrap();
    let mut scores = BTreeMap::new();
    matching(&snapshot, &plan, &weights, None, |it| {
        scores.insert(snapshot.table.rest(it.slot).id.as_u128(), it.score.to_bits());
    })
    .unwrap();
    scores
}

fn suggestions(index: &Feed, text: &str) -> (Vec<Completion>, Vec<Completion>, Vec<u128>) {
    let suggested = suggest(&index.snapshot(), text, 4, &Weights::default()).unwrap();
    let products = suggested.products.iter().map(|hit| hit.id.0.as_u128()).collect();
    (suggested.searches, suggested.brands, products)
}

/// So many products of which nothing is known but their stock. They have the first slots: then a word of a few of the others is
/// in few of the slots that there are, and is read from its list, where else it would be kept as a set.
fn before() -> impl Strategy<Value = u32> {
    prop::sample::select(vec![0, 100, 400])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn an_index_equals_one_that_is_made_anew(steps in steps(), before in before()) {
        let (folder, anew) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut index = open(folder.path());
        let mut events: Vec<Happened> = (0..before).map(|n| received(1_000 + n, 1, 1)).collect();
        if before > 0 {
            feed(&mut index, events.clone(), i64::from(before));
        }
        let mut sequences = Sequences::default();
        let mut withdrawn = std::collections::HashSet::new();
        let mut wrote = std::collections::HashSet::new();
        // What was not committed when the process ended, it reads again.
        let mut committed = 0;
        for step in steps {
            let event = match step {
                Step::Describe(n, ..) | Step::Withdraw(n) if withdrawn.contains(&n) => continue,
                Step::Describe(n, name, hidden) => {
                    let mut details = details(NAMES[name], "A thing", 100 + i64::from(n) * 7);
                    details.hidden = hidden;
                    details.brand = (name % 2 == 0).then(|| "Gretel".to_owned());
                    let sequence = sequences.next(n, false);
                    let details = Box::new(details);
                    let event = if sequence == 1 { ProductEvent::ProductCreated(details) } else { ProductEvent::ProductRevised(details) };
                    happened(n, sequence, Stored::Product(event))
                }
                Step::Withdraw(n) if !sequences.0.contains_key(&(n, false)) => continue,
                Step::Withdraw(n) => {
                    withdrawn.insert(n);
                    happened(n, sequences.next(n, false), Stored::Product(ProductEvent::ProductWithdrawn {}))
                }
                Step::Stock(n, delta) => {
                    let event = InventoryEvent::StockAdjusted { delta, reason: None };
                    happened(n, sequences.next(n, true), Stored::Inventory(event))
                }
                Step::Review(n, user, _) if !wrote.insert((n, user)) => continue,
                Step::Review(n, user, stars) => {
                    reviewed(product(n), UserId(Uuid::from_u128(user)), stars, None, happened_at(n.into()))
                }
                Step::Commit => {
                    index.commit().unwrap();
                    committed = events.len();
                    continue;
                }
                Step::Reopen => {
                    drop(index);
                    index = open(folder.path());
                    let rest = events[committed..].to_vec();
                    let until = i64::try_from(events.len()).unwrap();
                    if !rest.is_empty() {
                        feed(&mut index, rest, until);
                    }
                    continue;
                }
            };
            events.push(event.clone());
            let until = i64::try_from(events.len()).unwrap();
            feed(&mut index, vec![event], until);
        }
        let mut fresh = open(anew.path());
        let until = i64::try_from(events.len()).unwrap();
        feed(&mut fresh, events.split_off(usize::try_from(before).unwrap()), until);
        prop_assert_eq!(Answers::of(&index), Answers::of(&fresh));
        fresh.commit().unwrap();
        prop_assert_eq!(Answers::of(&index), Answers::of(&fresh));
        // What was asked once is kept, and answered by that.
        prop_assert_eq!(Answers::of(&index), Answers::of(&fresh));
    }
}
