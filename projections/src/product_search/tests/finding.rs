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

/// A product of each category, from 1 on.
pub(super) fn in_categories(folder: &TempDir, named: &[(&str, &str)]) -> Feed {
    let mut index = open(folder.path());
    for (n, (name, category)) in (1..).zip(named) {
        let mut it = details(name, "", 100);
        it.category = Some((*category).to_owned());
        feed(&mut index, vec![created(n, it)], n.into());
    }
    index
}

/// Guards against a name of a category that no product has in its own texts being taken for a slip of the pen.
#[test]
fn words_of_categories_are_found_begun_and_nearly_written_as_words_of_products_are() {
    let folder = TempDir::new().unwrap();
    let names = [("Drifter", "Kayaks"), ("Hammer", "Tools"), ("Wool hat", "Hats")];
    let mut index = in_categories(&folder, &names);
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
