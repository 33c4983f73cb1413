//! The order of a list, and a place in it.
//!
//! What is equal in the order is ordered by the product's id, the newest first (ids are UUIDv7), so every product has one
//! place, and a list that goes on after a place neither leaves out nor repeats what stays where it is, however much is
//! written meanwhile. So that a score stays too, a list by relevance goes on with the [`Scale`] that it began with.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

use super::matching::Match;
use super::query::{Cursor, Key, Place, Sort};
use super::scale::Scale;
use super::table::Row;

impl Key {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Score(one), Self::Score(other)) => other.total_cmp(one),
            (Self::Number(one), Self::Number(other)) => one.cmp(other),
            (Self::Word(one), Self::Word(other)) => one.cmp(other),
            (Self::WordDown(one), Self::WordDown(other)) => other.cmp(one),
            // A place of another order: before everything, so that the list begins anew.
            (Self::Score(_) | Self::Number(_) | Self::Word(_) | Self::WordDown(_), _) => Ordering::Greater,
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Equal
    }
}

/// Where a product stands in a list.
pub(super) fn key(sort: Sort, has_text: bool, it: Match, row: &Row) -> Key {
    let created = row.created_at.timestamp_micros();
    match sort {
        Sort::Relevance if has_text => Key::Score(it.score),
        Sort::Relevance | Sort::Newest => Key::Number(-created),
        Sort::Oldest => Key::Number(created),
        Sort::PriceAscending => Key::Number(row.price),
        Sort::PriceDescending => Key::Number(-row.price),
        Sort::NameAscending => Key::Word(Arc::clone(&row.name_key)),
        Sort::NameDescending => Key::WordDown(Arc::clone(&row.name_key)),
    }
}

/// Places in lists of other things, which are written in the same way.
impl Cursor {
    /// In one that is ordered by a number, the smallest first.
    pub(crate) fn at_number(number: i64, id: Uuid) -> Self {
        Self { place: Place { key: Key::Number(number), id }, scale: None }
    }

    /// In one that is ordered by a word, from A to Z.
    pub(crate) fn at_word(word: &str, id: Uuid) -> Self {
        Self { place: Place { key: Key::Word(Arc::from(word)), id }, scale: None }
    }

    /// In one that is ordered by a word, from Z to A.
    pub(crate) fn at_word_down(word: &str, id: Uuid) -> Self {
        Self { place: Place { key: Key::WordDown(Arc::from(word)), id }, scale: None }
    }

    /// The number, if it is ordered by one.
    pub(crate) fn number(&self) -> Option<i64> {
        match self.place.key {
            Key::Number(number) => Some(number),
            Key::Score(_) | Key::Word(_) | Key::WordDown(_) => None,
        }
    }

    /// The word, if it is ordered by one.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.place.key {
            Key::Word(word) | Key::WordDown(word) => Some(word),
            Key::Score(_) | Key::Number(_) => None,
        }
    }

    /// What is there.
    pub(crate) fn id(&self) -> Uuid {
        self.place.id
    }
}

impl Place {
    /// Which of two places comes first.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.key.order(&other.key).then_with(|| other.id.cmp(&self.id))
    }
}

impl Cursor {
    /// Behind a product. Only scores have a scale.
    pub(super) fn at(place: Place, scale: Option<Arc<Scale>>) -> Self {
        let scale = scale.filter(|_| matches!(place.key, Key::Score(_)));
        Self { place, scale }
    }
}

/// `s` and a score and the numbers of its scale, `n` and a number, `a` or `z` and a word, in hexadecimal digits, then the
/// id. Clients keep it as it is.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |f: &mut fmt::Formatter<'_>, letter: char, word: &str| {
            write!(f, "{letter}")?;
            word.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
        };
        match &self.place.key {
            Key::Score(score) => write!(f, "s{:x}", score.to_bits())?,
            Key::Number(number) => write!(f, "n{:x}", number.cast_unsigned())?,
            Key::Word(name) => word(f, 'a', name)?,
            Key::WordDown(name) => word(f, 'z', name)?,
        }
        if let Some(scale) = &self.scale {
            scale.numbers().try_for_each(|number| write!(f, "-{number:x}"))?;
        }
        write!(f, ".{}", self.place.id.simple())
    }
}

/// It is no place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in a list")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (key, id) = text.split_once('.').ok_or(NotACursor)?;
        let id = id.parse().map_err(|_| NotACursor)?;
        let digits = key.get(1..).ok_or(NotACursor)?;
        let word = || {
            let bytes = digits.as_bytes().as_chunks::<2>();
            let pairs = bytes.1.is_empty().then_some(bytes.0)?;
            let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            let word: Vec<u8> = pairs.iter().map(byte).collect::<Option<_>>()?;
            Some(Arc::from(String::from_utf8_lossy(&word)))
        };
        let (score, scale) = digits.split_once('-').unwrap_or((digits, ""));
        let hex = |digits: &str| u32::from_str_radix(digits, 16).ok();
        let mut cursor_scale = None;
        let key = match key.as_bytes().first() {
            Some(b's') => {
                let numbers: Option<Vec<u32>> = scale.split('-').map(hex).collect();
                cursor_scale = numbers.and_then(|numbers| Scale::from_numbers(&numbers)).map(Arc::new);
                hex(score).map(|bits| Key::Score(f32::from_bits(bits)))
            }
            Some(b'n') => u64::from_str_radix(digits, 16).ok().map(|bits| Key::Number(bits.cast_signed())),
            Some(b'a') => word().map(Key::Word),
            Some(b'z') => word().map(Key::WordDown),
            Some(_) | None => None,
        };
        Ok(Self { place: Place { key: key.ok_or(NotACursor)?, id }, scale: cursor_scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_and_read() {
        let id = uuid::Uuid::from_u128(7);
        for key in [
            Key::Score(1.25),
            Key::Number(-3),
            Key::Number(i64::MAX),
            Key::Word(Arc::from("café")),
            Key::WordDown(Arc::from("")),
        ] {
            let cursor = Cursor { place: Place { key, id }, scale: None };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let scale =
            Scale { all: 7, averages: [1.0, 2.5, 3.0, 4.0, 5.0, 65_000.5], least: 2, with: vec![3, 0] };
        let place = Place { key: Key::Score(1.25), id };
        let cursor = Cursor { place: place.clone(), scale: Some(Arc::new(scale)) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        // A scale that no catalog has is none.
        for scale in
            ["-7", "-", "-7-0-0-0-0-0-0-1-1", "-7-7fc00000-3f800000-3f800000-3f800000-3f800000-3f800000-1"]
        {
            let text = format!("s3fa00000{scale}.{}", id.simple());
            assert_eq!(text.parse(), Ok(Cursor { place: place.clone(), scale: None }), "{text}");
        }
        for text in ["", ".", "x1.00000000000000000000000000000007", "s.7", "n1", "aé.7", "a1.7", "é"] {
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
    }
}
