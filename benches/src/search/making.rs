//! Making requests of a catalog: thousands of different ones, made of words, brands, categories and prices of it, the same in
//! each run.

use std::collections::HashSet;

use domain::{Currency, Money};
use projections::product_search::Sort;

use super::catalog::Sold;
use super::judgements::Judged;
use super::requests::{Kind, Request, Wish};
use crate::Error;
use crate::random::Random;

/// So many requests of a kind, beside the judged queries.
const EACH: usize = 3000;
const SEED: u64 = 20;

/// Orders as paths have them.
const SORTS: [(&str, Sort); 7] = [
    ("newest", Sort::Newest),
    ("created_asc", Sort::Oldest),
    ("price_asc", Sort::PriceAscending),
    ("price_desc", Sort::PriceDescending),
    ("name_asc", Sort::NameAscending),
    ("name_desc", Sort::NameDescending),
    ("relevance", Sort::Relevance),
];

impl Kind {
    /// The requests of this kind, all of them different, in no order.
    pub fn requests(
        self,
        sold: &[Sold],
        judged: &[Judged],
        currency: Currency,
    ) -> Result<Vec<Request>, Error> {
        let mut making = Making { random: Random(SEED), sold, currency };
        let mut requests: Vec<Request> = match self {
            Self::Search => judged.iter().map(|it| Request::of(self, Some(it.query.clone()))).collect(),
            Self::List => Vec::new(),
            Self::Suggest => judged.iter().map(|it| Request::of(self, Some(begun(&it.query)))).collect(),
        };
        let mut paths: HashSet<String> = HashSet::new();
        requests.retain(|it| paths.insert(it.path()));
        for _ in 0..EACH * 20 {
            if paths.len() >= EACH + judged.len() {
                break;
            }
            let request = match self {
                Self::Search => making.search(),
                Self::List => Some(making.list()),
                Self::Suggest => making.prefix(),
            };
            requests.extend(request.filter(|it| paths.insert(it.path())));
        }
        if requests.len() < EACH {
            return Err(format!("only {} different requests of {}", requests.len(), self.name()).into());
        }
        for place in (1..requests.len()).rev() {
            requests.swap(place, making.random.below(place + 1));
        }
        Ok(requests)
    }
}

/// The first two thirds of what was meant.
fn begun(query: &str) -> String {
    let typed: String = query.chars().take((query.chars().count() * 2 / 3).max(2)).collect();
    typed.trim().to_owned()
}

struct Making<'a> {
    random: Random,
    sold: &'a [Sold],
    currency: Currency,
}

impl Making<'_> {
    fn product(&mut self) -> &Sold {
        &self.sold[self.random.below(self.sold.len())]
    }

    /// One in so many.
    fn one_in(&mut self, many: usize) -> bool {
        self.random.below(many) == 0
    }

    fn wish(&mut self) -> Wish {
        match self.random.below(10) {
            0 | 1 => Wish::Later(2 + self.random.below(4)),
            2 => Wish::Next,
            _ => Wish::First,
        }
    }

    /// One to three words of a product's name, half of the time with something else that holds of it.
    fn search(&mut self) -> Option<Request> {
        let sold = self.product().clone();
        let first = self.random.below(sold.words.len().max(1));
        let count = 1 + self.random.below(3);
        let words: Vec<&str> = sold.words.iter().skip(first).take(count).map(String::as_str).collect();
        // A short word alone may be one that says nothing.
        words.iter().find(|word| word.chars().count() >= 5)?;
        let mut request = Request::of(Kind::Search, Some(words.join(" ")));
        if self.one_in(2) {
            self.narrow(&mut request, &sold);
        }
        request.wish = self.wish();
        Some(request)
    }

    /// Of a product what it has in common with others, and an order.
    fn list(&mut self) -> Request {
        let sold = self.product().clone();
        let mut request = Request::of(Kind::List, None);
        self.narrow(&mut request, &sold);
        if self.one_in(2) {
            self.narrow(&mut request, &sold);
        }
        (request.sort, request.asked.sort) = SORTS[self.random.below(SORTS.len() - 1)];
        request.wish = self.wish();
        request
    }

    fn narrow(&mut self, request: &mut Request, sold: &Sold) {
        match self.random.below(8) {
            0..=2 => request.asked.brands = Some(vec![sold.brand.clone()]).filter(|_| !sold.brand.is_empty()),
            3 | 4 => request.asked.categories = Some(vec![sold.category.clone()]),
            5 | 6 => {
                let part = i64::try_from(5 + self.random.below(45)).unwrap_or(20);
                let price = |percent: i64| Money::new(sold.cents * percent / 100, self.currency);
                (request.asked.min_price, request.asked.max_price) =
                    (Some(price(100 - part)), Some(price(100 + part)));
            }
            _ => request.asked.in_stock = Some(true),
        }
    }

    /// Two to eight letters that a word of a name begins with, sometimes behind a whole word.
    fn prefix(&mut self) -> Option<Request> {
        let sold = self.product().clone();
        let place = self.random.below(sold.words.len().max(1));
        let word = sold.words.get(place)?;
        let letters = 2 + self.random.below(7);
        let begun: String = word.chars().take(letters).collect();
        let before = place.checked_sub(1).filter(|_| self.one_in(4)).map(|before| &sold.words[before]);
        let text = before.map_or_else(|| begun.clone(), |before| format!("{before} {begun}"));
        Some(Request::of(Kind::Suggest, Some(text)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn usd() -> Currency {
        "USD".parse().unwrap()
    }

    fn catalog() -> Vec<Sold> {
        let sold = |n: usize| Sold {
            words: ["Brother", "toner", "black", "laser"].map(|word| format!("{word}-{n}")).to_vec(),
            brand: format!("Brand & Sons {}", n % 40),
            category: format!("Shelf {}", n % 30),
            cents: 1000 + i64::try_from(n).unwrap() * 7,
        };
        (0..5000).map(sold).collect()
    }

    #[test]
    fn requests_are_many_and_different_and_the_same_in_each_run() {
        let (sold, judged) = (catalog(), [Judged { query: "laptop".to_owned(), ratings: HashMap::new() }]);
        for kind in [Kind::Search, Kind::List, Kind::Suggest] {
            let paths = || -> Vec<String> {
                let requests = kind.requests(&sold, &judged, usd()).unwrap();
                requests.iter().map(Request::path).collect()
            };
            let once = paths();
            assert_eq!(once, paths());
            assert_eq!(once.iter().collect::<HashSet<_>>().len(), once.len());
            assert!(once.len() >= EACH, "{} of {kind:?}", once.len());
        }
        let searches = Kind::Search.requests(&sold, &judged, usd()).unwrap();
        assert!(searches.iter().any(|it| it.path() == "/api/v1/products/search?q=laptop"));
    }
}
