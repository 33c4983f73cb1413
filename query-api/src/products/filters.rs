//! What lists and searches may be filtered and ordered by.

use api_contract::openapi::{ConditionParams, FreshnessParams, PageParams};
use api_contract::{Amount, Code, Fields, Paging};
use domain::Currency;
use domain::review;
use projections::product_search::{SearchQuery, Sort};
use rust_decimal::Decimal;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Required, Type};
use utoipa::{IntoParams, ToSchema};

use crate::lists::{self, Scored};

/// The longest text that is searched for.
pub(super) const LONGEST: usize = 500;
/// The highest price that is filtered by, in minor units.
const DEAREST: i64 = 1_000_000_000_000_000;

/// What lists of all shops may be filtered by besides.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
struct ShopFilter {
    /// Only this shop's.
    seller_id: Option<uuid::Uuid>,
}

/// What every list may be filtered and ordered by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
struct Filters {
    /// Only in this category and those below it: its id, slug or name, or a word that sellers use. `categoryId` is
    /// read as well.
    #[param(max_length = 500)]
    category: Option<String>,
    /// Only with this tag.
    #[param(max_length = 500)]
    tag: Option<String>,
    /// Only what has its price in this currency.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z]{3}$", example = "USD")]
    currency: Option<Currency>,
    /// At least so much of `currency`, or else of the shop's own: what has its price in another one is left out.
    #[param(value_type = Option<f64>, minimum = 0, example = 99.99)]
    min_price: Option<Amount>,
    /// At most so much of it.
    #[param(value_type = Option<f64>, minimum = 0, example = 1000)]
    max_price: Option<Amount>,
    /// Only what is in stock, or only what isn't.
    in_stock: Option<bool>,
    /// Only what has at least so many stars on average.
    #[param(minimum = 1, maximum = 5, example = 4)]
    min_rating: Option<f64>,
    /// `name`, `price`, `createdAt` or `rating`. By price those in the shop's currency come first, then those in each other. By
    /// rating what has more reviews comes first among equals, and what has none last, whichever way.
    #[param(inline)]
    sort_by: Option<SortBy>,
    /// With `sortBy`; ascending unless said otherwise, and by rating the best first.
    #[param(inline)]
    sort_order: Option<SortOrder>,
    /// Both in one word: `price_asc`, `price_desc`, `name_asc`, `name_desc`, `created_asc`, `created_desc`, `newest`,
    /// `oldest`, `rating_asc`, `rating_desc`, `relevance`.
    #[param(inline)]
    sort: Option<SortWord>,
}

/// What `cursor` is.
const CURSOR: &str = "`nextCursor` of the page before, with the same filters and order: the list goes on behind where its \
    last product\nstood, even if products came or went meanwhile. A product whose place changes meanwhile (by its text, price or \
    rating) may be\nshown twice or not at all. `pageNumber` counts from there.";

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortBy {
    Name,
    Price,
    CreatedAt,
    Rating,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortOrder {
    Asc,
    Desc,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortWord {
    PriceAsc,
    PriceDesc,
    NameAsc,
    NameDesc,
    CreatedAsc,
    CreatedDesc,
    Newest,
    Oldest,
    RatingAsc,
    RatingDesc,
    Relevance,
}

/// What may be said to a list of all shops: what may be said to one shop's, and which shop.
pub(super) struct ListParams;

/// What may be said to one shop's list: filters, order, page, and how fresh it must be.
pub(super) struct ShopListParams;

impl IntoParams for ListParams {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        [ShopFilter::into_params(&place), ShopListParams::into_params(&place)].concat()
    }
}

impl IntoParams for ShopListParams {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parts = [
            Filters::into_params(&place),
            vec![brand(), lists::cursor(CURSOR, Scored::Yes)],
            PageParams::into_params(&place),
            ConditionParams::into_params(&place),
            FreshnessParams::into_params(&place),
        ];
        parts.concat()
    }
}

/// The parameter that may be there several times.
fn brand() -> Parameter {
    let description = "Only of these brands, whatever their case: several have commas between them, or a parameter each. A \
        brand may have\ncommas in its name.";
    let list = ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST));
    ParameterBuilder::new()
        .name("brand")
        .parameter_in(ParameterIn::Query)
        .description(Some(description))
        .required(Required::False)
        .style(Some(ParameterStyle::Form))
        .explode(Some(true))
        .schema(Some(ArrayBuilder::new().items(list)))
        .build()
}

/// The filters, the order and the page of a list of all shops.
pub(super) fn filters(
    f: &mut Fields<'_, '_>,
    currency: Currency,
    query: SearchQuery,
) -> Option<(SearchQuery, Paging)> {
    let seller = f.field("sellerId").id();
    filters_in_a_shop(f, currency, SearchQuery { seller, ..query })
}

/// Those that every list has. Which shop, `query` says.
pub(super) fn filters_in_a_shop(
    f: &mut Fields<'_, '_>,
    currency: Currency,
    query: SearchQuery,
) -> Option<(SearchQuery, Paging)> {
    let category = f.field("category").or("categoryId").text(0..=LONGEST).filter(|word| !word.is_empty());
    let brands = brands(f);
    let tag = f.field("tag").text(0..=LONGEST).filter(|word| !word.is_empty());
    let only_in = f.field("currency").currency();
    let prices_in = only_in.unwrap_or(currency);
    let min_price = f.field("minPrice").money(prices_in, 0..=DEAREST);
    let max_price = f.field("maxPrice").money(prices_in, 0..=DEAREST);
    if min_price.zip(max_price).is_some_and(|(least, most)| most.amount < least.amount) {
        f.violation("maxPrice", Code::ValidationError, "maxPrice must not be less than minPrice");
    }
    let in_stock = f.field("inStock").boolean();
    let min_rating =
        f.field("minRating").decimal(Decimal::ONE..=Decimal::from(review::MOST)).and_then(hundredths);
    let sort = sort(f);
    let after = lists::after(f);
    let query = SearchQuery {
        categories: category.map(|word| vec![word]),
        brands,
        after,
        tag,
        min_price,
        max_price,
        currency: only_in,
        prices_in: Some(prices_in),
        in_stock,
        min_rating,
        sort,
        ..query
    };
    if !query.goes_on() {
        lists::another_list(f);
    }
    let paging = Paging::read(f, 20)?;
    let query = SearchQuery {
        offset: usize::try_from(paging.offset()).unwrap_or(usize::MAX),
        limit: usize::try_from(paging.limit()).unwrap_or(0),
        ..query
    };
    Some((query, paging))
}

/// Brands with commas between them: the index knows which of the commas are part of a name.
fn brands(f: &mut Fields<'_, '_>) -> Option<Vec<String>> {
    let mut lists = f.field("brand").texts(0..=LONGEST)?;
    // Commas alone are no filter, as an empty parameter is none.
    lists.retain(|list| list.split(',').any(|brand| !brand.trim().is_empty()));
    (!lists.is_empty()).then_some(lists)
}

/// `sortBy` with `sortOrder`, or `sort`.
fn sort(f: &mut Fields<'_, '_>) -> Sort {
    let sort = f.field("sort").one_of(&[
        ("price_asc", Sort::PriceAscending),
        ("price_desc", Sort::PriceDescending),
        ("name_asc", Sort::NameAscending),
        ("name_desc", Sort::NameDescending),
        ("created_desc", Sort::Newest),
        ("newest", Sort::Newest),
        ("created_asc", Sort::Oldest),
        ("oldest", Sort::Oldest),
        ("rating_asc", Sort::WorstRated),
        ("rating_desc", Sort::BestRated),
        ("relevance", Sort::Relevance),
    ]);
    // (ascending, descending)
    let by = f.field("sortBy").one_of(&[
        ("name", (Sort::NameAscending, Sort::NameDescending)),
        ("price", (Sort::PriceAscending, Sort::PriceDescending)),
        ("createdAt", (Sort::Oldest, Sort::Newest)),
        ("rating", (Sort::WorstRated, Sort::BestRated)),
    ]);
    let descending = f.field("sortOrder").one_of(&[("asc", false), ("desc", true)]);
    // Who asks for an order by rating and says no more doesn't mean the worst.
    let of = |(up, down)| if descending.unwrap_or(down == Sort::BestRated) { down } else { up };
    by.map(of).or(sort).unwrap_or_default()
}

/// Stars as they are compared: averages are told to the hundredth.
fn hundredths(stars: Decimal) -> Option<u16> {
    u16::try_from((stars * Decimal::ONE_HUNDRED).ceil()).ok()
}

#[cfg(test)]
mod tests {
    use api_contract::JsonBody;

    use super::*;

    #[test]
    fn one_shops_list_is_not_asked_whose_it_is() {
        fn names<P: IntoParams>() -> Vec<String> {
            P::into_params(|| Some(ParameterIn::Query)).into_iter().map(|parameter| parameter.name).collect()
        }
        let shops = names::<ShopListParams>();
        assert!(!shops.contains(&"sellerId".to_owned()), "{shops:?}");
        assert_eq!(names::<ListParams>(), [vec!["sellerId".to_owned()], shops].concat());
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_refused_and_oldest_is_an_order() {
        let read = |body: &str| {
            let body = JsonBody::from_text(body.to_owned());
            let usd = "USD".parse().unwrap();
            body.read(|f| filters(f, usd, SearchQuery::default())).map(|(query, _)| query)
        };
        let error = read(r#"{"minPrice": 10, "maxPrice": 9.99}"#).unwrap_err();
        let said: Vec<_> = error.violations().iter().map(|it| it.message.to_string()).collect();
        assert_eq!(said, ["maxPrice must not be less than minPrice"]);
        for body in [r#"{"minPrice": 10, "maxPrice": 10}"#, r#"{"maxPrice": 0}"#] {
            assert!(read(body).is_ok(), "{body}");
        }
        assert_eq!(read(r#"{"sort": "oldest"}"#).unwrap().sort, Sort::Oldest);
    }

    #[test]
    fn ratings_are_filtered_by_the_hundredth_and_the_best_come_first() {
        let read = |body: &str| {
            let body = JsonBody::from_text(body.to_owned());
            let usd = "USD".parse().unwrap();
            body.read(|f| filters(f, usd, SearchQuery::default())).map(|(query, _)| query)
        };
        for (stars, least) in [("4", 400), ("4.5", 450), (r#""4.125""#, 413), ("1", 100), ("5", 500)] {
            let query = read(&format!(r#"{{"minRating": {stars}}}"#)).unwrap();
            assert_eq!(query.min_rating, Some(least), "{stars}");
        }
        for stars in ["0.99", "5.01", "0", "-4", r#""many""#] {
            let error = read(&format!(r#"{{"minRating": {stars}}}"#)).unwrap_err();
            let fields: Vec<_> = error.violations().iter().map(|it| it.field.as_deref()).collect();
            assert_eq!(fields, [Some("minRating")], "{stars}");
        }
        for (body, sort) in [
            (r#"{"sortBy": "rating"}"#, Sort::BestRated),
            (r#"{"sortBy": "rating", "sortOrder": "desc"}"#, Sort::BestRated),
            (r#"{"sortBy": "rating", "sortOrder": "asc"}"#, Sort::WorstRated),
            (r#"{"sort": "rating_desc"}"#, Sort::BestRated),
            (r#"{"sortBy": "price"}"#, Sort::PriceAscending),
        ] {
            assert_eq!(read(body).unwrap().sort, sort, "{body}");
        }
    }

    #[test]
    fn commas_alone_are_no_filter() {
        let read = |text: &str| {
            let body = JsonBody::from_text(format!(r#"{{"brand": "{text}"}}"#));
            body.read(|f| Some(brands(f))).unwrap()
        };
        for list in ["Folio", ", Folio ,,", "Folio, Acme"] {
            assert_eq!(read(list), Some(vec![list.to_owned()]));
        }
        assert_eq!((read(""), read(","), read(" , ")), (None, None, None));
    }
}
