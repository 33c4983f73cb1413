//! What a text finds.

use domain::product::Attribute;

use super::super::answer::suggest;
use super::super::text::Text;
use super::*;

#[test]
fn words_are_found_by_stem_without_case_and_accents_and_count_most_in_the_name() {
    let folder = TempDir::new().unwrap();
    let feed = opened(folder.path());
    let lamps = found(&feed, text("LAMP"));
    // The red one is sold out.
    assert_eq!(lamps, [2, 1, 3]);
    assert_eq!(found(&feed, text("cafe")), [2]);
    // With all words first, then those that have one.
    assert_eq!(found(&feed, text("lamp red"))[0], 3);
    assert_eq!(found(&feed, text("acme candles"))[0], 1);
    assert_eq!(found(&feed, text("red candle")).len(), 2);
    assert!(found(&feed, text("sofa")).is_empty());
}

/// Products by their names, from 1 on, all of them in stock.
pub(super) fn named(folder: &TempDir, names: &[&str]) -> Feed {
    let mut index = open(folder.path());
    for (n, name) in (1..).zip(names) {
        let until = i64::from(n) * 2;
        feed(&mut index, vec![created(n, details(name, "", 100)), received(n, 1, 1)], until);
    }
    index
}

#[test]
fn codes_and_measures_are_found_however_they_are_written() {
    let folder = TempDir::new().unwrap();
    let names = [
        "WD-40 spray",
        "Brother TN-2110 toner",
        "Phone X12 case, 7",
        "Screen 17\"",
        "Card 128 GB",
        "Wi-Fi plug",
        "Laptop 17,3\"",
        "Disk 1,000 GB",
        "Disk 2000 GB",
    ];
    let index = named(&folder, &names);
    for (typed, expected) in [
        ("wd40", 1),
        ("wd-40", 1),
        ("WD 40", 1),
        ("tn2110", 2),
        ("tn-2110", 2),
        ("x12", 3),
        ("x 12", 3),
        ("phone7", 3),
        ("17 inch", 4),
        ("17-inch screen", 4),
        ("17” screen", 4),
        ("17in", 4),
        ("128gb", 5),
        ("128 gb", 5),
        ("wifi", 6),
        ("wi fi", 6),
        ("17.3 inch", 7),
        ("17,3 zoll", 7),
        ("17,3\"", 7),
        ("1000 gb", 8),
        ("1,000GB", 8),
        ("2,000 gb", 9),
    ] {
        let best = ask(&index, &SearchQuery { limit: 1, ..text(typed) });
        assert_eq!(ids(&best), [expected], "{typed}");
    }
}

#[test]
fn words_are_found_however_their_letters_are_encoded() {
    let folder = TempDir::new().unwrap();
    let mut index = named(&folder, &["Cafe\u{301} chair", "ＲＥＤ　ＬＡＭＰ", "Oﬃce desk"]);
    for _ in ["in memory", "on disk"] {
        for (typed, expected) in [
            ("café", 1),
            ("CAFE\u{301}", 1),
            ("lamp", 2),
            ("ｌａｍｐ", 2),
            ("“ｒｅｄ lamps”", 2),
            ("office", 3),
            ("（＂oﬃce desk＂）", 3),
        ] {
            assert_eq!(found(&index, text(typed)), [expected], "{typed}");
        }
        index.commit().unwrap();
    }
    let page = ask(&index, &SearchQuery { highlights: true, limit: 1, ..text("red lamp") });
    let marked = page.hits[0].highlights.clone().unwrap();
    assert_eq!(marked.name.as_deref(), Some("<mark>ＲＥＤ</mark>　<mark>ＬＡＭＰ</mark>"));
}

#[test]
fn numbers_alone_are_found_in_attributes_and_nothing_counts_less_for_them() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let with = |name: &str, facts: &[(&str, &str)]| {
        let attribute =
            |(name, value): &(&str, &str)| Attribute { name: (*name).into(), value: (*value).into() };
        ProductDetails { attributes: facts.iter().map(attribute).collect(), ..details(name, "", 100) }
    };
    let first = with("Desk", &[("Warranty", "24"), ("Wood", "Oak"), ("Drawers", "2")]);
    let mut last = with("Shelf", &[]);
    last.specifications = [("diagonal".to_owned(), "17,3".to_owned())].into();
    feed(
        &mut index,
        vec![created(1, first), created(2, with("Desk 24", &[("Wood", "Oak")])), created(3, last)],
        3,
    );
    for is_committed in [false, true] {
        if is_committed {
            index.commit().unwrap();
        }
        // What is called so comes first.
        assert_eq!(found(&index, text("24")), [2, 1], "committed: {is_committed}");
        assert_eq!(found(&index, text("17.3")), [3]);
        assert_eq!(found(&index, text("desk 24 oak"))[0], 2);
        assert!(found(&index, text("2 ")).is_empty());
        let snapshot = index.snapshot();
        let lengths = [0, 1, 2].map(|slot| snapshot.table.lengths(slot)[Text::Attributes as usize]);
        assert_eq!(lengths, [1, 1, 1]);
        // Nobody begins to type one.
        let completed = suggest(&snapshot, "17", 3, &Weights::default()).unwrap();
        assert_eq!(completed.searches, []);
    }
}

#[test]
fn a_word_that_nothing_has_is_the_beginning_of_one_or_nearly_one() {
    let folder = TempDir::new().unwrap();
    let index = named(&folder, &["Wireless keyboard", "Wireless keyboards", "Power bank", "Lamp", "Lump"]);
    for (typed, expected, corrected) in [
        ("keyb", &[1, 2][..], None),
        ("keybaord", &[1, 2], Some("keyboard")),
        ("wireles keybord", &[1, 2], Some("wireless keyboard")),
        ("powerbank", &[3], Some("power bank")),
        ("lamp", &[4], None),
        ("limp", &[4, 5], Some("lamp")),
        ("qqqqqqqq", &[], None),
        ("lxx", &[], None),
    ] {
        let page = ask(&index, &SearchQuery { limit: 9, ..text(typed) });
        let mut all = ids(&page);
        all.sort_unstable();
        assert_eq!(all, expected, "{typed}");
        assert_eq!(page.corrected.as_deref(), corrected, "{typed}");
    }
}

#[test]
fn a_phrase_stands_together() {
    let folder = TempDir::new().unwrap();
    let mut index = named(&folder, &["Red desk lamp", "Red lamp for a desk", "Desk, red lamp"]);
    for _ in ["in memory", "on disk"] {
        assert_eq!(found(&index, text("\"desk lamp\"")), [1]);
        let mut red = found(&index, text("\"red lamp\""));
        red.sort_unstable();
        assert_eq!(red, [2, 3]);
        assert_eq!(found(&index, text("\"red lamps\" \"lamp for a desk\"")), [2]);
        assert!(found(&index, text("\"lamp red\"")).is_empty());
        index.commit().unwrap();
    }
}

#[test]
fn synonyms_and_categories_are_found() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let mut lamp = details("Sunrise", "", 100);
    lamp.category = Some("Desk lamps".to_owned());
    let mut other = details("Laptop stand", "", 100);
    other.category = None;
    feed(&mut index, vec![created(1, lamp), created(2, other)], 2);
    assert_eq!(found(&index, text("lamp")), [1]);
    assert_eq!(found(&index, text("notebook")), [2]);
}

/// Guards against a name of a category that no product has in its own texts being taken for a slip of the pen.
#[test]
fn words_of_categories_are_found_begun_and_nearly_written_as_words_of_products_are() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let of = |n: u32, name: &str, category: &str| {
        let mut it = details(name, "", 100);
        it.category = Some(category.to_owned());
        created(n, it)
    };
    let events = vec![of(1, "Drifter", "Kayaks"), of(2, "Hammer", "Tools"), of(3, "Wool hat", "Hats")];
    feed(&mut index, events, 3);
    let completed = |index: &Feed, typed: &str| {
        let found = suggest(&index.snapshot(), typed, 3, &Weights::default()).unwrap().searches;
        found.into_iter().map(|it| format!("{} {}", it.text, it.products)).collect::<Vec<_>>().join(", ")
    };
    for _ in ["in memory", "on disk"] {
        for (typed, expected, corrected) in [
            ("kaya", &[1][..], None),
            ("kaiaks", &[1], Some("kayaks")),
            ("tool", &[2], None),
            ("toolz ", &[2], Some("tools")),
        ] {
            let page = ask(&index, &SearchQuery { limit: 9, ..text(typed) });
            assert_eq!((ids(&page).as_slice(), page.corrected.as_deref()), (expected, corrected), "{typed}");
        }
        for (typed, expected) in
            [("kay", "kayaks 1"), ("kaiaks", "kayaks 1"), ("tool", "tools 1"), ("ha", "hammer 1, hat 1")]
        {
            assert_eq!(completed(&index, typed), expected, "{typed}");
        }
        index.commit().unwrap();
    }
    // In its name and in its category's it is one product; what is gone is none.
    let revised = |n, sequence, name: &str, category: Option<&str>| {
        let mut it = details(name, "", 100);
        it.category = category.map(ToOwned::to_owned);
        happened(n, sequence, Stored::Product(ProductEvent::ProductRevised(Box::new(it))))
    };
    feed(&mut index, vec![revised(2, 2, "Tools", Some("Tools")), revised(1, 2, "Drifter", None)], 5);
    for _ in ["in memory", "on disk"] {
        assert_eq!(completed(&index, "tool"), "tools 1");
        assert_eq!(completed(&index, "kay"), "");
        index.commit().unwrap();
    }
}

#[test]
fn british_and_american_words_find_each_other() {
    let folder = TempDir::new().unwrap();
    let index =
        named(&folder, &["Colour grey", "Color gray", "Aluminium centre punch", "Aluminum center punch"]);
    for (typed, expected) in [
        ("gray color", [2, 1]),
        ("grey colours", [1, 2]),
        ("aluminum center", [4, 3]),
        ("aluminium centre", [3, 4]),
    ] {
        assert_eq!(found(&index, text(typed)), expected, "{typed}");
    }
}

#[test]
fn what_is_out_of_stock_comes_later() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let lamp = || details("Lamp", "", 100);
    feed(&mut index, vec![created(1, lamp()), created(2, lamp()), received(2, 1, 1)], 3);
    assert_eq!(found(&index, text("lamp")), [2, 1]);
    feed(&mut index, vec![received(1, 1, 1), reserved(2, 2, 1)], 5);
    assert_eq!(found(&index, text("lamp")), [1, 2]);
}

#[test]
fn words_that_were_found_are_marked() {
    let folder = TempDir::new().unwrap();
    let index = opened(folder.path());
    let page = ask(&index, &SearchQuery { highlights: true, limit: 1, ..text("candles") });
    let marked = page.hits[0].highlights.clone().unwrap();
    assert_eq!(marked.name.as_deref(), Some("<mark>Candle</mark> holder"));
    assert_eq!(marked.description, None);
}

#[test]
fn what_is_being_typed_is_completed() {
    let folder = TempDir::new().unwrap();
    let index = named(&folder, &["Wireless mouse", "Wireless mouse pad", "Wired mouse", "Wooden lamp"]);
    let told = |typed: &str| {
        let found = suggest(&index.snapshot(), typed, 3, &Weights::default()).unwrap();
        let searches: Vec<_> =
            found.searches.into_iter().map(|it| format!("{} {}", it.text, it.products)).collect();
        (searches.join(", "), found.products.len())
    };
    assert_eq!(told("w"), ("wireless 2, wired 1, wooden 1".to_owned(), 2));
    assert_eq!(told("wireless m"), ("wireless mouse 2".to_owned(), 3));
    assert_eq!(told("wireless mouse p"), ("wireless mouse pad 1".to_owned(), 3));
    assert_eq!(told("moues"), ("mouse 3".to_owned(), 3));
    assert_eq!(told(""), (String::new(), 0));
}

#[test]
fn the_same_is_completed_after_each_commit_and_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let searches = |index: &Feed| {
        let found = suggest(&index.snapshot(), "la", 9, &Weights::default()).unwrap();
        found
            .searches
            .into_iter()
            .map(|it| format!("{} {}", it.text, it.products))
            .collect::<Vec<_>>()
            .join(", ")
    };
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
        assert_eq!(searches(&index), expected, "before the commit at {position}");
        index.commit().unwrap();
        assert_eq!(searches(&index), expected, "after the commit at {position}");
    }
    drop(index);
    assert_eq!(searches(&open(folder.path())), "ladder 1, latch 1");
}

/// Guards against sets of products that are kept longer than they are right.
#[test]
fn what_is_completed_may_be_found_whatever_was_asked_before() {
    let folder = TempDir::new().unwrap();
    let mut index = named(&folder, &["Desk lamp", "Desk lamp, large", "Desk lamps", "Floor lamp"]);
    index.commit().unwrap();
    let searches = |index: &Feed, typed: &str| {
        let found = suggest(&index.snapshot(), typed, 9, &Weights::default()).unwrap();
        let told = found.searches.into_iter().map(|it| format!("{} {}", it.text, it.products));
        told.collect::<Vec<_>>().join(", ")
    };
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
            assert_eq!(searches(&index, "l"), one_word, "at {position}, committed: {is_committed}");
            assert_eq!(
                searches(&index, "desk l"),
                behind_another,
                "at {position}, committed: {is_committed}"
            );
        }
    }
}

/// Only what has enough of the words is scored; what has fewer would come behind it.
#[test]
fn what_lacks_a_word_follows_where_too_few_have_all_and_is_left_out_where_enough_have() {
    let folder = TempDir::new().unwrap();
    let mut names = vec!["Red lamp"; 9];
    names.extend(["Red sofa", "Green lamp", "Green sofa"]);
    let mut index = named(&folder, &names);
    for (more, expected) in [(false, 11), (true, 10)] {
        if more {
            feed(&mut index, vec![created(13, details("Red lamp", "", 100)), received(13, 1, 1)], 40);
        }
        for is_committed in [false, true] {
            if is_committed {
                index.commit().unwrap();
            }
            let page = ask(&index, &SearchQuery { limit: 20, facets: true, ..text("red lamp") });
            let first: Vec<_> = page.hits.iter().map(|hit| hit.details.name.as_str()).collect();
            assert_eq!((page.total, first.len()), (expected, expected));
            assert!(first[..9].iter().all(|name| *name == "Red lamp"), "{first:?}");
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
    let brands = |index: &Feed| {
        let found = suggest(&index.snapshot(), "ac", 3, &Weights::default()).unwrap();
        found
            .brands
            .into_iter()
            .map(|it| format!("{} {}", it.text, it.products))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(brands(&index), "Acme 1, Blue Acre 1");
    let shown = ProductEvent::ProductRevised(Box::new(of("Acme", false)));
    let other = ProductEvent::ProductRevised(Box::new(of("Other", false)));
    feed(&mut index, vec![happened(3, 2, Stored::Product(shown)), happened(4, 2, Stored::Product(other))], 7);
    assert_eq!(brands(&index), "Acme 2");
    index.commit().unwrap();
    drop(index);
    assert_eq!(brands(&open(folder.path())), "Acme 2");
}
