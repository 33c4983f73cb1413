//! From a text to the words that are indexed and looked for.
//!
//! A word is a run of letters and digits, in lower case, cut to its stem, without accents. What stands together is found
//! split and joined: `WD-40` is `wd`, `40` and `wd40`. A number with its unit is one word too, however it was written:
//! `17"`, `17 inch` and `17-inch` are `17in`, `128 GB` is `128gb`; and `17,3` is `17.3`.
//! How its letters are encoded makes no difference ([`Normal`]).

use std::borrow::Cow;

use super::language::{Language, Stems};
use super::letters::{fold, is_accent, lower_case};
use super::normal::Normal;
use super::numbers::number;
use super::units::{alone, measure};

/// Longer words are noise.
const LONGEST_WORD: usize = 80;

/// A text has so many words at most; longer ones are cut off there.
pub(crate) const MOST_WORDS: u32 = 10_000;

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// In lower case and without accents.
    pub(crate) surface: String,
    /// Its stem.
    pub(crate) stem: String,
    /// What it is with those before that it stands together with, or with the number before or the sign behind it.
    pub(crate) whole: Option<String>,
    /// Whether `whole` is of this word and the ones before it, not of this one alone.
    pub(crate) joins: usize,
    /// Its place in the text, in bytes.
    pub(super) from: usize,
    /// Where it ends.
    pub(crate) to: usize,
}

/// Splits texts into words.
pub(crate) struct Analyzer {
    language: Language,
    stems: Stems,
}

/// A run of letters and digits, and what joins it to the one before.
struct Run<'a> {
    /// A number without commas.
    text: Cow<'a, str>,
    from: usize,
    to: usize,
    joined: bool,
}

/// The words that stand together so far.
#[derive(Default)]
struct Together {
    words: usize,
    whole: String,
}

impl Together {
    /// Goes on with a word, or begins with it. What they are as one word, where they are several and not yet too long for
    /// one: then no more is joined until another word begins, or a text that is one long run would be copied for each
    /// word.
    fn add(&mut self, surface: &str, joined: bool) -> Option<String> {
        if !joined {
            self.words = 0;
            self.whole.clear();
        }
        self.words += 1;
        if self.whole.len() <= LONGEST_WORD {
            self.whole.push_str(surface);
        }
        (self.words > 1 && self.whole.len() <= LONGEST_WORD).then(|| self.whole.clone())
    }
}

impl Analyzer {
    pub(crate) fn new(language: Language) -> Self {
        Self { language, stems: language.stems() }
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The stem of a word in lower case, as it is indexed.
    pub(crate) fn stem(&self, word: &str) -> String {
        self.stem_of(word, &fold(word))
    }

    /// The stem of a word in lower case, which is also given without accents.
    fn stem_of(&self, lower: &str, folded: &str) -> String {
        if self.language.is_plain() {
            self.stems.of(folded).into_owned()
        } else {
            fold(&self.stems.of(lower))
        }
    }

    /// The words of a text, in order, the first [`MOST_WORDS`] of them.
    pub(crate) fn words(&self, text: &str) -> Vec<Word> {
        let normal = Normal::of(text);
        let mut words = self.words_of(&normal.text);
        for word in &mut words {
            let place = normal.original(word.from..word.to);
            (word.from, word.to) = (place.start, place.end);
        }
        words
    }

    fn words_of(&self, text: &str) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut together = Together::default();
        for run in runs(text) {
            let lower = lower_case(&run.text);
            if lower.len() > LONGEST_WORD {
                together = Together::default();
                continue;
            }
            let surface = fold(&lower);
            let whole = together.add(&surface, run.joined);
            let mut word = Word {
                stem: self.stem_of(&lower, &surface),
                surface,
                whole: None,
                joins: 0,
                from: run.from,
                to: run.to,
            };
            let last = words.last().filter(|last| run.joined || is_blank(&text[last.to..run.from]));
            if let Some(measure) = last.and_then(|last| measure(&last.surface, &word.surface)) {
                (word.whole, word.joins) = (Some(measure), 1);
            } else if let Some(whole) = whole {
                (word.whole, word.joins) = (Some(whole), together.words - 1);
            } else {
                word.whole = alone(&word.surface, &text[run.to..]);
            }
            words.push(word);
        }
        words
    }
}

fn is_blank(between: &str) -> bool {
    between == " " || between == "\u{a0}"
}

/// Runs of letters and digits. A [number] keeps its decimals; hyphens, dots, apostrophes, underscores and ampersands join
/// what is on both sides of them. No more than [`MOST_WORDS`].
fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut rest = text;
    let mut at = 0;
    let mut joined = false;
    while let Some(first) = rest.chars().next()
        && runs.len() < MOST_WORDS as usize
    {
        if !first.is_alphanumeric() {
            let next = rest[first.len_utf8()..].chars().next();
            let after_run = runs.last().is_some_and(|run| run.to == at);
            joined = after_run
                && matches!(first, '-' | '.' | '\'' | '’' | '_' | '&' | '\u{2010}' | '\u{2011}')
                && next.is_some_and(char::is_alphanumeric);
            at += first.len_utf8();
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && !is_accent(c)).unwrap_or(rest.len());
        let (run, end) = number(rest, end, is_in_list(&text[..at])).unwrap_or((rest[..end].into(), end));
        runs.push(Run { text: run, from: at, to: at + end, joined });
        joined = false;
        at += end;
        rest = &rest[end..];
    }
    runs
}

/// Whether a number and a comma are right before.
fn is_in_list(before: &str) -> bool {
    before.strip_suffix(',').is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let told = |word: Word| match word.whole {
            Some(whole) => format!("{}+{whole}", word.stem),
            None => word.stem,
        };
        Analyzer::new(Language::default()).words(text).into_iter().map(told).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_stems_in_lower_case_without_accents() {
        for (text, expected) in [
            ("Laptops, CAFÉ & Batteries!", "laptop cafe batteri"),
            ("Ærø Straße naïve", "aero strass naiv"),
            ("", ""),
            ("®™ – … ", ""),
            ("日本語 кириллица", "日本語 кириллица"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn what_stands_together_is_also_one_word() {
        for (text, expected) in [
            ("WD-40", "wd 40+wd40"),
            ("TN-2110 toner", "tn 2110+tn2110 toner"),
            ("Wi-Fi 802.11ac", "wi fi+wifi 802 11ac+80211ac"),
            ("a-b-c", "a b+ab c+abc"),
            ("end. Start - of", "end start of"),
            ("iphone12", "iphone12"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_for_one_word_is_not_joined_however_long_it_goes_on() {
        let found = Analyzer::new(Language::default()).words(&"a-".repeat(50_000));
        assert_eq!(found.len(), MOST_WORDS as usize);
        let wholes: Vec<_> = found.iter().filter_map(|word| word.whole.as_deref()).collect();
        assert_eq!(wholes.len(), LONGEST_WORD - 1);
        assert_eq!(wholes.last().map(|whole| whole.len()), Some(LONGEST_WORD));
        // What begins behind it is joined again.
        let behind = format!("{} WD-40", "a-".repeat(200));
        let found = Analyzer::new(Language::default()).words(&behind);
        assert_eq!(found.last().and_then(|word| word.whole.as_deref()), Some("wd40"));
    }

    #[test]
    fn a_number_and_its_unit_are_one_word_however_they_are_written() {
        for (text, expected) in [
            ("17\"", "17+17in"),
            ("17” 17'' 17″", "17+17in 17+17in 17+17in"),
            ("17 inch 17-inch 17inch", "17 inch+17in 17 inch+17in 17inch+17in"),
            ("15.6\" 43.2 cm", "15.6+15.6in 43.2 cm+43.2cm"),
            ("128 GB 128GB", "128 gb+128gb 128gb"),
            ("1.5m 1.5 m 15m", "1.5m 1.5 m+1.5m 15m"),
            ("2.4GHz 8.5W 15.6in 15.6inch", "2.4ghz 8.5w 15.6in 15.6inch+15.6in"),
            ("1 litre 2 foot 3.5mm.", "1 litr+1l 2 foot+2ft 3.5mm"),
            ("USB 2.0", "usb 2.0+2"),
            ("17,3\" 17,3 inch 17,3zoll", "17.3+17.3in 17.3 inch+17.3in 17.3zoll+17.3in"),
            ("17.3 Zoll 1,5m USB 2,0", "17.3 zoll+17.3in 1.5m usb 2.0+2"),
            ("2 in 1", "2 in 1"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_comma_groups_thousands_or_has_decimals_behind_it() {
        for (text, expected) in [
            ("1,000 GB 1,000GB 1000 GB", "1000 gb+1000gb 1000gb 1000 gb+1000gb"),
            ("12,345,678 1,234.5 1,234.5m", "12345678 1234.5 1234.5m"),
            ("17,3 0,125 0,5l 17,3m", "17.3 0.125 0.5l 17.3m"),
            ("100,000 h 150,000", "100000 h 150000"),
            ("(17,3), 1,5, 16.", "17.3 1.5 16"),
            // A list, or nobody knows what.
            ("1,2,3 38,39,40", "1 2 3 38 39 40"),
            ("iPhone 13,14 17,35 16,32GB", "iphon 13 14 17 35 16 32gb"),
            ("140,160 cm", "140 160 cm+160cm"),
            ("1,000,20 1,0000 1234,567 012,345", "1 000 20 1 0000 1234 567 012 345"),
            ("1.5,2.5 802,11ac a1,5 1,5b", "1.5 2.5 802 11ac a1 5 1 5b"),
            ("1, 2 and 3,", "1 2 and 3"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_is_the_same_however_its_letters_are_encoded() {
        for (text, expected) in [
            ("Cafe\u{301} Café CAFE\u{301}S", "cafe cafe cafe"),
            ("U\u{308}nder x\u{30a}y", "under xy"),
            ("ＬＡＭＰ　１７＂ １７，３＂", "lamp 17+17in 17.3+17.3in"),
            ("ﬁlter Ⅳ 65㎝ 500㎖ m²", "filter iv 65cm 500ml m2"),
            ("ﾗﾝﾌﾟ ランプ", "ランプ ランプ"),
            ("\u{399}\u{308}\u{301} \u{390}", "\u{390} \u{390}"),
            ("Lamp™ 17″ 10µF 1½", "lamp 17+17in 10uf 11/2"),
            ("10\u{3bc}F 10㎌ 5㎛ μ", "10uf 10uf 5um μ"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_knows_its_place() {
        let text = "Ünder WD-40, 1,000 GB ｏｆ cafe\u{301}s";
        let found = Analyzer::new(Language::default()).words(text);
        assert_eq!(
            found.iter().map(|word| &text[word.from..word.to]).collect::<Vec<_>>(),
            ["Ünder", "WD", "40", "1,000", "GB", "ｏｆ", "cafe\u{301}s"]
        );
    }
}
