//! The order of names: that of a dictionary, by the root of Unicode's collation (technical standard 10; CLDR), numbers by what
//! they come to.

use std::sync::{Arc, LazyLock};

use icu_collator::options::CollatorOptions;
use icu_collator::preferences::CollationNumericOrdering;
use icu_collator::{CollatorBorrowed, CollatorPreferences};

/// A key is cut here: names that are the same up to there are ordered as if they were the same, and a cursor has room for it.
const LONGEST: usize = 1_000;

/// Its data is compiled in, so there is one.
static COLLATOR: LazyLock<Option<CollatorBorrowed<'static>>> = LazyLock::new(|| {
    let mut preferences = CollatorPreferences::default();
    preferences.numeric_ordering = Some(CollationNumericOrdering::True);
    CollatorBorrowed::try_new(preferences, CollatorOptions::default()).ok()
});

/// What names are compared by, byte for byte: made once, for it takes longer than to compare two.
pub(super) fn key(name: &str) -> Arc<[u8]> {
    let mut key = Vec::new();
    match &*COLLATOR {
        Some(collator) => {
            let Ok(()) = collator.write_sort_key_to(name.trim(), &mut key);
        }
        None => key.extend_from_slice(name.trim().as_bytes()),
    }
    key.truncate(LONGEST);
    key.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_a_dictionary() {
        let expected = [
            "",
            "10 lamps",
            "Apfel",
            "apple",
            "Apple",
            "Ärmel",
            "lamp",
            "lamp 9",
            "Lamp 10",
            "Lamp 010 b",
            "Lamp, red",
            "lampion",
            "resume",
            "résumé",
            "Zebra",
            "日本",
        ];
        let mut names = expected;
        names.reverse();
        names.sort_by_key(|name| key(name));
        assert_eq!(names, expected);
        assert_eq!(key(" lamp\t"), key("lamp"));
        assert_eq!(key("Cafe\u{301}"), key("Café"));
    }

    #[test]
    fn a_key_is_no_longer_than_a_cursor_has_room_for() {
        assert_eq!(key(&"ﷺ".repeat(200)).len(), LONGEST);
        assert!(key(&"Ärmel ".repeat(33)).len() < LONGEST);
    }
}
