//! What a word that is being typed may become, and what it may not.

use super::super::answer::suggest;
use super::super::{Completion, Suggestions};
use super::finding::{in_categories, named};
use super::*;

fn suggested(index: &Feed, typed: &str, limit: usize) -> Suggestions {
    suggest(&index.snapshot(), typed, limit, &Weights::default()).unwrap()
}

fn told(completions: Vec<Completion>) -> String {
    completions.into_iter().map(|it| format!("{} {}", it.text, it.products)).collect::<Vec<_>>().join(", ")
}

fn searches(index: &Feed, typed: &str, limit: usize) -> String {
    told(suggested(index, typed, limit).searches)
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

#[test]
fn what_is_being_typed_is_completed() {
    let folder = TempDir::new().unwrap();
    let index = named(&folder, &["Wireless mouse", "Wireless mouse pad", "Wired mouse", "Wooden lamp"]);
    let found = |typed: &str| {
        let found = suggested(&index, typed, 3);
        (told(found.searches), found.products.len())
    };
    assert_eq!(found("w"), ("wireless 2, wired 1, wooden 1".to_owned(), 2));
    assert_eq!(found("wireless m"), ("wireless mouse 2".to_owned(), 3));
    assert_eq!(found("wireless mouse p"), ("wireless mouse pad 1".to_owned(), 3));
    assert_eq!(found("moues"), ("mouse 3".to_owned(), 3));
    assert_eq!(found(""), (String::new(), 0));
}

#[test]
fn the_same_is_completed_after_each_commit_and_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let called = |n, name: &str| created(n, details(name, "", 100));
    let renamed = |n, sequence, name: &str| {
        happened(n, sequence, Stored::Product(ProductEvent::ProductRevised(Box::new(details(name, "", 100)))))
    };
    let gone = |n, sequence| happened(n, sequence, Stored::Product(ProductEvent::ProductWithdrawn {}));
    for (position, event, expected) in [
        (1, called(1, "Lamp"), "lamp 1"),
        (2, called(2, "Lamp, large"), "lamp 2, large 1"),
        (3, called(3, "Ladder"), "lamp 2, ladder 1, large 1"),
        (4, renamed(1, 2, "Ladder"), "ladder 2, lamp 1, large 1"),
        (5, gone(2, 2), "ladder 2"),
        (6, renamed(3, 2, "Latch"), "ladder 1, latch 1"),
    ] {
        feed(&mut index, vec![event], position);
        assert_eq!(searches(&index, "la", 9), expected, "before the commit at {position}");
        index.commit().unwrap();
        assert_eq!(searches(&index, "la", 9), expected, "after the commit at {position}");
    }
    drop(index);
    assert_eq!(searches(&open(folder.path()), "la", 9), "ladder 1, latch 1");
}

/// Guards against sets of products that are kept longer than they are right.
#[test]
fn what_is_completed_may_be_found_whatever_was_asked_before() {
    let folder = TempDir::new().unwrap();
    let mut index = named(&folder, &["Desk lamp", "Desk lamp, large", "Desk lamps", "Floor lamp"]);
    index.commit().unwrap();
    let now = |n, name: &str, hidden| {
        let details = ProductDetails { hidden, ..details(name, "", 100) };
        happened(n, 2, Stored::Product(ProductEvent::ProductRevised(Box::new(details))))
    };
    let gone = happened(1, 2, Stored::Product(ProductEvent::ProductWithdrawn {}));
    // All are lights by their category.
    for (position, event, one_word, behind_another) in [
        (20, received(1, 2, 1), "lights 4, lamp 3, large 1", "desk lights 3, desk lamp 2, desk large 1"),
        (21, now(2, "Desk lamp, large", true), "lights 3, lamp 2", "desk lights 2, desk lamp 1"),
        (
            22,
            now(4, "Desk lamp, long", false),
            "lights 3, lamp 2, long 1",
            "desk lights 3, desk lamp 2, desk long 1",
        ),
        (23, gone, "lights 2, lamp 1, long 1", "desk lights 2, desk lamp 1, desk long 1"),
    ] {
        feed(&mut index, vec![event], position);
        for is_committed in [false, true] {
            if is_committed {
                index.commit().unwrap();
            }
            assert_eq!(searches(&index, "l", 9), one_word, "at {position}, committed: {is_committed}");
            assert_eq!(
                searches(&index, "desk l", 9),
                behind_another,
                "at {position}, committed: {is_committed}"
            );
        }
    }
}

#[test]
fn brands_are_suggested_with_the_products_that_may_be_found() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let of = |brand: &str, hidden: bool| {
        let mut lamp = details("Lamp", "", 100);
        (lamp.brand, lamp.hidden) = (Some(brand.to_owned()), hidden);
        lamp
    };
    let events = vec![
        created(1, of("Acme", false)),
        created(2, of("Acme", false)),
        created(3, of("Acme", true)),
        created(4, of("Blue Acre", false)),
        happened(2, 2, Stored::Product(ProductEvent::ProductWithdrawn {})),
    ];
    feed(&mut index, events, 5);
    let brands = |index: &Feed| told(suggested(index, "ac", 3).brands);
    assert_eq!(brands(&index), "Acme 1, Blue Acre 1");
    let shown = ProductEvent::ProductRevised(Box::new(of("Acme", false)));
    let other = ProductEvent::ProductRevised(Box::new(of("Other", false)));
    feed(&mut index, vec![happened(3, 2, Stored::Product(shown)), happened(4, 2, Stored::Product(other))], 7);
    assert_eq!(brands(&index), "Acme 2");
    index.commit().unwrap();
    drop(index);
    assert_eq!(brands(&open(folder.path())), "Acme 2");
}

#[test]
fn words_of_categories_are_completed_as_words_of_products_are() {
    let folder = TempDir::new().unwrap();
    let names = [("Drifter", "Kayaks"), ("Hammer", "Tools"), ("Wool hat", "Hats")];
    let mut index = in_categories(&folder, &names);
    for _ in ["in memory", "on disk"] {
        for (typed, expected) in
            [("kay", "kayaks 1"), ("kaiaks", "kayaks 1"), ("tool", "tools 1"), ("ha", "hammer 1, hat 1")]
        {
            assert_eq!(searches(&index, typed, 3), expected, "{typed}");
        }
        index.commit().unwrap();
    }
    // In its name and in its category's it is one product; what is gone is none.
    let revised = |n, name: &str, category: Option<&str>| {
        let mut it = details(name, "", 100);
        it.category = category.map(ToOwned::to_owned);
        happened(n, 2, Stored::Product(ProductEvent::ProductRevised(Box::new(it))))
    };
    feed(&mut index, vec![revised(2, "Tools", Some("Tools")), revised(1, "Drifter", None)], 5);
    for _ in ["in memory", "on disk"] {
        assert_eq!(searches(&index, "tool", 3), "tools 1");
        assert_eq!(searches(&index, "kay", 3), "");
        index.commit().unwrap();
    }
}
