//! What people ask for, by kind.

use super::judgements::Judged;

/// A kind of request.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A search with its facets and marks.
    Search,
    /// A list of a brand within a range of prices, without text.
    List,
    /// A completion of the first letters of a query.
    Suggest,
}

impl Kind {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Search, "search with facets"), (Self::List, "filter list"), (Self::Suggest, "suggest")];

    /// The requests of this kind.
    pub fn paths(self, judged: &[Judged]) -> Vec<String> {
        let brands = ["HP", "Lenovo", "Samsung", "StarTech.com", "Targus", "Kensington", "Philips", "C2G"];
        match self {
            Self::Search => {
                let path =
                    |it: &Judged| format!("/api/v1/products/search?q={}", it.query.replace(' ', "%20"));
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
                brands.into_iter().enumerate().map(list).collect()
            }
            Self::Suggest => {
                let path = |it: &Judged| {
                    let typed: String = it.query.chars().take((it.query.len() * 2 / 3).max(2)).collect();
                    format!("/api/v1/products/suggest?q={}", typed.trim().replace(' ', "%20"))
                };
                judged.iter().map(path).collect()
            }
        }
    }
}
