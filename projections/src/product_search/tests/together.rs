//! What is written as one word in some products, and as several in others.

use super::finding::named;
use super::*;
use crate::product_search::relevance::{Plan, Typed};

fn all(index: &Feed, typed: &str) -> Vec<u128> {
    let mut all = ids(&ask(index, &SearchQuery { limit: 20, ..text(typed) }));
    all.sort_unstable();
    all
}

#[test]
fn a_code_is_found_however_it_is_written_though_products_have_it_as_it_is_typed() {
    let folder = TempDir::new().unwrap();
    let names = [
        "Galaxy S21 case",
        "Galaxy S21 glass",
        "GalaxyS21 strap",
        "Galaxy-S21 stand",
        "Galaxy case, S21 pattern",
        "iPhone 12 Pro case",
        "iPhone12 glass",
        "iPhone12Pro strap",
        "Paper, a 4 colour box",
        "Paper A4",
    ];
    let mut index = named(&folder, &names);
    for _ in ["in memory", "on disk"] {
        assert_eq!(all(&index, "galaxys21"), [1, 2, 3, 4]);
        // Two words may stand anywhere.
        assert_eq!(all(&index, "galaxy s21"), [1, 2, 3, 4, 5]);
        assert_eq!(all(&index, "\"galaxy s21\""), [1, 2, 3, 4]);
        assert_eq!(all(&index, "\"galaxys21 case\""), [1]);
        assert_eq!(all(&index, "\"galaxy s21 strap\""), [3]);
        assert_eq!(all(&index, "iphone12"), [6, 7]);
        assert_eq!(all(&index, "iphone12pro"), [6, 8]);
        assert_eq!(all(&index, "\"iphone 12\""), [6, 7]);
        // One letter stands beside a number by chance.
        assert_eq!(all(&index, "a4"), [10]);
        index.commit().unwrap();
    }
    // What is written as it was typed comes first, and what was found is marked.
    let page = ask(&index, &SearchQuery { limit: 9, highlights: true, ..text("galaxys21") });
    assert_eq!((ids(&page)[0], page.corrected), (3, None));
    let case = page.hits.iter().find(|hit| hit.id == product(1)).unwrap();
    let marked = case.highlights.as_ref().unwrap().name.as_deref();
    assert_eq!(marked, Some("<mark>Galaxy</mark> <mark>S21</mark> case"));
}

/// Guards against what has a part of a code alone being found beside what has all of it.
#[test]
fn a_code_counts_as_one_word_where_a_product_has_it() {
    let folder = TempDir::new().unwrap();
    let names = ["Speaker SPK-01", "Notebook NTB-01", "SPK stand", "Mug MUG-01", "Speaker, large"];
    let mut index = named(&folder, &names);
    for _ in ["in memory", "on disk"] {
        assert_eq!(all(&index, "spk-01"), [1]);
        assert_eq!(all(&index, "spk-01 spk-01"), [1]);
        // With another word it is one of two.
        assert_eq!(all(&index, "spk-01 speaker"), [1, 5]);
        // No such code: what there is of it.
        assert_eq!(all(&index, "spk-02"), [1, 3]);
        index.commit().unwrap();
    }
}

/// Guards against a code that begins as the one before it being looked for in a word of that one.
#[test]
fn a_code_is_looked_for_in_each_of_its_own_words_as_one() {
    let folder = TempDir::new().unwrap();
    let index = named(&folder, &["Speaker SPK-01", "Speaker SPK-02", "Speaker SPK02-XL"]);
    let snapshot = index.snapshot();
    let typed = Typed::read("spk-01 spk-02-xl", &snapshot.words.analyzer);
    let plan = Plan::of(&typed, &snapshot, &Weights::default()).unwrap();
    let codes = |word: &str| {
        let group = plan.groups.iter().find(|group| group[0].word == word).unwrap();
        let codes = ["spk01", "spk02", "spk02xl"].map(|code| group.iter().any(|it| it.word == code));
        (codes[0], codes[1], codes[2])
    };
    assert_eq!(codes("spk"), (true, true, true));
    assert_eq!(codes("01"), (true, false, false));
    assert_eq!(codes("02"), (false, true, true));
}

/// Guards against what lacks a word coming before what has all, since it is cheaper.
#[test]
fn in_another_order_than_by_relevance_nothing_lacks_a_word_that_something_has() {
    let folder = TempDir::new().unwrap();
    let index = named(&folder, &["Portable radio", "Speaker", "Portable speaker"]);
    let sorted = |typed: &str, sort| ids(&ask(&index, &SearchQuery { limit: 9, sort, ..text(typed) }));
    assert_eq!(sorted("portable speaker", Sort::Oldest), [3]);
    assert_eq!(sorted("portable speaker", Sort::Relevance)[0], 3);
    assert_eq!(all(&index, "portable speaker"), [1, 2, 3]);
    // Nothing has both.
    assert_eq!(sorted("radio speaker", Sort::Oldest), [1, 2, 3]);
}
