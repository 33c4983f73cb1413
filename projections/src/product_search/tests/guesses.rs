//! What is looked for in the place of what was typed, or beside it, and what is said of that.

use super::finding::named;
use super::*;

fn asked(index: &Feed, typed: &str) -> (Vec<u128>, Option<String>) {
    let page = ask(index, &SearchQuery { limit: 100, ..text(typed) });
    (ids(&page), page.corrected)
}

/// So many products of each name, from 1 on.
fn many(folder: &TempDir, names: &[(usize, &str)]) -> Feed {
    let names: Vec<&str> = names.iter().flat_map(|(times, name)| vec![*name; *times]).collect();
    named(folder, &names)
}

#[test]
fn what_has_a_word_as_it_was_typed_comes_before_what_nearly_has_it() {
    let folder = TempDir::new().unwrap();
    let names = [(45, "Soft case"), (41, "Black lamp"), (1, "Blck lamp")];
    let mut index = many(&folder, &names);
    let cover = |n| created(n, details("Cover of a long name for whoever has one", "Also for a sofa", 100));
    feed(&mut index, vec![cover(101), cover(102)], 300);
    for _ in ["in memory", "on disk"] {
        // These are out of stock besides.
        let (found, corrected) = asked(&index, "sofa");
        assert_eq!((found.len(), &found[..2]), (47, &[102, 101][..]));
        assert_eq!(corrected.as_deref(), Some("soft"));
        let (found, corrected) = asked(&index, "blck");
        assert_eq!((found.len(), found[0]), (42, 87));
        assert_eq!(corrected.as_deref(), Some("black"));
        index.commit().unwrap();
    }
    // With a third product that has it, it is a word.
    feed(&mut index, vec![cover(103)], 301);
    assert_eq!(asked(&index, "sofa"), (vec![103, 102, 101], None));
}

#[test]
fn a_word_that_means_what_there_is_is_no_slip() {
    let folder = TempDir::new().unwrap();
    let index = many(&folder, &[(1, "Corner sofa"), (30, "Pouch"), (30, "Touch screen"), (1, "Lamps")]);
    for (typed, expected) in [("couch", vec![1]), ("couches ", vec![1]), ("lamping ", vec![62])] {
        assert_eq!(asked(&index, typed), (expected, None), "{typed}");
    }
}

#[test]
fn the_likelier_slip_is_the_one_that_is_named() {
    let folder = TempDir::new().unwrap();
    let names = [
        (30, "Tuning fork"),
        (5, "Ruling pen"),
        (3, "Running shoe"),
        (2, "Cable"),
        (4, "Cabin"),
        (9, "Gable"),
        (2, "Balanced bike"),
    ];
    let index = many(&folder, &names);
    for (typed, corrected) in [
        ("runing", Some("running")),
        ("cabel", Some("cable")),
        ("cabll", Some("cable")),
        ("gabel", Some("gable")),
        ("unbalanced", None),
        ("belanzed", Some("balanced")),
        // What is in quotation marks is looked for as it is.
        ("\"runing shoe\"", None),
    ] {
        assert_eq!(asked(&index, typed).1.as_deref(), corrected, "{typed}");
    }
    assert_eq!(asked(&index, "unbalanced").0, Vec::<u128>::new());
    assert_eq!(asked(&index, "\"runing shoe\"").0, Vec::<u128>::new());
}
