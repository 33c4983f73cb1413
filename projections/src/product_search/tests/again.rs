//! An index that was fed, committed and opened in any way equals one that is made anew.

use proptest::prelude::*;

use super::*;

/// What happens to one of a few products.
#[derive(Clone, Debug)]
enum Step {
    Describe(u32, usize, bool),
    Withdraw(u32),
    Stock(u32, i64),
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
        2 => Just(Step::Commit),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// Every answer to a few questions, with the scores' order.
fn answers(index: &Feed) -> Vec<(Vec<u128>, usize, Option<super::super::Facets>)> {
    let texts =
        ["lamp", "red lamp", "17 inch", "wd40", "laptop", "lmap", "gre", "\"red lamp\"", "case for a lamp"];
    let all = SearchQuery { facets: true, limit: 20, ..SearchQuery::default() };
    let mut queries: Vec<_> =
        texts.map(|typed| SearchQuery { text: Some(typed.to_owned()), ..all.clone() }).into();
    queries.push(SearchQuery { sort: Sort::PriceAscending, ..all.clone() });
    queries.push(SearchQuery { sort: Sort::Oldest, in_stock: Some(true), ..all });
    let answer = |query: &SearchQuery| {
        let page = ask(index, query);
        (ids(&page), page.total, page.facets)
    };
    queries.iter().map(answer).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn an_index_equals_one_that_is_made_anew(steps in steps()) {
        let (folder, anew) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut index = open(folder.path());
        let mut events: Vec<Happened> = Vec::new();
        let mut sequences = Sequences::default();
        let mut withdrawn = std::collections::HashSet::new();
        // What was not committed when the process ended, it reads again.
        let mut committed = 0;
        for step in steps {
            let event = match step {
                Step::Describe(n, ..) | Step::Withdraw(n) if withdrawn.contains(&n) => continue,
                Step::Describe(n, name, hidden) => {
                    let mut details = details(NAMES[name], "A thing", 100 + i64::from(n) * 7);
                    details.hidden = hidden;
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
        feed(&mut fresh, events, until);
        prop_assert_eq!(answers(&index), answers(&fresh));
        fresh.commit().unwrap();
        prop_assert_eq!(answers(&index), answers(&fresh));
    }
}
