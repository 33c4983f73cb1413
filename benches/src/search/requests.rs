//! What people ask for, by kind: thousands of different requests, made of words, brands, categories and prices of the
//! catalog, the same in each run. Each is a path for HTTP, and the same question for the bare index.

use std::collections::HashSet;

use domain::{Currency, Money};
use projections::cursor::Cursor;
use projections::product_search::{SearchQuery, Sort};

use super::catalog::Sold;
use super::judgements::Judged;
use crate::Error;
use crate::random::Random;

/// So many requests of a kind, beside the judged queries.
const EACH: usize = 3000;
/// Products of a page.
pub const A_PAGE: usize = 20;
const SEED: u64 = 20;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A search with its facets and marks.
    Search,
    /// A list by brand, category, price and stock in some order, without text.
    List,
    /// A completion of the first letters of a word.
    Suggest,
}

impl Kind {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Search => "search with facets",
            Self::List => "filter list",
            Self::Suggest => "suggest",
        }
    }
}

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// The first.
    First,
    /// One by its number, from 2 on.
    Number(usize),
    /// What comes behind a place.
    Behind(Cursor),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Of which kind.
    pub kind: Kind,
    /// What is asked; of a completion only the text.
    asked: SearchQuery,
    sort: &'static str,
    leaf: Leaf,
    /// Which page is wanted, if there are so many.
    pub wish: Wish,
}

/// Which page is wanted of a request, before it is known how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The first.
    First,
    /// One up to the fifth.
    Later(usize),
    /// The second, by the cursor of the first.
    Next,
}

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

impl Request {
    fn of(kind: Kind, text: Option<String>) -> Self {
        let search = kind == Kind::Search;
        let asked = SearchQuery { text, facets: search, highlights: search, ..SearchQuery::default() };
        Self { kind, asked, sort: "", leaf: Leaf::First, wish: Wish::First }
    }

    /// The same at another page.
    #[must_use]
    pub fn at(&self, leaf: Leaf) -> Self {
        Self { leaf, ..self.clone() }
    }

    /// Whether anything but the text narrows it down.
    pub fn is_filtered(&self) -> bool {
        let SearchQuery { brands, categories, min_price, in_stock, .. } = &self.asked;
        brands.is_some() || categories.is_some() || min_price.is_some() || in_stock.is_some()
    }

    /// Which page it asks for.
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// What is typed.
    pub fn text(&self) -> &str {
        self.asked.text.as_deref().unwrap_or_default()
    }

    /// As it is asked for over HTTP.
    pub fn path(&self) -> String {
        let (resource, asked) = (self.kind.resource(), &self.asked);
        let mut parts: Vec<(&str, String)> = Vec::new();
        parts.extend(asked.text.clone().map(|text| ("q", text)));
        parts.extend(asked.brands.iter().flatten().map(|brand| ("brand", brand.clone())));
        parts.extend(asked.categories.iter().flatten().map(|category| ("category", category.clone())));
        parts.extend(asked.min_price.map(|price| ("minPrice", decimal(price))));
        parts.extend(asked.max_price.map(|price| ("maxPrice", decimal(price))));
        parts.extend(asked.in_stock.map(|in_stock| ("inStock", in_stock.to_string())));
        if !self.sort.is_empty() {
            parts.push(("sort", self.sort.to_owned()));
        }
        match &self.leaf {
            Leaf::First => {}
            Leaf::Number(number) => parts.push(("pageNumber", number.to_string())),
            Leaf::Behind(place) => parts.push(("cursor", place.to_string())),
        }
        let parts: Vec<String> =
            parts.into_iter().map(|(name, value)| format!("{name}={}", encoded(&value))).collect();
        format!("{resource}?{}", parts.join("&"))
    }

    /// As the bare index is asked.
    pub fn question(&self) -> SearchQuery {
        let (offset, after) = match &self.leaf {
            Leaf::First => (0, None),
            Leaf::Number(number) => ((number - 1) * A_PAGE, None),
            Leaf::Behind(place) => (0, Some(place.clone())),
        };
        SearchQuery { offset, after, limit: A_PAGE, ..self.asked.clone() }
    }
}

impl Kind {
    fn resource(self) -> &'static str {
        match self {
            Self::Search => "/api/v1/products/search",
            Self::List => "/api/v1/products",
            Self::Suggest => "/api/v1/products/suggest",
        }
    }

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

/// An amount as people write it.
fn decimal(price: Money) -> String {
    let cents = price.amount;
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// A text as a part of a URL (RFC 3986).
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let encoded = |byte: u8| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    text.bytes().map(encoded).collect()
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
    fn a_path_and_a_question_ask_the_same() {
        let mut request = Request::of(Kind::Search, Some("wd-40 17\"".to_owned()));
        request.asked.brands = Some(vec!["C2G & Co".to_owned()]);
        request.asked.min_price = Some(Money::new(105, usd()));
        request.asked.max_price = Some(Money::new(20_000, usd()));
        request.asked.in_stock = Some(true);
        let third = request.at(Leaf::Number(3));
        assert_eq!(
            third.path(),
            "/api/v1/products/search?q=wd-40%2017%22&brand=C2G%20%26%20Co&minPrice=1.05&maxPrice=200.00&inStock=true\
             &pageNumber=3"
        );
        let question = third.question();
        assert_eq!((question.offset, question.limit, question.facets), (40, 20, true));
        assert_eq!(SearchQuery { offset: 0, ..question }, request.question());
        assert!(request.is_filtered());
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
