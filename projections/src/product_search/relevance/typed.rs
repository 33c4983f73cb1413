//! What a person typed: words and phrases.
//!
//! Nothing in a text is an operator, so no text is an error. What stands in quotation marks is a phrase; the mark behind a
//! number is inches.

use crate::product_search::text::{Analyzer, Normal, Word};

/// Words beyond these are not looked at.
const MOST_WORDS: usize = 32;

/// Phrases beyond these are words: each is looked for in all texts.
const MOST_PHRASES: usize = 4;

/// A phrase begins behind a blank, or behind one of these: behind a letter, a number or the end of a sentence a mark is no
/// beginning.
const OPENS: &[char] = &['(', '[', '{', '<', '/', '|', '+', '-', '=', ':', ',', ';'];

/// Words that were typed as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Joined {
    /// Each as it is written.
    pub(super) words: Vec<String>,
    /// What they are as one.
    pub(super) whole: String,
}

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Typed {
    /// All words, those of phrases too, each once.
    pub(crate) words: Vec<Word>,
    /// The words of each phrase, in order.
    pub(super) phrases: Vec<Vec<Word>>,
    /// Those that were typed as one: `spk-01`, `17 inch`. Of three, the first two are one as well.
    pub(super) joined: Vec<Joined>,
    /// The last word may not be finished.
    pub(super) is_open: bool,
}

impl Typed {
    pub(crate) fn read(text: &str, analyzer: &Analyzer) -> Self {
        let mut typed = Self::default();
        let normal = Normal::of(text);
        let mut rest: &str = &normal.text;
        while let Some((before, phrase, behind)) = next_phrase(rest) {
            typed.add(analyzer.words(before));
            let words = analyzer.words(phrase);
            let is_new = !typed.phrases.contains(&words) && typed.phrases.len() < MOST_PHRASES;
            if words.len() > 1 && is_new {
                typed.phrases.push(words.clone());
            }
            typed.add(words);
            rest = behind;
        }
        let last = analyzer.words(rest);
        typed.is_open = last.last().is_some_and(|word| word.to == rest.len());
        typed.add(last);
        let language = analyzer.language();
        if typed.words.iter().any(|word| !language.is_filler(&word.surface)) {
            typed.words.retain(|word| !language.is_filler(&word.surface) || word.whole.is_some());
        }
        typed.words.truncate(MOST_WORDS);
        typed
    }

    pub(crate) fn has_phrases(&self) -> bool {
        !self.phrases.is_empty()
    }

    /// Whether a word stands in a phrase.
    pub(super) fn is_quoted(&self, word: &Word) -> bool {
        self.phrases.iter().flatten().any(|quoted| quoted.surface == word.surface)
    }

    /// All words of what was typed as one.
    pub(super) fn together(&self) -> impl Iterator<Item = &[String]> {
        let is_part = |words: &[String]| {
            self.joined.iter().any(|other| other.words.len() > words.len() && other.words.starts_with(words))
        };
        self.joined.iter().map(|joined| joined.words.as_slice()).filter(move |words| !is_part(words))
    }

    fn add(&mut self, words: Vec<Word>) {
        for (last, word) in words.iter().enumerate() {
            let Some(whole) = word.whole.clone().filter(|_| word.joins > 0) else { continue };
            let words = words[last - word.joins..=last].iter().map(|it| it.surface.clone()).collect();
            let joined = Joined { words, whole };
            if !self.joined.contains(&joined) {
                self.joined.push(joined);
            }
        }
        for word in words {
            if !self.words.iter().any(|known| known.surface == word.surface && known.whole == word.whole) {
                self.words.push(word);
            }
        }
    }
}

/// What stands before the first phrase of a text, in it, and behind it.
fn next_phrase(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find(['"', '“', '„'])?;
        let mark = text[open..].chars().next().map_or(1, char::len_utf8);
        let opens = |c: char| c.is_whitespace() || OPENS.contains(&c);
        let begins = text[..open].chars().next_back().is_none_or(opens);
        if begins && let Some(end) = text[open + mark..].find(['"', '”', '“']) {
            let (phrase, behind) = text[open + mark..].split_at(end);
            let mark = behind.chars().next().map_or(1, char::len_utf8);
            return Some((&text[..open], phrase, &behind[mark..]));
        }
        from = open + mark;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product_search::text::Language;

    fn read(text: &str) -> (String, usize, bool) {
        let typed = Typed::read(text, &Analyzer::new(Language::default()));
        let words: Vec<_> = typed.words.iter().map(|word| word.stem.as_str()).collect();
        (words.join(" "), typed.phrases.len(), typed.is_open)
    }

    #[test]
    fn what_is_typed_as_one_is_known_in_all_its_words() {
        for (text, expected) in [
            ("spk-01 speaker", "spk+01"),
            ("spk-01, spk-02", "spk+01 spk+02"),
            ("spk-01 spk-01", "spk+01"),
            ("a-b-c at&t", "a+b+c at+t"),
            ("a 17 inch screen, 15\"", "17+inch"),
            ("red lamp iphone12", ""),
        ] {
            let typed = Typed::read(text, &Analyzer::new(Language::default()));
            let together: Vec<_> = typed.together().map(|words| words.join("+")).collect();
            assert_eq!(together.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn phrases_stand_in_quotation_marks_and_inches_behind_numbers() {
        for (text, expected) in [
            ("red lamps", ("red lamp", 0, true)),
            ("red lamps ", ("red lamp", 0, false)),
            ("\"red lamps\" big", ("red lamp big", 1, true)),
            ("“red lamps”", ("red lamp", 1, false)),
            ("（＂red lamps＂） big", ("red lamp big", 1, true)),
            ("(\"red lamps\") big", ("red lamp big", 1, true)),
            ("sofa+\"red lamp\",[“desk lamp”]", ("sofa red lamp desk", 2, false)),
            ("17\" laptop 15\"", ("17 laptop 15", 0, false)),
            ("(17\" laptop, 15\")", ("17 laptop 15", 0, false)),
            ("red lamp.\" a sofa\"", ("red lamp sofa", 0, false)),
            ("\"red", ("red", 0, true)),
            ("\"red\" lamp", ("red lamp", 0, true)),
            ("\"\" \"", ("", 0, false)),
            ("lamp lamp Lamps", ("lamp lamp", 0, true)),
            ("case for the lamp", ("case lamp", 0, true)),
            ("for the", ("for the", 0, true)),
            ("\"a lamp\" \"a lamp\"", ("lamp", 1, false)),
            ("\"a b\" \"b c\" \"c d\" \"d e\" \"e f\"", ("b c d e f", 4, false)),
        ] {
            let (words, phrases, open) = expected;
            assert_eq!(read(text), (words.to_owned(), phrases, open), "{text}");
        }
    }
}
