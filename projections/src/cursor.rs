//! Where a list goes on: a place in its order, as clients keep it until they ask for the next page.
//!
//! What is equal in the order is ordered by the id, the newest first (ids are UUIDv7), so everything has one place, and a
//! list that goes on after a place neither leaves out nor repeats what stays where it is, however much is written meanwhile.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use domain::Currency;
use uuid::Uuid;

use crate::question::Fingerprint;

/// Where a list goes on: behind the last thing that was seen, wherever that is by now.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    pub(crate) place: Place,
    /// What scores were made with when the list began; empty in a list that isn't ordered by scores.
    pub(crate) scale: Vec<u32>,
    /// What the list was asked for.
    pub(crate) asked: Fingerprint,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) key: Key,
    pub(crate) id: Uuid,
}

/// What a list is ordered by, the smallest first.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Score(f32),
    Number(Numbers, i64),
    Price(Prices, InCurrency, i64),
    /// A word, or what one is compared by, byte for byte.
    Word(Arc<[u8]>),
    WordDown(Arc<[u8]>),
}

/// What the number of a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// A moment below zero.
    Newest,
    /// A moment.
    Oldest,
    /// Stars and how many reviews, below zero.
    BestRated,
    /// Stars and how many reviews.
    WorstRated,
}

impl Numbers {
    fn letter(self) -> char {
        match self {
            Self::Newest => 'n',
            Self::Oldest => 'o',
            Self::BestRated => 'r',
            Self::WorstRated => 'w',
        }
    }
}

/// What the price of a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prices {
    /// As it is.
    Cheapest,
    /// Below zero.
    Dearest,
}

impl Prices {
    fn letter(self) -> char {
        match self {
            Self::Cheapest => 'p',
            Self::Dearest => 'q',
        }
    }
}

/// What a price is in, as a number that comes before the price: of one currency nothing, then the others by their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InCurrency(u32);

impl InCurrency {
    /// That of a currency in a list in which one comes first.
    pub(crate) fn of(currency: Option<Currency>, first: Option<Currency>) -> Self {
        let number = |currency: Currency| {
            currency.code().bytes().fold(0, |number, letter| number << 8 | u32::from(letter))
        };
        Self(currency.filter(|_| currency != first).map_or(0, number))
    }
}

impl Key {
    /// Which of two keys comes first.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Score(one), Self::Score(other)) => other.total_cmp(one),
            (Self::Number(of, one), Self::Number(same, other)) if of == same => one.cmp(other),
            (Self::Price(of, currency, one), Self::Price(same, its, other)) if of == same => {
                (currency, one).cmp(&(its, other))
            }
            (Self::Word(one), Self::Word(other)) => one.cmp(other),
            (Self::WordDown(one), Self::WordDown(other)) => other.cmp(one),
            // A place of another order: before everything, so that the list begins anew.
            (Self::Score(_) | Self::Number(..) | Self::Price(..) | Self::Word(_) | Self::WordDown(_), _) => {
                Ordering::Greater
            }
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Equal
    }
}

impl Place {
    /// Which of two places comes first.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.key.order(&other.key).then_with(|| other.id.cmp(&self.id))
    }
}

impl Cursor {
    /// Behind a place of the list that was asked for. Only scores have a scale.
    pub(crate) fn behind(place: Place, scale: impl IntoIterator<Item = u32>, asked: Fingerprint) -> Self {
        let scale = match place.key {
            Key::Score(_) => scale.into_iter().collect(),
            Key::Number(..) | Key::Price(..) | Key::Word(_) | Key::WordDown(_) => Vec::new(),
        };
        Self { place, scale, asked }
    }

    /// In a list that is ordered by a number, the smallest first.
    pub(crate) fn at_number(of: Numbers, number: i64, id: Uuid, asked: Fingerprint) -> Self {
        Self::behind(Place { key: Key::Number(of, number), id }, [], asked)
    }

    /// In one that is ordered by a word, from A to Z.
    pub(crate) fn at_word(word: &str, id: Uuid, asked: Fingerprint) -> Self {
        Self::behind(Place { key: Key::Word(Arc::from(word.as_bytes())), id }, [], asked)
    }

    /// In one that is ordered by a word, from Z to A.
    pub(crate) fn at_word_down(word: &str, id: Uuid, asked: Fingerprint) -> Self {
        Self::behind(Place { key: Key::WordDown(Arc::from(word.as_bytes())), id }, [], asked)
    }

    /// The number, if it is ordered by one of these.
    pub(crate) fn number(&self, of: Numbers) -> Option<i64> {
        match self.place.key {
            Key::Number(its, number) => (its == of).then_some(number),
            Key::Score(_) | Key::Price(..) | Key::Word(_) | Key::WordDown(_) => None,
        }
    }

    /// The word, if it is ordered by one.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.place.key {
            Key::Word(word) | Key::WordDown(word) => std::str::from_utf8(word).ok(),
            Key::Score(_) | Key::Number(..) | Key::Price(..) => None,
        }
    }

    /// What is there.
    pub(crate) fn id(&self) -> Uuid {
        self.place.id
    }
}

/// `s` and a score and the numbers of its scale, `n`, `o`, `r` or `w` and a number, `p` or `q` and a price with its currency unless
/// that is the first one, `a` or `z` and a word, in hexadecimal digits, then the id, then what the list was asked
/// for: each order has a letter of its own. Clients keep it as it is.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |f: &mut fmt::Formatter<'_>, letter: char, word: &[u8]| {
            write!(f, "{letter}")?;
            word.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        };
        match &self.place.key {
            Key::Score(score) => write!(f, "s{:x}", score.to_bits())?,
            Key::Number(of, number) => write!(f, "{}{:x}", of.letter(), number.cast_unsigned())?,
            Key::Price(of, InCurrency(currency), price) => {
                write!(f, "{}{:x}", of.letter(), price.cast_unsigned())?;
                if *currency != 0 {
                    write!(f, "-{currency:x}")?;
                }
            }
            Key::Word(name) => word(f, 'a', name)?,
            Key::WordDown(name) => word(f, 'z', name)?,
        }
        self.scale.iter().try_for_each(|number| write!(f, "-{number:x}"))?;
        write!(f, ".{}.{:08x}", self.place.id.simple(), self.asked.0)
    }
}

/// It is no place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in a list")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    /// Only as it is written: there are other ways to write a number or an id, and no page gave those.
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let cursor = Self::of_parts(text)?;
        if cursor.to_string() == text { Ok(cursor) } else { Err(NotACursor) }
    }
}

impl Cursor {
    fn of_parts(text: &str) -> Result<Self, NotACursor> {
        let (key, rest) = text.split_once('.').ok_or(NotACursor)?;
        let (id, asked) = rest.split_once('.').ok_or(NotACursor)?;
        let id = id.parse().map_err(|_| NotACursor)?;
        let digits = key.get(1..).ok_or(NotACursor)?;
        let word = || {
            let bytes = digits.as_bytes().as_chunks::<2>();
            let pairs = bytes.1.is_empty().then_some(bytes.0)?;
            let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            pairs.iter().map(byte).collect::<Option<Arc<[u8]>>>()
        };
        let (first, numbers) = digits.split_once('-').unwrap_or((digits, ""));
        let hex = |digits: &str| u32::from_str_radix(digits, 16).ok();
        let number = |digits: &str| u64::from_str_radix(digits, 16).ok().map(u64::cast_signed);
        let price = |of| {
            let currency = if numbers.is_empty() { Some(0) } else { hex(numbers) };
            Some(Key::Price(of, InCurrency(currency?), number(first)?))
        };
        let mut scale = None;
        let key = match key.as_bytes().first() {
            Some(b's') => {
                scale = numbers.split('-').map(hex).collect();
                hex(first).map(|bits| Key::Score(f32::from_bits(bits)))
            }
            Some(b'a') => word().map(Key::Word),
            Some(b'z') => word().map(Key::WordDown),
            Some(b'n') => number(digits).map(|it| Key::Number(Numbers::Newest, it)),
            Some(b'o') => number(digits).map(|it| Key::Number(Numbers::Oldest, it)),
            Some(b'r') => number(digits).map(|it| Key::Number(Numbers::BestRated, it)),
            Some(b'w') => number(digits).map(|it| Key::Number(Numbers::WorstRated, it)),
            Some(b'p') => price(Prices::Cheapest),
            Some(b'q') => price(Prices::Dearest),
            Some(_) | None => None,
        };
        let (key, asked) = (key.ok_or(NotACursor)?, hex(asked).map(Fingerprint).ok_or(NotACursor)?);
        Ok(Self { place: Place { key, id }, scale: scale.unwrap_or_default(), asked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_and_read() {
        let (id, asked) = (Uuid::from_u128(7), Fingerprint(0xbeef));
        for key in [
            Key::Score(1.25),
            Key::Number(Numbers::Newest, -3),
            Key::Number(Numbers::Oldest, i64::MAX),
            Key::Number(Numbers::BestRated, -(433 << 32) - 7),
            Key::Number(Numbers::WorstRated, 433 << 32),
            Key::Price(Prices::Cheapest, InCurrency(0), 0),
            Key::Price(Prices::Dearest, InCurrency::of("EUR".parse().ok(), None), -7),
            Key::Word(Arc::from("café".as_bytes())),
            Key::Word(Arc::from([0, 1, 0xff])),
            Key::WordDown(Arc::from([])),
        ] {
            let cursor = Cursor { place: Place { key, id }, scale: Vec::new(), asked };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let place = Place { key: Key::Score(1.25), id };
        let cursor = Cursor { place, scale: vec![7, 0, u32::MAX], asked };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!(
            "nf.00000000000000000000000000000007.0000beef".parse::<Cursor>().map(|it| it.id()),
            Ok(id)
        );
        let (hyphenated, id) = (id, id.simple());
        for scale in ["-", "-x", "-7-", "--7", "-+7", "-07"] {
            let text = format!("s3fa00000{scale}.{id}.0000beef");
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
        for text in [
            format!("n+f.{id}.0000beef"),
            format!("n0f.{id}.0000beef"),
            format!("nF.{id}.0000beef"),
            format!("nf-7.{id}.0000beef"),
            format!("s+3fa00000.{id}.0000beef"),
            format!("pf-0.{id}.0000beef"),
            format!("pf-+455552.{id}.0000beef"),
            format!("a+1.{id}.0000beef"),
            format!("aC3.{id}.0000beef"),
            format!("nf.{hyphenated}.0000beef"),
            format!("nf.{{{hyphenated}}}.0000beef"),
            format!("nf.{id}.beef"),
            format!("nf.{id}.+000beef"),
            format!("nf.{id}.0000BEEF"),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
        for text in [
            "",
            ".",
            &format!("x1.{id}.0000beef"),
            &format!("s.{id}.0000beef"),
            &format!("aé.{id}.0000beef"),
            &format!("a1.{id}.0000beef"),
            &format!("n1.{id}"),
            &format!("n1.{id}."),
            &format!("n1.{id}.here"),
            "n1.7.0000beef",
            "n1",
            "é",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
    }

    #[test]
    fn a_place_of_another_order_is_before_everything() {
        let id = Uuid::from_u128(7);
        let places = |number| {
            let price = |of| Key::Price(of, InCurrency(0), number);
            let number = |of| Key::Number(of, number);
            [
                number(Numbers::Newest),
                number(Numbers::Oldest),
                number(Numbers::BestRated),
                number(Numbers::WorstRated),
                price(Prices::Cheapest),
                price(Prices::Dearest),
            ]
            .map(|key| Place { key, id })
        };
        for (of, one) in places(-9).iter().enumerate() {
            for (other, place) in places(9).iter().enumerate() {
                let expected = if of == other { Ordering::Less } else { Ordering::Greater };
                assert_eq!(one.order(place), expected, "{one:?} {place:?}");
            }
        }
    }
}
