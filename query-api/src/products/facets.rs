//! A result's counts, and the marked texts of a product, as clients read them.

use api_contract::Amount;
use projections::product_search::{BrandCount, CategoryCount, Facets, Highlights, PriceCount, RatingCount};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The whole result, counted. Each list is of what would be found without its own filter.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SearchFacets)]
pub(super) struct FacetsView {
    /// The 50 most frequent categories.
    categories: Vec<CategoryFacet>,
    /// The 50 most frequent brands.
    brands: Vec<BrandFacet>,
    /// Ranges of prices with something in them, the cheapest first: of the shop's currency, or of the one that is filtered by.
    price_ranges: Vec<PriceFacet>,
    /// By stars on average, the most first: as many as are found from there on.
    ratings: Vec<RatingFacet>,
    availability: AvailabilityFacet,
}

/// Products of a category and of those below it, as `category` finds them.
#[derive(Serialize, ToSchema)]
struct CategoryFacet {
    /// None where it is a word of the sellers that names no category.
    id: Option<Uuid>,
    name: String,
    slug: Option<String>,
    count: usize,
}

/// Products of a brand.
#[derive(Serialize, ToSchema)]
struct BrandFacet {
    name: String,
    count: usize,
}

/// Products in a range of prices.
#[derive(Serialize, ToSchema)]
struct PriceFacet {
    /// From here, as `minPrice` has it, in whole units of the currency.
    from: i64,
    /// Up to here, as `maxPrice` has it: the last price before the next range; the last range has no end.
    #[schema(value_type = Option<f64>)]
    to: Option<Amount>,
    /// What both are in.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: String,
    count: usize,
}

/// Products with so many stars on average, or more.
#[derive(Serialize, ToSchema)]
struct RatingFacet {
    /// From here, as `minRating` has it.
    #[schema(minimum = 1, maximum = 4)]
    from: u8,
    count: usize,
}

/// Products that are there, and that are not.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AvailabilityFacet {
    in_stock: usize,
    out_of_stock: usize,
}

impl From<Facets> for FacetsView {
    fn from(facets: Facets) -> Self {
        Self {
            categories: facets.categories.into_iter().map(Into::into).collect(),
            brands: facets
                .brands
                .into_iter()
                .map(|BrandCount { name, count }| BrandFacet { name, count })
                .collect(),
            price_ranges: facets
                .prices
                .into_iter()
                .map(|PriceCount { from, to, currency, count }| PriceFacet {
                    from,
                    to: to.map(Amount),
                    currency: currency.to_string(),
                    count,
                })
                .collect(),
            ratings: facets
                .ratings
                .into_iter()
                .map(|RatingCount { from, count }| RatingFacet { from, count })
                .collect(),
            availability: AvailabilityFacet { in_stock: facets.in_stock, out_of_stock: facets.out_of_stock },
        }
    }
}

impl From<CategoryCount> for CategoryFacet {
    fn from(CategoryCount { category, name, count }: CategoryCount) -> Self {
        let (id, slug) = category.map(|it| (it.id.0, it.slug)).unzip();
        Self { id, name, slug, count }
    }
}

/// Texts as HTML: escaped, with the words that were found in `<mark>`.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchHighlights)]
pub(super) struct HighlightsView {
    /// The name, if a word is in it.
    name: Option<String>,
    /// The part of the description with the most words, if any is in it.
    description: Option<String>,
}

impl From<Highlights> for HighlightsView {
    fn from(Highlights { name, description }: Highlights) -> Self {
        Self { name, description }
    }
}
