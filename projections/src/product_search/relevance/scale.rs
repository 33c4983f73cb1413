//! What a score is made with beside the product and the words: the catalog around it.
//!
//! Any product that comes or changes moves the scores of all others. So a list that goes on takes the scale that it began
//! with along, in its cursor: then what doesn't change itself keeps its score, and its place.

use crate::product_search::table::Table;
use crate::product_search::text::Text;

/// A catalog, as far as scores go by it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    /// How many products have texts.
    pub(super) all: u32,
    /// How many words each text has on average.
    pub(super) averages: [f32; Text::COUNT],
    /// A product with fewer of the words is left out.
    pub(super) least: u8,
    /// How many products have each word.
    pub(super) with: Vec<u32>,
}

impl Scale {
    /// That of a catalog, before any word is looked for.
    pub(super) fn of(table: &Table) -> Self {
        Self {
            all: u32::try_from(table.described()).unwrap_or(u32::MAX),
            averages: Text::ALL.map(|text| table.average_length(text)),
            least: 1,
            with: Vec::new(),
        }
    }

    /// As numbers, for a cursor.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        let averages = self.averages.iter().map(|average| average.to_bits());
        [self.all].into_iter().chain(averages).chain([self.least.into()]).chain(self.with.iter().copied())
    }

    /// From these numbers; nothing where no catalog has them.
    pub(crate) fn from_numbers(numbers: &[u32]) -> Option<Self> {
        let (all, rest) = numbers.split_first()?;
        let (averages, rest) = rest.split_first_chunk::<{ Text::COUNT }>()?;
        let (least, with) = rest.split_first()?;
        let averages = averages.map(f32::from_bits);
        let are_lengths = averages.iter().all(|average| (1.0..=65_536.0).contains(average));
        let least = u8::try_from(*least).ok().filter(|least| *least > 0)?;
        are_lengths.then(|| Self { all: *all, averages, least, with: with.to_vec() })
    }

    /// How rare a word is that so many products have.
    #[allow(clippy::cast_precision_loss, reason = "numbers of products")]
    pub(super) fn rarity(&self, with: u32) -> f32 {
        let (all, with) = (self.all as f32, with as f32);
        (1.0 + (all - with + 0.5).max(0.0) / (with + 0.5)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_told_in_numbers_and_one_that_no_catalog_has_is_none() {
        let scale =
            Scale { all: 7, averages: [1.0, 2.5, 3.0, 4.0, 5.0, 65_000.5], least: 2, with: vec![3, 0] };
        let numbers: Vec<u32> = scale.numbers().collect();
        assert_eq!(Scale::from_numbers(&numbers), Some(scale));
        let (one, no_number) = (1.0_f32.to_bits(), f32::NAN.to_bits());
        assert!(Scale::from_numbers(&[7, one, one, one, one, one, one, 1]).is_some());
        for numbers in [
            &[][..],
            &[7],
            &[7, 0, 0, 0, 0, 0, 0, 1, 1],
            &[7, no_number, one, one, one, one, one, 1],
            &[7, one, one, one, one, one, one, 0],
        ] {
            assert_eq!(Scale::from_numbers(numbers), None, "{numbers:?}");
        }
    }
}
