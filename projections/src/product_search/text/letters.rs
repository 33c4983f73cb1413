//! The letters of a word: in lower case, and without accents.

use deunicode::deunicode_char;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

const MICRO: char = '\u{3bc}';

/// Whether it is part of the letter before it, which has no letter of its own with it.
pub(super) fn is_accent(c: char) -> bool {
    !c.is_ascii() && canonical_combining_class(c) != 0
}

/// In lower case, where a letter and its accent may become one that they aren't in upper case.
pub(super) fn lower_case(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.is_ascii() || is_nfc_quick(lower.chars()) == IsNormalized::Yes {
        return lower;
    }
    lower.nfc().collect()
}

/// Without accents, as far as the letters are Latin.
pub(super) fn fold(lower: &str) -> String {
    if lower.is_ascii() {
        return lower.to_owned();
    }
    // The sign of micro is a letter of Greek where a unit was one sign with it; people type `u`.
    let has_micro = lower.len() > MICRO.len_utf8() && lower.chars().all(|c| c.is_ascii() || c == MICRO);
    let mut folded = String::with_capacity(lower.len());
    for c in lower.chars() {
        if has_micro && c == MICRO {
            folded.push('u');
            continue;
        }
        let latin = matches!(c, '\u{80}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{2070}'..='\u{209f}');
        match deunicode_char(c).filter(|_| latin) {
            Some(ascii) => folded.push_str(&ascii.to_ascii_lowercase()),
            // An accent on its own.
            None if ('\u{300}'..='\u{36f}').contains(&c) => {}
            None => folded.push(c),
        }
    }
    folded
}
