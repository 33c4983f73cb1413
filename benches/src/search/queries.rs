//! What people ask for, by kind.

use super::judgements::Judged;

/// A kind of request.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A search with its facets and marks.
    Search,
    /// A list of a brand within a range of prices, or the newest of all, without text.
    List,
    /// A completion of the first letters of a query.
    Suggest,
}

impl Kind {
    /// The requests of this kind.
    pub fn paths(self, judged: &[Judged]) -> Vec<String> {
        let brands = ["HP", "Lenovo", "Samsung", "StarTech.com", "Targus", "Kensington", "Philips", "C2G"];
        match self {
            Self::Search => {
                let path = |it: &Judged| format!("/api/v1/products/search?q={}", encoded(&it.query));
                judged.iter().map(path).collect()
            }
            Self::List => {
                let list = |(n, brand)| {
                    let from = n * 10;
                    format!(
                        "/api/v1/products?brand={brand}&minPrice={from}&maxPrice={}&inStock=true&sort=price_asc",
                        from + 200
                    )
                };
                let newest = (1..=3).map(|page| format!("/api/v1/products?pageNumber={page}"));
                brands.into_iter().enumerate().map(list).chain(newest).collect()
            }
            Self::Suggest => {
                let path = |it: &Judged| {
                    let typed: String = it.query.chars().take((it.query.len() * 2 / 3).max(2)).collect();
                    format!("/api/v1/products/suggest?q={}", encoded(typed.trim()))
                };
                judged.iter().map(path).collect()
            }
        }
    }
}

/// A text as a part of a URL (RFC 3986).
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let encoded = |byte: u8| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    text.bytes().map(encoded).collect()
}
