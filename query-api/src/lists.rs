//! What lists have in common that are gone through by cursors: how a place is asked for, and how the next one is told.

use std::borrow::Cow;

use api_contract::{Code, Fields, Page};
use projections::cursor::Cursor;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

/// The longest cursor that is read.
const LONGEST: usize = 5_000;

/// Whether a list may be ordered by scores. A place in such a list has what the scores were made with behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scored {
    /// By relevance too, and by prices.
    Yes,
    /// By times and names alone.
    No,
}

/// The parameter by which a list goes on, as `description` says of what is in it.
pub fn cursor(description: &str, scored: Scored) -> Parameter {
    let numbers = match scored {
        Scored::Yes => {
            "s[0-9a-f]{1,8}(-[0-9a-f]{1,8})*|[norw][0-9a-f]{1,16}|[pq][0-9a-f]{1,16}(-[0-9a-f]{1,8})?"
        }
        Scored::No => "[no][0-9a-f]{1,16}",
    };
    let place = format!(r"^({numbers}|[az]([0-9a-f]{{2}})*)\.[0-9a-f]{{32}}\.[0-9a-f]{{8}}$");
    let schema =
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST)).pattern(Some(place));
    ParameterBuilder::new()
        .name("cursor")
        .parameter_in(ParameterIn::Query)
        .description(Some(description))
        .required(Required::False)
        .schema(Some(schema))
        .build()
}

/// What a cursor has to be.
const RULE: &str = "must be the nextCursor of a page with the same filters and order";

/// Reads where a list is to go on.
pub fn after(f: &mut Fields<'_, '_>) -> Option<Cursor> {
    f.field("cursor").parse(1..=LONGEST, |text| text.parse::<Cursor>().map_err(|_| Cow::from(RULE)))
}

/// Says that a list can't go on there, because that is a place of another list.
pub fn another_list(f: &mut Fields<'_, '_>) {
    f.violation("cursor", Code::ValidationError, format!("cursor {RULE}"));
}

/// A page of a list, and where the next one begins.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed<T> {
    #[serde(flatten)]
    page: Page<T>,
    next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// `after`: whether this page began behind a cursor. `next`: where the next one begins, if there is one.
    pub fn new(page: Page<T>, after: bool, next: Option<&Cursor>) -> Self {
        Self { page: page.by_cursor(after, next.is_some()), next_cursor: next.map(Cursor::to_string) }
    }
}

/// One page of a list.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what Listed becomes")]
pub struct ListedOf<T> {
    items: Vec<T>,
    page_number: u64,
    page_size: u64,
    total_pages: u64,
    total_count: u64,
    has_previous_page: bool,
    has_next_page: bool,
    /// What `cursor` is for the next page; none on the last.
    next_cursor: Option<String>,
}
