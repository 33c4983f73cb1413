//! What may be kept by a client and by caches: `ETag`, `If-None-Match`, 304 and `Cache-Control` (RFC 9110, section 13.1.2;
//! RFC 9111).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rapidhash::v3::rapidhash_v3;
use serde::Serialize;

use crate::envelope::{JSON, Success};
use crate::error::ApiError;

/// For everybody: kept for so short a time that a price or a stock is never long out of date, then asked for again.
const FOR_ALL: HeaderValue = HeaderValue::from_static("public, max-age=5, must-revalidate");
/// For somebody who is logged in, who must see what they have just written: asked for again each time.
const FOR_ONE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Who has just written something says up to where an answer must know it.
const VARIES: HeaderValue = HeaderValue::from_static("authorization, x-min-position");

/// What the client has already, and whether it is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfNoneMatch {
    tags: Vec<String>,
    logged_in: bool,
}

impl IfNoneMatch {
    /// Answers `data`, or 304 where the client has it. The tag is strong over the data: the envelope's moment doesn't
    /// count. With a version it begins with that, so that `If-Match` can take it.
    pub fn answer<T: Serialize>(&self, version: Option<u64>, data: &T) -> Response {
        let (text, part) = match Success::new(data).written() {
            Ok(written) => written,
            Err(error) => return ApiError::internal(error).into_response(),
        };
        // Who would make two answers of one tag deceives only the caches of what they sell themselves.
        let digest = format!("{:016x}", rapidhash_v3(&text[part]));
        let tag = version.map_or_else(|| digest.clone(), |version| format!("{version}-{digest}"));
        let known = self.tags.iter().any(|known| *known == tag || known == "*");
        let cache = if self.logged_in { FOR_ONE } else { FOR_ALL };
        let mut headers: Vec<(HeaderName, HeaderValue)> =
            vec![(header::CACHE_CONTROL, cache), (header::VARY, VARIES)];
        headers.extend(HeaderValue::from_str(&format!("\"{tag}\"")).ok().map(|tag| (header::ETAG, tag)));
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, JSON)], text).into_response()
        };
        response.headers_mut().extend(headers);
        response
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let given = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        let tags = given.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        // The comparison is the weak one: a cache that compresses makes a tag weak.
        let tags = tags.map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned());
        Ok(Self { tags: tags.collect(), logged_in: parts.headers.contains_key(header::AUTHORIZATION) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn asked(headers: &[(&str, &str)]) -> IfNoneMatch {
        let mut request = axum::http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let Ok(asked) = IfNoneMatch::from_request_parts(&mut parts, &()).await;
        asked
    }

    fn header<'r>(response: &'r Response, name: &str) -> &'r str {
        response.headers()[name].to_str().unwrap()
    }

    #[tokio::test]
    async fn what_the_client_has_is_not_sent_again() {
        let data = json!({ "stock": 3 });
        let first = asked(&[]).await.answer(Some(7), &data);
        assert_eq!(first.status(), 200);
        let tag = header(&first, "etag").to_owned();
        assert!(tag.starts_with("\"7-"), "{tag}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let again = asked(&[("if-none-match", &known)]).await.answer(Some(7), &data);
            assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, tag.as_str()));
        }
        let changed = asked(&[("if-none-match", &tag)]).await.answer(Some(7), &json!({ "stock": 2 }));
        assert_eq!(changed.status(), 200);
    }

    #[tokio::test]
    async fn only_what_everybody_sees_is_kept_by_caches() {
        let open = asked(&[]).await.answer(None, &1);
        assert_eq!(header(&open, "cache-control"), "public, max-age=5, must-revalidate");
        let own = asked(&[("authorization", "Bearer x")]).await.answer(None, &1);
        assert_eq!(header(&own, "cache-control"), "private, no-cache");
        assert_eq!(header(&own, "vary"), "authorization, x-min-position");
    }
}
