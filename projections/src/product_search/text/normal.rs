//! A text with its letters and digits as everybody writes them: by the form NFKC of Unicode's annex 15.
//!
//! An accent behind its letter and a letter with its accent are one, and so are wide letters, ligatures and units in a square
//! with what they are made of. Signs stay as they are: `™` is no word, and `″` is inches, not two marks of feet.

use std::borrow::Cow;
use std::iter::once;
use std::ops::Range;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// A text, and where each part of it was before.
pub(crate) struct Normal<'a> {
    pub(crate) text: Cow<'a, str>,
    /// In order.
    changes: Vec<Change>,
}

/// What was written otherwise, in bytes.
struct Change {
    normal: Range<usize>,
    original: Range<usize>,
}

impl<'a> Normal<'a> {
    /// Most texts are so already, which is seen at once.
    pub(crate) fn of(text: &'a str) -> Self {
        let mut normal = String::new();
        let mut changes = Vec::new();
        let mut done = 0;
        if !text.is_ascii() && !is_normal(text) {
            let is_written_otherwise = |part: &Range<usize>| {
                let part = &text[part.clone()];
                !is_normal(part) && part.starts_with(is_of_words)
            };
            for original in parts(text).filter(is_written_otherwise) {
                normal.push_str(&text[done..original.start]);
                let from = normal.len();
                normal.extend(text[original.clone()].nfkc());
                done = original.end;
                changes.push(Change { normal: from..normal.len(), original });
            }
        }
        if changes.is_empty() {
            return Self { text: Cow::Borrowed(text), changes };
        }
        normal.push_str(&text[done..]);
        Self { text: Cow::Owned(normal), changes }
    }

    /// Where a part of it was before: of a letter that was written as one with others, all of that.
    pub(super) fn original(&self, part: Range<usize>) -> Range<usize> {
        let before = |begins: &dyn Fn(&Change) -> bool| {
            self.changes.partition_point(begins).checked_sub(1).and_then(|last| self.changes.get(last))
        };
        let from = match before(&|change| change.normal.start <= part.start) {
            None => part.start,
            Some(change) if part.start < change.normal.end => change.original.start,
            Some(change) => change.original.end + part.start - change.normal.end,
        };
        let to = match before(&|change| change.normal.start < part.end) {
            None => part.end,
            Some(change) if part.end < change.normal.end => change.original.end,
            Some(change) => change.original.end + part.end - change.normal.end,
        };
        from..to
    }
}

/// Whether it is so already, as far as that is seen at once.
fn is_normal(text: &str) -> bool {
    is_nfkc_quick(text.chars()) == IsNormalized::Yes
}

/// The parts of a text that have nothing to do with each other: a letter with what is behind it and may become one with it.
fn parts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut begins = text.char_indices().filter(|(_, c)| is_first(*c)).map(|(place, _)| place).peekable();
    std::iter::from_fn(move || {
        let from = begins.next()?;
        Some(from..begins.peek().copied().unwrap_or(text.len()))
    })
}

/// Whether nothing that is before it may become one with it.
fn is_first(c: char) -> bool {
    let is_quick = |c: char, yes: IsNormalized| is_nfkc_quick(once(c)) == yes;
    let first = if is_quick(c, IsNormalized::No) { c.nfkd().next().unwrap_or(c) } else { c };
    c.is_ascii() || (canonical_combining_class(first) == 0 && is_quick(first, IsNormalized::Yes))
}

/// Whether it is of a word, or a wide or narrow form. A fraction is left as it is, which would become two numbers, and so is the
/// sign of micro, for which people type `u`.
fn is_of_words(c: char) -> bool {
    match c {
        'µ' | '¼'..='¾' | '\u{2150}'..='\u{215f}' | '\u{2189}' => false,
        '\u{3000}' | '\u{3300}'..='\u{33ff}' | '\u{ff00}'..='\u{ffef}' => true,
        c => c.is_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_written_as_everybody_does() {
        for (text, expected) in [
            ("Lamp, café", "Lamp, café"),
            ("Cafe\u{301}s, U\u{308}ber", "Cafés, Über"),
            ("ＬＡＭＰ　１７＂", "LAMP 17\""),
            ("ﬁlter Ⅳ 65㎝ m²", "filter IV 65cm m2"),
            ("ﾗﾝﾌﾟ \u{1112}\u{1161}\u{11ab}", "ランプ 한"),
            // What the letters of several have to do with each other.
            ("q\u{307}\u{323}", "q\u{323}\u{307}"),
            // Signs, fractions, micro, and what is no letter's accent.
            ("Lamp™ 17″ ´ 1½ 10µF\u{a0}№", "Lamp™ 17″ ´ 1½ 10µF\u{a0}№"),
            ("\u{301}a", "\u{301}a"),
        ] {
            assert_eq!(Normal::of(text).text, expected, "{text}");
        }
    }

    #[test]
    fn a_part_of_it_knows_where_it_was() {
        let text = "Ｄｅｓｋ, cafe\u{301} oﬃce; é";
        let normal = Normal::of(text);
        assert_eq!(normal.text, "Desk, café office; é");
        for (part, expected) in [
            ("Desk", "Ｄｅｓｋ"),
            ("sk, ", "ｓｋ, "),
            (", caf", ", caf"),
            ("café", "cafe\u{301}"),
            ("office", "oﬃce"),
            // Half of what is one sign.
            ("of", "oﬃ"),
            ("ice; ", "ﬃce; "),
            ("é", "e\u{301}"),
            ("; é", "; é"),
        ] {
            let from = normal.text.find(part).unwrap();
            assert_eq!(&text[normal.original(from..from + part.len())], expected, "{part}");
        }
        assert_eq!(Normal::of("a lamp").original(2..6), 2..6);
    }
}
