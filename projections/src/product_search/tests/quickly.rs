//! Which questions are answered on the thread that has the request.

use super::*;
use crate::product_search::answer::{is_quick, is_quickly_completed};

const NINE_WORDS: &str = "alder birch cedar dogwood elder fir ginkgo hazel ivy";

/// Three products with the same nine words, on disk.
fn trees(folder: &TempDir) -> Feed {
    let mut index = open(folder.path());
    for n in 1..=3 {
        feed(&mut index, vec![created(n, details(NINE_WORDS, "", 100))], n.into());
    }
    index.commit().unwrap();
    index
}

#[test]
fn a_search_is_quick_unless_a_word_must_be_guessed_or_there_are_many() {
    let folder = TempDir::new().unwrap();
    let shown = trees(&folder).snapshot();
    for (typed, quick) in [
        (None, true),
        (Some("alder"), true),
        (Some("Birch CEDAR ivy"), true),
        (Some("alder briches"), false),
        (Some("birch ald"), false),
        (Some(NINE_WORDS), false),
        (Some("\"alder birch\""), false),
        (Some("\"alder\""), true),
    ] {
        let query = SearchQuery { text: typed.map(str::to_owned), limit: 20, ..SearchQuery::default() };
        assert_eq!(is_quick(&shown, &query), quick, "{typed:?}");
        assert!(!is_quick(&shown, &SearchQuery { offset: 100_000, ..query }), "{typed:?}, far behind");
    }
}

#[test]
fn a_completion_is_quick_where_words_begin_so() {
    let folder = TempDir::new().unwrap();
    let shown = trees(&folder).snapshot();
    for (typed, quick) in [
        ("", true),
        ("a", true),
        ("alder bi", true),
        ("alder bx", false),
        ("aldre bi", false),
        (NINE_WORDS, false),
    ] {
        assert_eq!(is_quickly_completed(&shown, typed), quick, "{typed}");
    }
}

#[tokio::test]
async fn here_and_elsewhere_the_answer_is_the_same() {
    let folder = TempDir::new().unwrap();
    let search = ProductSearch::of(&trees(&folder));
    for typed in ["alder", "aldre", "alder bx"] {
        let query = SearchQuery { limit: 9, ..text(typed) };
        let here = search.search_now(&query).unwrap();
        assert_eq!(ids(&here.value).len(), 3, "{typed}");
        let answered = search.search(query).await.unwrap();
        assert_eq!((ids(&answered.value), answered.position), (ids(&here.value), here.position), "{typed}");
    }
}
