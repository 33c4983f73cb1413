//! What lists of orders may be filtered and ordered by.

use api_contract::openapi::{FreshnessParams, PageParams};
use api_contract::{Code, DayOrMoment, Fields, Paging};
use chrono::{DateTime, Utc};
use projections::order_history::{NumberPrefix, OrderFilter, OrderStatus, Scope, Sort};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use crate::lists::{self, Scored};

/// The longest text that is looked for in numbers.
const LONGEST: usize = 100;

/// What every list may be filtered and ordered by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
struct Filters {
    /// Only these, several with commas between them; `paid` is `confirmed`.
    #[param(inline, style = Form, explode = false, max_items = 10)]
    status: Option<Vec<StatusWord>>,
    /// Only those placed then or later.
    #[param(inline, example = "2025-11-02")]
    start_date: Option<DayOrMoment>,
    /// Only those placed before it (of a day, before its end).
    #[param(inline, example = "2025-11-02")]
    end_date: Option<DayOrMoment>,
    /// Only with a number that begins so, whatever the case of its letters, with or without `ORD-`, and without hyphens
    /// too (`ORD2026000100`, and the whole of it `2026000100`); or whose last digits these are, all behind the year (`855`
    /// is `000855`); or with this `externalId`. The list is in the order of the numbers then, the highest first.
    /// `orderNumber` and `q` are read as well.
    #[param(max_length = 100, example = "ORD-2026-0001")]
    search: Option<String>,
    /// `createdAt`.
    #[param(inline)]
    sort_by: Option<SortBy>,
    /// Ascending is the oldest first. With `sortBy` it is ascending unless said otherwise.
    #[param(inline)]
    sort_order: Option<SortOrder>,
    /// Both in one word: `newest` and `created_desc`, `oldest` and `created_asc`. The newest come first where nothing is
    /// said.
    #[param(inline)]
    sort: Option<SortWord>,
}

/// What `cursor` is.
const CURSOR: &str = "`nextCursor` of the page before, with the same filters and order: the list goes on behind its last \
    order, even if\norders were placed meanwhile. `pageNumber` counts from there.";

/// A status, as a filter may write it: `paid` is `confirmed`.
#[derive(ToSchema)]
#[schema(as = OrderStatusOrPaid, rename_all = "snake_case")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum StatusWord {
    Pending,
    Confirmed,
    Paid,
    Processing,
    Shipped,
    Delivered,
    Cancelled,
}

#[derive(ToSchema)]
#[schema(as = OrderSortBy, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortBy {
    CreatedAt,
}

#[derive(ToSchema)]
#[schema(as = OrderSortOrder, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortOrder {
    Asc,
    Desc,
}

#[derive(ToSchema)]
#[schema(as = OrderSortWord, rename_all = "snake_case")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortWord {
    Newest,
    Oldest,
    CreatedAsc,
    CreatedDesc,
}

/// What may be said to every list: filters, order, page, and how fresh it must be.
pub(super) struct ListParams;

impl IntoParams for ListParams {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parts = [
            Filters::into_params(&place),
            vec![lists::cursor(CURSOR, Scored::No)],
            PageParams::into_params(&place),
            FreshnessParams::into_params(&place),
        ];
        parts.concat()
    }
}

/// The filters, the order and the page, the same for every list; `scope` is whose.
pub(super) fn filters(f: &mut Fields<'_, '_>, scope: Scope) -> Option<(OrderFilter, Paging)> {
    let statuses = statuses(f);
    let (from, until) = times(f);
    let number = f.field("search").or("orderNumber").or("q").text(0..=LONGEST);
    let sort = sort(f);
    let after = lists::after(f);
    let filter = OrderFilter {
        statuses,
        from,
        until,
        number: number.as_deref().and_then(NumberPrefix::typed),
        sort,
        after,
        ..OrderFilter::default()
    };
    if !filter.goes_on(scope) {
        lists::another_list(f);
    }
    let paging = Paging::read(f, 10)?;
    Some((OrderFilter { offset: paging.offset(), limit: paging.limit(), ..filter }, paging))
}

/// From when, and until when.
fn times(f: &mut Fields<'_, '_>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let start = f.field("startDate").parse(1..=40, str::parse::<DayOrMoment>);
    let end = f.field("endDate").parse(1..=40, str::parse::<DayOrMoment>);
    if let (Some(start), Some(end)) = (start, end)
        // A day is over when the next one begins.
        && (end.end() < start.start() || (end.start() < end.end() && end.end() == start.start()))
    {
        f.violation("endDate", Code::ValidationError, "endDate must not be before startDate");
    }
    (start.map(DayOrMoment::start), end.map(DayOrMoment::end))
}

/// Several with commas between them, or in several parameters.
fn statuses(f: &mut Fields<'_, '_>) -> Vec<OrderStatus> {
    let texts = f.field("status").texts(0..=200).unwrap_or_default();
    let words = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|word| !word.is_empty());
    match words.map(str::parse::<OrderStatus>).collect() {
        Ok(statuses) => statuses,
        Err(wrong) => {
            f.violation("status", Code::ValidationError, format!("status {wrong}"));
            Vec::new()
        }
    }
}

fn sort(f: &mut Fields<'_, '_>) -> Sort {
    let word = f.field("sort").one_of(&[
        ("newest", Sort::Newest),
        ("created_desc", Sort::Newest),
        ("oldest", Sort::Oldest),
        ("created_asc", Sort::Oldest),
    ]);
    let by_time = f.field("sortBy").one_of(&[("createdAt", Sort::Oldest)]);
    let order = f.field("sortOrder").one_of(&[("asc", Sort::Oldest), ("desc", Sort::Newest)]);
    // What is said in two words goes before the one; there is one thing to sort by, so it needn't be named.
    order.or(by_time).or(word).unwrap_or_default()
}
