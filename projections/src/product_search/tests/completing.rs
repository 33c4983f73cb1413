//! What a word that is being typed may become, and what it may not.

use super::super::answer::suggest;
use super::finding::named;
use super::*;

fn searches(index: &Feed, typed: &str, limit: usize) -> String {
    let found = suggest(&index.snapshot(), typed, limit, &Weights::default()).unwrap().searches;
    found.into_iter().map(|it| format!("{} {}", it.text, it.products)).collect::<Vec<_>>().join(", ")
}

#[test]
fn slips_of_the_pen_are_not_completed() {
    let folder = TempDir::new().unwrap();
    let slips = ["Cartrdige", "Cartrigde", "Cartrige", "Cartridges"];
    let names =
        [vec!["Toner cartridge"; 40], slips.to_vec(), vec!["Toner cartrage"; 3], vec!["Cart"]].concat();
    let mut index = named(&folder, &names);
    for _ in ["in memory", "on disk"] {
        assert_eq!(searches(&index, "cartr", 5), "cartridge 40, cartrage 3");
        assert_eq!(searches(&index, "cart", 1), "cartridge 40");
        assert_eq!(searches(&index, "cart", 5), "cartridge 40, cartrage 3, cart 1");
        assert_eq!(searches(&index, "toner cartri", 5), "toner cartridge 40");
        index.commit().unwrap();
    }
}

#[test]
fn words_that_nobody_begins_to_type_for_their_own_sake_are_not_completed() {
    let folder = TempDir::new().unwrap();
    let index = named(&folder, &["Notebook, not for those with no table", "Note for you", "Then a theatre"]);
    assert_eq!(searches(&index, "n", 9), "note 1, notebook 1");
    assert_eq!(searches(&index, "the", 9), "theatre 1");
    assert_eq!(searches(&index, "you", 9), "");
}

/// The description says what is counted.
#[test]
fn a_search_is_counted_with_its_last_word_as_it_is_written() {
    let folder = TempDir::new().unwrap();
    let index = named(&folder, &["Red lamp", "Red lamp", "Red lamps", "Lamp", "Red sofa"]);
    assert_eq!(searches(&index, "red la", 5), "red lamp 2");
    assert_eq!(searches(&index, "reds la", 5), "reds lamp 2");
}
