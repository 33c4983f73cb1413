//! The API's description: what the document says of every answer, and what every operation may be refused with.
//!
//! Each handler carries `#[utoipa::path]` and is collected with `routes!`, so that what is served is what is described.
//! A success's body is [`Envelope`] of its data, a list's [`Envelope`] of [`PageOf`]. What can be said of an operation
//! by its nature (it wants a token, it has a body, it names something in its path) is said here, once, by [`complete`].

mod absent;
mod closed;
mod links;
mod tags;
mod versions;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, Info, OpenApi, PathItem, Ref, RefOr, Required, Response, ResponseBuilder,
    Server,
};
use utoipa::{IntoParams, ToSchema};
use utoipa::{PartialSchema, openapi};

use crate::error::Code;

/// The name of the security scheme: an access token as a bearer. Operations that want one say `security(("bearer" = []))`.
pub const BEARER: &str = "bearer";

/// The form of every success.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Envelope<T> {
    /// Always true.
    pub success: bool,
    /// What was asked for.
    pub data: T,
    /// For a person.
    pub message: String,
    /// When it was answered.
    pub timestamp: DateTime<Utc>,
}

/// The form of a success that has nothing to tell but that it is one.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Done {
    /// Always true.
    pub success: bool,
    /// For a person.
    pub message: String,
    /// When it was answered.
    pub timestamp: DateTime<Utc>,
}

/// One page of a list.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PageOf<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// From 1.
    pub page_number: u64,
    /// How many items a page has at most.
    pub page_size: u64,
    /// How many pages there are.
    pub total_pages: u64,
    /// How many items there are on all pages.
    pub total_count: u64,
    /// Whether there is a page before this one.
    pub has_previous_page: bool,
    /// Whether there is a page after this one.
    pub has_next_page: bool,
}

/// Which page of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct PageParams {
    /// From 1; `page` is read as well.
    #[param(minimum = 1, maximum = 1_000_000_000)]
    pub page_number: Option<u64>,
    /// Whoever asks for more than 100 gets 100; `limit` is read as well.
    #[param(minimum = 1)]
    pub page_size: Option<u64>,
}

/// How fresh an answer must be.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct FreshnessParams {
    /// Answer at least as of this position of the log: an `X-Event-Position` that a command answered. Where it isn't reached in
    /// the time that `Prefer` gives, the answer is of what there is, and `X-Projection-Position` says of which position.
    #[param(rename = "X-Min-Position", minimum = 0)]
    pub min_position: Option<u64>,
    /// How long to wait for it: `wait=2`, in seconds.
    #[param(rename = "Prefer", example = "wait=1")]
    pub prefer: Option<String>,
}

/// What the client has already.
#[allow(clippy::doc_markdown, reason = "it is read in the API's document, as it stands")]
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct ConditionParams {
    /// An ETag: 304 where it is still this
    #[param(rename = "If-None-Match")]
    pub if_none_match: Option<String>,
}

/// What must not have changed meanwhile.
#[allow(clippy::doc_markdown, reason = "it is read in the API's document, as it stands")]
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct UnchangedParams {
    /// Only if this is still its ETag
    #[param(rename = "If-Match", example = "\"3\"")]
    pub if_match: Option<String>,
}

/// The form of every refusal.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Refusal {
    /// Always false.
    pub success: bool,
    /// All that is wrong.
    pub errors: Vec<RefusalReason>,
    /// For a person.
    pub message: String,
    /// When it was answered.
    pub timestamp: DateTime<Utc>,
    /// The correlation id.
    pub trace_id: String,
    /// What was asked for.
    pub path: String,
    /// After how many seconds it may go better.
    #[schema(nullable = false)]
    pub retry_after: Option<u64>,
}

/// One thing that is wrong.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct RefusalReason {
    /// What kind of wrong.
    #[schema(value_type = String, pattern = "^[A-Z_]+$", example = "VALIDATION_ERROR")]
    pub code: Code,
    /// For a person.
    pub message: String,
    /// Where: a field's path, a parameter or a header.
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// With `INSUFFICIENT_STOCK`.
    #[schema(nullable = false)]
    pub available_stock: Option<i64>,
    /// With `INSUFFICIENT_STOCK`.
    #[schema(nullable = false)]
    pub requested_quantity: Option<i64>,
}

/// What is served beside the API, under no prefix.
#[derive(Default)]
pub struct Beside(pub OpenApi);

/// Completes what the handlers say of themselves: title, servers, the bearer scheme, the tags, what answers say in headers,
/// where they lead, and the refusals that an operation may be answered with by its nature.
pub fn complete(mut api: OpenApi, Beside(mut beside): Beside, version: &str) -> OpenApi {
    for item in beside.paths.paths.values_mut() {
        item.servers = Some(vec![Server::new("/")]);
    }
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        add_refusals(operation);
        take_empty(operation);
    }
    api.merge(beside);
    api.info = Info::new("Daybook", version);
    api.info.description =
        Some("An event-sourced commerce backend: commands, and projections of one log.".into());
    api.servers = Some(vec![Server::new("/api/v1")]);
    let mut components = ComponentsBuilder::from(api.components.take().unwrap_or_default());
    let mut schemas = vec![];
    <Refusal as ToSchema>::schemas(&mut schemas);
    schemas.push((<Refusal as ToSchema>::name().into_owned(), <Refusal as PartialSchema>::schema()));
    components = components.schemas_from_iter(schemas).security_scheme(
        BEARER,
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build()),
    );
    api.components = Some(components.build());
    tags::describe_tags(&mut api);
    versions::tell(&mut api);
    links::lead_on(&mut api);
    let asked = closed::asked(&mut api);
    closed::close_answers(&mut api, &asked);
    absent::take_null(&mut api, &asked);
    absent::take_nothing(&mut api);
    api
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// An empty parameter of a query is none ([`crate::Query`]). Of one that may be there several times it needn't be said: an empty
/// text is one of its texts.
fn take_empty(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let is_list = parameter.explode == Some(true);
        if parameter.parameter_in == ParameterIn::Query && parameter.required != Required::True && !is_list {
            let known = parameter.extensions.get_or_insert_default();
            known.insert("allowEmptyValue".to_owned(), true.into());
        }
    }
}

/// 400 for a malformed parameter, header or body; 401 and 403 where a token is wanted; 404 for what a path or a body
/// names; what a body may be refused with; and what any request may meet. HTTP itself answers an address that is too long,
/// before there is a request: without a body.
fn add_refusals(operation: &mut Operation) {
    let in_path = |it: &RefOr<Parameter>| matches!(it, RefOr::T(it) if it.parameter_in == ParameterIn::Path);
    let named = operation.parameters.iter().flatten().any(in_path);
    let secured = operation.security.as_ref().is_some_and(|all| !all.is_empty());
    let body = operation.request_body.is_some();
    // A token that is given must be valid, on a public route too.
    let mut refusals: BTreeMap<u16, &str> = BTreeMap::from([
        (400, "The request breaks a rule; all violations are named"),
        (401, "A token is wanted, or the one given is not valid"),
        (429, "Too many requests"),
        (500, "A fault of ours"),
        (
            503,
            "Not now: try again after Retry-After. Where it was or may have been done there is none, and the message says so",
        ),
    ]);
    if secured {
        refusals.insert(403, "Not with this role");
    }
    if named || body {
        refusals.insert(404, "There is no such thing, or not for this caller");
    }
    if body {
        refusals.extend([
            (413, "The body is larger than 1 MiB"),
            (415, "The body is not JSON"),
            (422, "The Idempotency-Key was used with another body"),
        ]);
    }
    for (status, description) in refusals {
        let known = operation.responses.responses.entry(status.to_string());
        known.or_insert_with(|| RefOr::T(refusal(description)));
    }
    if operation.parameters.iter().flatten().any(in_address) {
        let too_long = ResponseBuilder::new().description("The address is longer than 64 KiB").build();
        operation.responses.responses.insert("414".to_owned(), RefOr::T(too_long));
    }
}

fn in_address(parameter: &RefOr<Parameter>) -> bool {
    let RefOr::T(parameter) = parameter else { return false };
    matches!(parameter.parameter_in, ParameterIn::Path | ParameterIn::Query)
}

/// A refusal, as an operation's own `responses` may also name it.
fn refusal(description: &str) -> Response {
    let schema = Ref::from_schema_name(<Refusal as ToSchema>::name().into_owned());
    ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(openapi::RefOr::from(schema))))
        .build()
}
