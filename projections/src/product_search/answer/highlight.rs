//! A product's texts with the words that were found marked.

use super::results::Highlights;
use crate::product_search::index::Ready;
use crate::product_search::relevance::Plan;
use crate::product_search::text::Analyzer;
use crate::product_search::text::spots::{Spot, WordNumber};

/// A part of a description is about so long, in bytes.
const PART: usize = 240;

/// The words that are marked, in order.
pub(super) struct Marks<'a> {
    analyzer: &'a Analyzer,
    words: Vec<WordNumber>,
}

impl<'a> Marks<'a> {
    pub(super) fn of(plan: &Plan, analyzer: &'a Analyzer) -> Self {
        let words = plan.groups.iter().flatten().map(|alternative| &alternative.word);
        let of_splits = plan.splits.iter().flat_map(|split| &split.words).map(|(_, word)| word);
        let mut words: Vec<_> = words.chain(of_splits).map(|word| WordNumber::of(word)).collect();
        words.sort_unstable();
        Self { analyzer, words }
    }

    /// The texts of a product.
    pub(super) fn on(&self, ready: &Ready) -> Highlights {
        let (product, spots) = (&ready.details, ready.spots(self.analyzer));
        let part = |text: &str, spots: &[Spot]| part(text, &self.marked(spots));
        let long = product.long_description.as_deref();
        Highlights {
            name: whole(&product.name, &self.marked(&spots.name)),
            description: part(&product.description, &spots.description)
                .or_else(|| part(long?, &spots.long_description)),
        }
    }

    /// The places of the words, in order, apart from each other.
    fn marked(&self, spots: &[Spot]) -> Vec<(usize, usize)> {
        let mut places: Vec<(usize, usize)> = Vec::new();
        for spot in spots.iter().filter(|spot| self.has(spot.word)) {
            let (from, to) = (spot.from as usize, spot.to as usize);
            while places.last().is_some_and(|(start, _)| *start >= from) {
                places.pop();
            }
            match places.last_mut() {
                Some((_, end)) if *end > from => *end = to,
                Some(_) | None => places.push((from, to)),
            }
        }
        places
    }

    fn has(&self, word: WordNumber) -> bool {
        self.words.binary_search(&word).is_ok()
    }
}

/// All of a text, if anything is marked in it.
fn whole(text: &str, marked: &[(usize, usize)]) -> Option<String> {
    (!marked.is_empty()).then(|| html(text, 0..text.len(), marked))
}

/// The part of a text with the most words.
fn part(text: &str, marked: &[(usize, usize)]) -> Option<String> {
    let first = densest(marked)?;
    if text.len() <= PART {
        return Some(html(text, 0..text.len(), marked));
    }
    // A little before the first word, at the beginning of a word.
    let from = text[..first].char_indices().rev().nth(40).map_or(0, |(place, _)| place);
    let from =
        if from == 0 { 0 } else { text[from..first].find(' ').map_or(first, |blank| from + blank + 1) };
    let to = text[from..].char_indices().map(|(place, _)| from + place).find(|place| place - from >= PART);
    let to = to.map_or(text.len(), |to| text[first..to].rfind(' ').map_or(to, |blank| first + blank));
    let part = html(text, from..to, marked);
    let (before, behind) = (if from > 0 { "… " } else { "" }, if to < text.len() { " …" } else { "" });
    Some(format!("{before}{part}{behind}"))
}

/// Where the part with the most marks begins; the first one of several. Marks are in order and apart from each other, so
/// the last one of a part only ever moves on.
fn densest(marked: &[(usize, usize)]) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    let mut behind = 0;
    for (place, (from, _)) in marked.iter().enumerate() {
        while marked.get(behind).is_some_and(|(_, to)| *to <= from + PART) {
            behind += 1;
        }
        let within = behind - place;
        if best.is_none_or(|(most, _)| within > most) {
            best = Some((within, *from));
        }
    }
    best.map(|(_, from)| from)
}

/// A part of a text, escaped, with marks.
fn html(text: &str, part: std::ops::Range<usize>, marked: &[(usize, usize)]) -> String {
    let mut html = String::with_capacity(part.len() + 64);
    let mut at = part.start;
    for (from, to) in marked.iter().filter(|(from, to)| *from >= part.start && *to <= part.end) {
        escape(&text[at..*from], &mut html);
        html.push_str("<mark>");
        escape(&text[*from..*to], &mut html);
        html.push_str("</mark>");
        at = *to;
    }
    escape(&text[at..part.end], &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for piece in text.split_inclusive(['&', '<', '>', '"', '\'']) {
        let escaped = match piece.as_bytes().last() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            Some(b'\'') => "&#39;",
            Some(_) | None => {
                html.push_str(piece);
                continue;
            }
        };
        html.push_str(&piece[..piece.len() - 1]);
        html.push_str(escaped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product_search::relevance::Alternative;
    use crate::product_search::text::spots::spots;
    use crate::product_search::text::{Language, MOST_WORDS};

    fn mark(words: &[&str], text: &str) -> (Option<String>, Option<String>) {
        let alternative = |word: &&str| vec![Alternative { word: (*word).to_owned(), weight: 1.0 }];
        let plan = Plan { groups: words.iter().map(alternative).collect(), ..Plan::default() };
        let analyzer = Analyzer::new(Language::default());
        let marked = Marks::of(&plan, &analyzer).marked(&spots(text, &analyzer));
        (whole(text, &marked), part(text, &marked))
    }

    #[test]
    fn words_are_marked_and_all_else_is_escaped() {
        for (words, text, expected) in [
            (&["lamp"][..], "Lamps <b> & a lamp", "<mark>Lamps</mark> &lt;b&gt; &amp; a <mark>lamp</mark>"),
            (&["wd40"], "Use WD-40 \"now\"", "Use <mark>WD-40</mark> &quot;now&quot;"),
            (&["wd", "wd40", "40"], "WD-40", "<mark>WD-40</mark>"),
            (&["lamp"], "Ｌａｍｐ & café", "<mark>Ｌａｍｐ</mark> &amp; café"),
            (&["cafe", "offic"], "Cafe\u{301}, oﬃce", "<mark>Cafe\u{301}</mark>, <mark>oﬃce</mark>"),
            (&["17in"], "a 17\" screen", "a <mark>17</mark>&quot; screen"),
        ] {
            assert_eq!(mark(words, text).0.as_deref(), Some(expected));
        }
        assert_eq!(mark(&["sofa"], "lamp"), (None, None));
    }

    #[test]
    fn of_a_long_text_the_part_with_the_most_words_is_shown() {
        let filling = "So it goes on and on, ".repeat(30);
        let text = format!("A lamp. {filling} A red lamp, é. {filling}");
        let part = mark(&["lamp", "red"], &text).1.unwrap();
        assert!(part.starts_with("… ") && part.ends_with(" …"), "{part}");
        assert!(part.contains("A <mark>red</mark> <mark>lamp</mark>, é."), "{part}");
        assert!(part.chars().count() < 300);
    }

    #[test]
    fn the_part_with_the_most_marks_begins_at_one() {
        for (marked, expected) in [
            (&[(3, 7)][..], Some(3)),
            (&[], None),
            // As many in both: the first.
            (&[(0, 4), (500, 504)], Some(0)),
            (&[(0, 4), (500, 504), (736, 740)], Some(500)),
            (&[(0, 4), (500, 504), (737, 741)], Some(0)),
            // A mark that is longer than a part is in none.
            (&[(0, 300), (300, 304)], Some(300)),
            (&[(0, 300)], Some(0)),
        ] {
            assert_eq!(densest(marked), expected, "{marked:?}");
        }
    }

    #[test]
    fn no_more_of_a_text_is_marked_than_is_indexed() {
        let plan = Plan {
            groups: vec![vec![Alternative { word: "lamp".to_owned(), weight: 1.0 }]],
            ..Plan::default()
        };
        let analyzer = Analyzer::new(Language::default());
        let marked = Marks::of(&plan, &analyzer).marked(&spots(&"lamp ".repeat(50_000), &analyzer));
        assert_eq!(marked.len(), MOST_WORDS as usize);
    }
}
