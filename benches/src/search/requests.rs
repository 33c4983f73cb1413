//! What people ask for, by kind. Each request is a path for HTTP, and the same question for the bare index.

use domain::Money;
use projections::cursor::Cursor;
use projections::product_search::SearchQuery;

/// Products of a page.
pub const A_PAGE: usize = 20;

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
    pub(super) asked: SearchQuery,
    pub(super) sort: &'static str,
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

impl Request {
    pub(super) fn of(kind: Kind, text: Option<String>) -> Self {
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
    use domain::Currency;

    use super::*;

    fn usd() -> Currency {
        "USD".parse().unwrap()
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
}
