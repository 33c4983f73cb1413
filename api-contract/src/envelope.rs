//! The form of every success.

use std::ops::Range;

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use metrics::histogram;
use serde::{Serialize, Serializer};
use tokio::time::Instant;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ApiError;
use crate::paging::Paging;

/// What answers are written in.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// So many bytes hold most answers.
const ROOM: usize = 1 << 10;

/// A success with its data, status 200; another status, and headers, stand before it in a tuple.
#[derive(Debug)]
pub struct Success<T> {
    data: T,
    message: &'static str,
}

impl<T: Serialize> Success<T> {
    /// A success with the usual message.
    pub fn new(data: T) -> Self {
        Self { data, message: "Operation completed successfully" }
    }

    /// Says something more to a person.
    #[must_use]
    pub fn message(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }
}

/// A success that has nothing to tell but that it is one: what a person may be told.
#[derive(Clone, Copy, Debug)]
pub struct Done(pub &'static str);

#[derive(Serialize)]
struct DoneEnvelope {
    success: bool,
    message: &'static str,
    timestamp: Timestamp,
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let Self(message) = self;
        Json(DoneEnvelope { success: true, message, timestamp: Timestamp::now() }).into_response()
    }
}

impl<T: Serialize> Success<T> {
    /// Its text, and where in that the data is.
    pub(crate) fn written(&self) -> serde_json::Result<(Vec<u8>, Range<usize>)> {
        let began = Instant::now();
        let mut text = Vec::with_capacity(ROOM);
        text.extend_from_slice(br#"{"success":true,"data":"#);
        let from = text.len();
        // Straight to text, never by way of serde_json::Value: money must not become a float.
        serde_json::to_writer(&mut text, &self.data)?;
        let data = from..text.len();
        text.extend_from_slice(br#","message":"#);
        serde_json::to_writer(&mut text, self.message)?;
        text.extend_from_slice(br#","timestamp":"#);
        serde_json::to_writer(&mut text, &Timestamp::now())?;
        text.push(b'}');
        histogram!("daybook_answer_seconds").record(began.elapsed());
        Ok((text, data))
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        match self.written() {
            Ok((json, _)) => ([(header::CONTENT_TYPE, JSON)], json).into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }
}

/// A moment as every answer writes it: RFC 3339 in UTC with `Z`, exact, with as many decimals as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub DateTime<Utc>);

impl Timestamp {
    /// Now, in milliseconds.
    pub fn now() -> Self {
        Self(Utc::now().trunc_subsecs(3))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Timestamp {}

/// One page of a list, as `data` of a [`Success`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "the names are the contract's")]
pub struct Page<T> {
    items: Vec<T>,
    page_number: u64,
    page_size: u64,
    total_pages: u64,
    total_count: u64,
    has_previous_page: bool,
    has_next_page: bool,
}

impl<T> Page<T> {
    /// The items of the page that `paging` asked for, of `total_count` in all.
    pub fn new(items: Vec<T>, paging: Paging, total_count: u64) -> Self {
        let total_pages = total_count.div_ceil(paging.size);
        Self {
            items,
            page_number: paging.number,
            page_size: paging.size,
            total_pages,
            total_count,
            has_previous_page: paging.number > 1 && total_pages > 0,
            has_next_page: paging.number < total_pages,
        }
    }

    /// The same of a list that can be gone through by cursors. `after`: whether this page began behind one; then its number
    /// counts from there, and whether it has neighbours isn't to be told from that.
    #[must_use]
    pub fn by_cursor(self, after: bool, next: bool) -> Self {
        if !after {
            return self;
        }
        Self { has_previous_page: true, has_next_page: next, ..self }
    }
}
