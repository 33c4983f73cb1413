//! What is asked of the search.

use domain::ids::SellerId;
use domain::{Currency, Money};

use super::order;
use crate::catalog::word_key;
use crate::cursor::Cursor;
use crate::question::{Fingerprint, Question};

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The best match first; without text the newest.
    #[default]
    Relevance,
    /// The cheapest first.
    PriceAscending,
    /// The dearest first.
    PriceDescending,
    /// From A to Z.
    NameAscending,
    /// From Z to A.
    NameDescending,
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The best rated first, of equals the one with more reviews; what nobody has reviewed comes last.
    BestRated,
    /// The worst rated first, of equals the one with fewer reviews; what nobody has reviewed comes last all the same.
    WorstRated,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchQuery {
    /// As typed; blank is none.
    pub text: Option<String>,
    /// Only of these categories and those below: ids, slugs or names, or words that sellers have for one.
    pub categories: Option<Vec<String>>,
    /// Only of these brands, whatever their case: lists with commas between them. Those in a brand's own name are part of
    /// it.
    pub brands: Option<Vec<String>>,
    /// A tag, whatever its case.
    pub tag: Option<String>,
    /// Only this seller's.
    pub seller: Option<SellerId>,
    /// The lowest price: what has one in another currency is not compared, and left out.
    pub min_price: Option<Money>,
    /// The highest price, likewise.
    pub max_price: Option<Money>,
    /// Only what has its price in this currency.
    pub currency: Option<Currency>,
    /// The currency of the prices that are counted, and of those that come first in a list by price. Nobody knows what one
    /// currency is worth in another, so the others follow, each by itself.
    pub prices_in: Option<Currency>,
    /// Only what is in stock, or only what isn't.
    pub in_stock: Option<bool>,
    /// Only what has at least so many stars on average, in hundredths.
    pub min_rating: Option<u16>,
    /// Only what is shown first, or only what isn't.
    pub featured: Option<bool>,
    /// The order.
    pub sort: Sort,
    /// Only what comes after this in that order.
    pub after: Option<Cursor>,
    /// How many to leave out.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
    /// Whether the whole result is counted by its properties.
    pub facets: bool,
    /// Whether the words that were found are marked.
    pub highlights: bool,
}

impl SearchQuery {
    /// What is looked for, if a text is.
    pub(super) fn words(&self) -> Option<&str> {
        self.text.as_deref().map(str::trim_start).filter(|text| !text.trim().is_empty())
    }

    /// Whether the place that it goes on behind, if there is one, is of the list that is asked for.
    pub fn goes_on(&self) -> bool {
        let of_this = |after: &Cursor| {
            order::is_of(&after.place.key, self.sort, self.words().is_some())
                && after.asked == self.fingerprint()
        };
        self.after.as_ref().is_none_or(of_this)
    }

    /// What is asked for, in short: what makes it another list, but for the order, which a place tells. Words that find the
    /// same in another case, and the brands of a list in another sequence, are the same list.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let Self {
            text: _,
            categories,
            brands,
            tag,
            seller,
            min_price,
            max_price,
            currency,
            prices_in,
            in_stock,
            min_rating,
            featured,
            sort: _,
            after: _,
            offset: _,
            limit: _,
            facets: _,
            highlights: _,
        } = self;
        let keys = |words: &[String]| words.iter().map(|word| word_key(word)).collect::<Vec<_>>();
        let code = |currency: Option<Currency>| currency.map(String::from);
        Question::default()
            .word(self.words().map(str::to_lowercase).as_deref())
            .words(categories.as_deref().map(keys))
            // Each as it was given: which commas are part of a brand, the index alone knows.
            .words(brands.as_deref().map(keys))
            .word(tag.as_deref().map(word_key).as_deref())
            .id(seller.map(|seller| seller.0))
            .money(*min_price)
            .money(*max_price)
            .word(code(*currency).as_deref())
            .word(code(*prices_in).as_deref())
            .whether(*in_stock)
            .whether(*featured)
            .word(min_rating.map(|stars| stars.to_string()).as_deref())
            .fingerprint()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::cursor::{Key, Numbers, Place};

    fn lamps() -> SearchQuery {
        SearchQuery {
            text: Some("red lamp".to_owned()),
            brands: Some(vec!["Acme,Bright".to_owned()]),
            currency: "EUR".parse().ok(),
            sort: Sort::Newest,
            limit: 20,
            ..SearchQuery::default()
        }
    }

    /// The same, behind a place that the first one's list has.
    fn goes_on(other: SearchQuery) -> bool {
        let place = Place { key: Key::Number(Numbers::Newest, -7), id: Uuid::from_u128(7) };
        let after = Cursor::behind(place, [], lamps().fingerprint()).to_string().parse().ok();
        assert!(after.is_some());
        SearchQuery { after, ..other }.goes_on()
    }

    #[test]
    fn a_place_is_of_the_list_that_was_asked_for_however_that_is_written() {
        for same in [
            lamps(),
            SearchQuery { text: Some(" Red LAMP".to_owned()), ..lamps() },
            SearchQuery { brands: Some(vec![" ACME,bright".to_owned()]), ..lamps() },
            SearchQuery { currency: "eur".parse().ok(), ..lamps() },
            SearchQuery { limit: 5, offset: 40, facets: true, highlights: true, ..lamps() },
        ] {
            assert!(goes_on(same.clone()), "{same:?}");
        }
    }

    /// Guards against pages that are of two lists, without anybody being told.
    #[test]
    fn a_place_of_another_list_is_none_of_this_one() {
        let word = || Some("acme".to_owned());
        let price = Some(Money::new(700, "EUR".parse().unwrap()));
        for other in [
            SearchQuery { text: Some("lamp".to_owned()), ..lamps() },
            SearchQuery { text: None, ..lamps() },
            SearchQuery { brands: Some(vec!["Acme".to_owned()]), ..lamps() },
            // There may be a brand that is called so, with its comma.
            SearchQuery { brands: Some(vec!["Acme".to_owned(), "Bright".to_owned()]), ..lamps() },
            SearchQuery { brands: None, ..lamps() },
            SearchQuery { categories: word().map(|word| vec![word]), ..lamps() },
            SearchQuery { tag: word(), ..lamps() },
            SearchQuery { seller: Some(SellerId(Uuid::from_u128(7))), ..lamps() },
            SearchQuery { min_price: price, ..lamps() },
            SearchQuery { max_price: price, ..lamps() },
            SearchQuery { currency: "GBP".parse().ok(), ..lamps() },
            SearchQuery { prices_in: "EUR".parse().ok(), ..lamps() },
            SearchQuery { in_stock: Some(true), ..lamps() },
            SearchQuery { in_stock: Some(false), ..lamps() },
            SearchQuery { featured: Some(true), ..lamps() },
            SearchQuery { min_rating: Some(400), ..lamps() },
            SearchQuery { sort: Sort::Oldest, ..lamps() },
        ] {
            assert!(!goes_on(other.clone()), "{other:?}");
        }
    }
}
