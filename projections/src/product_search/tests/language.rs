//! Tags are searched; a shop's language cuts words, and its synonyms find what is called otherwise.

use super::*;
use crate::product_search::{Language, SearchError};

fn named(folder: &TempDir, words: Words, names: &[&str]) -> Feed {
    let mut index = Feed::open(folder.path(), Arc::new(words)).unwrap();
    for (n, name) in (1..).zip(names) {
        feed(&mut index, vec![created(n, details(name, "", 100))], n.into());
    }
    index
}

#[test]
fn tags_are_searched_and_count_less_than_the_name() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let tagged = |name: &str, tags: &[&str]| {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        ProductDetails { tags, ..details(name, "", 100) }
    };
    let events = vec![
        created(1, tagged("Lamp", &["Nordic", "For reading"])),
        created(2, tagged("Nordic lamp", &[])),
        created(3, tagged("Sofa", &["velvety"])),
    ];
    feed(&mut index, events, 3);
    for is_committed in [false, true] {
        if is_committed {
            index.commit().unwrap();
        }
        assert_eq!(found(&index, text("nordic")), [2, 1], "committed: {is_committed}");
        assert_eq!(found(&index, text("reading")), [1]);
        assert_eq!(found(&index, text("velvety")), [3]);
    }
    let untagged = ProductEvent::ProductRevised(Box::new(tagged("Sofa", &[])));
    feed(&mut index, vec![happened(3, 2, Stored::Product(untagged))], 4);
    assert!(found(&index, text("velvety")).is_empty());
}

#[test]
fn words_are_cut_as_the_shops_language_does() {
    let names = ["Haus aus Holz", "Lampe"];
    for (language, houses) in [("german", &[1][..]), ("english", &[]), ("none", &[])] {
        let folder = TempDir::new().unwrap();
        let words = || Words::of(Language::named(language).unwrap());
        let mut index = named(&folder, words(), &names);
        for _ in ["in memory", "on disk"] {
            assert_eq!(found(&index, text("Häusern")), houses, "{language}");
            assert_eq!(found(&index, text("LAMPE")), [2], "{language}");
            index.commit().unwrap();
        }
    }
}

#[test]
fn an_index_in_another_language_is_not_taken_for_ones_own() {
    let folder = TempDir::new().unwrap();
    let german = || Words::of(Language::named("german").unwrap());
    let mut index = named(&folder, german(), &["Haus aus Holz"]);
    index.commit().unwrap();
    drop(index);
    let index = Feed::open(folder.path(), Arc::new(german())).unwrap();
    assert_eq!((index.head().position, found(&index, text("Häusern"))), (1, vec![1]));
    drop(index);
    let another = Feed::open(folder.path(), Arc::new(Words::default()));
    assert!(matches!(another, Err(SearchError::Unusable(_))), "whoever feeds it begins anew");
}

#[test]
fn a_shops_own_synonyms_find_what_is_called_otherwise() {
    let names = ["Kanapee", "Laptop", "Lamp"];
    let ours = Words::new(Language::default(), "# furniture\nsofa, kanapee\n").unwrap();
    for (words, sofa, notebook) in [(ours, &[1][..], &[][..]), (Words::default(), &[], &[2])] {
        let folder = TempDir::new().unwrap();
        let index = named(&folder, words, &names);
        assert_eq!(found(&index, text("sofas")), sofa);
        // The table in the box is not used beside another one.
        assert_eq!(found(&index, text("notebook")), notebook);
    }
}
