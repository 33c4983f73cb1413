//! What the reviews of a product come to.

use serde::{Deserialize, Serialize};

use super::{LEAST, MOST};

/// All stars together, and of how many reviews they are: from both the average is told exactly, whatever comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// All stars together.
    pub stars: u32,
    /// How many reviews.
    pub reviews: u32,
}

impl Rating {
    /// With one review more. Nothing if it has stars that none may have, or if they are beyond what is counted.
    pub fn with(self, rating: u8) -> Option<Self> {
        if !(LEAST..=MOST).contains(&rating) {
            return None;
        }
        Some(Self { stars: self.stars.checked_add(rating.into())?, reviews: self.reviews.checked_add(1)? })
    }

    /// The average in hundredths of a star, rounded half up: 100 to 500. Nothing without reviews.
    pub fn average(self) -> Option<u16> {
        let (stars, reviews) = (u64::from(self.stars), u64::from(self.reviews));
        let hundredths = (stars * 200 + reviews).checked_div(reviews * 2)?;
        u16::try_from(hundredths).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_average_is_rounded_half_up_to_hundredths() {
        for (stars, reviews, average) in [
            (0, 0, None),
            (5, 1, Some(500)),
            (9, 2, Some(450)),
            (13, 3, Some(433)),
            (14, 3, Some(467)),
            // 4.995 and 1.005.
            (999, 200, Some(500)),
            (201, 200, Some(101)),
            (u32::MAX, u32::MAX, Some(100)),
        ] {
            assert_eq!(Rating { stars, reviews }.average(), average, "{stars} of {reviews}");
        }
    }

    #[test]
    fn what_is_no_rating_and_what_is_beyond_counting_is_not_added() {
        let rating = Rating { stars: 5, reviews: 1 };
        assert_eq!(rating.with(4), Some(Rating { stars: 9, reviews: 2 }));
        assert_eq!((rating.with(0), rating.with(6)), (None, None));
        assert_eq!(Rating { stars: u32::MAX, reviews: 1 }.with(1), None);
    }

    proptest! {
        #[test]
        fn an_average_is_between_the_least_and_the_most(ratings in prop::collection::vec(LEAST..=MOST, 1..200)) {
            let rating = ratings.iter().try_fold(Rating::default(), |sum, rating| sum.with(*rating)).unwrap();
            let average = rating.average().unwrap();
            prop_assert!((100..=500).contains(&average));
            let most = ratings.iter().max().copied().unwrap_or_default();
            let least = ratings.iter().min().copied().unwrap_or_default();
            prop_assert!((u16::from(least) * 100..=u16::from(most) * 100).contains(&average));
        }
    }
}
