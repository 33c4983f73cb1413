//! `GET /audit/ledger`: captured and refunded by day, as JSON, NDJSON or CSV.

use api_contract::openapi::Envelope;
use api_contract::{ApiError, Fields, Query, Success};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::ids::SellerId;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::daily::{Figures, Ledger, LedgerError, Row, Scope, csv, ndjson};
use super::head::HeadView;
use super::{Audit, Auditor};
use crate::days::AskedDays;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Ndjson,
    Csv,
}

const FORMATS: [(&str, Format); 3] =
    [("json", Format::Json), ("ndjson", Format::Ndjson), ("csv", Format::Csv)];
const MEDIA_TYPES: [(&str, Format); 4] = [
    ("application/json", Format::Json),
    ("application/x-ndjson", Format::Ndjson),
    ("application/ndjson", Format::Ndjson),
    ("text/csv", Format::Csv),
];

/// What came in and went back, day by day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ledger)]
struct LedgerView {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    #[schema(value_type = Option<Uuid>)]
    seller_id: Option<SellerId>,
    time_zone: &'static str,
    /// The end of the log that was added up.
    head: HeadView,
    rows: Vec<Row>,
    totals: Vec<Figures>,
}

/// What the ledger is about, and in which form it comes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "describes what `ledger` reads")]
struct LedgerParams {
    /// From this day.
    from: Option<NaiveDate>,
    /// To this day, and with it.
    to: Option<NaiveDate>,
    /// Only the goods of this seller.
    #[param(value_type = Option<Uuid>)]
    seller_id: Option<SellerId>,
    /// Where a day begins at midnight: a zone of the IANA database.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
    /// `json`, `ndjson` or `csv`, whatever Accept says.
    #[param(pattern = "^(json|ndjson|csv)$")]
    format: Option<String>,
}

/// What was captured and refunded, and the balance, by day of occurrence.
#[utoipa::path(
    get, path = "/audit/ledger", operation_id = "getLedger", tag = "audit", security(("bearer" = [])),
    params(LedgerParams),
    responses((status = 200, description = "The ledger; also as NDJSON or CSV", content(
        (Envelope<LedgerView> = "application/json"),
        (String = "application/x-ndjson"),
        (String = "text/csv"),
    ))),
)]
pub async fn ledger(
    State(audit): State<Audit>,
    Auditor: Auditor,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let (scope, format) = query.read(|f| {
        let format = f.field("format").one_of(&FORMATS);
        Some((scope(f), format))
    })?;
    let (ledger, head) = Ledger::read(&audit.log, scope, |_, _| {}).await?;
    let rows = ledger.rows()?;
    match format.unwrap_or_else(|| accepted(&headers)) {
        Format::Json => {
            let Scope { from, to, seller: seller_id, tz } = scope;
            let totals = ledger.totals()?;
            let time_zone = tz.name();
            let view = LedgerView { from, to, seller_id, time_zone, head: head.into(), rows, totals };
            Ok(Success::new(view).into_response())
        }
        Format::Ndjson => {
            let lines = ndjson(&rows).map_err(ApiError::internal)?;
            Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
        }
        Format::Csv => {
            Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], csv(&rows))
                .into_response())
        }
    }
}

fn scope(f: &mut Fields<'_, '_>) -> Scope {
    let AskedDays { from, to, tz } = AskedDays::read(f);
    Scope { from, to, seller: f.field("sellerId").id(), tz }
}

/// The first form of ours that the client accepts; JSON for one that doesn't say.
fn accepted(headers: &HeaderMap) -> Format {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types = values.flat_map(|value| value.split(',')).map(|range| {
        let media_type = range.split(';').next().unwrap_or_default();
        media_type.trim()
    });
    types
        .filter_map(|wanted| MEDIA_TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(wanted)))
        .map(|(_, format)| *format)
        .next()
        .unwrap_or(Format::Json)
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Log(error) => identity::failed(error),
            LedgerError::TooLarge(_) => Self::internal(error),
        }
    }
}
