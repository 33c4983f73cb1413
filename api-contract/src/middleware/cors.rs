//! CORS: which pages of other origins may call the API from a browser.

use std::str::FromStr;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

/// What a page may send.
const SENT: [HeaderName; 10] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("prefer"),
    HeaderName::from_static("x-api-version"),
    HeaderName::from_static("x-correlation-id"),
    HeaderName::from_static("x-min-position"),
];
/// What a page may read, beside what any page may.
const READ: [HeaderName; 10] = [
    header::ETAG,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("x-api-version"),
    HeaderName::from_static("x-correlation-id"),
    HeaderName::from_static("x-event-position"),
    HeaderName::from_static("x-projection-position"),
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
];
const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
/// How long a browser keeps the answer to a preflight.
const KEPT: Duration = Duration::from_secs(3_600);

/// The origins whose pages may call the API. Never with credentials: a token is sent in a header, not as a cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CorsOrigins {
    /// None but our own.
    #[default]
    None,
    /// Any.
    Any,
    /// These.
    These(Vec<HeaderValue>),
}

/// The text names no origins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be * or origins separated by commas, like https://shop.example.com: {0} is none")]
pub struct NoOrigin(String);

impl FromStr for CorsOrigins {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let words: Vec<_> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(Self::None),
            ["*"] => Ok(Self::Any),
            words => words.iter().map(|word| origin(word)).collect::<Result<_, _>>().map(Self::These),
        }
    }
}

/// An origin as a browser sends it (RFC 6454): scheme, host and, unless it is the scheme's own, port.
fn origin(word: &str) -> Result<HeaderValue, NoOrigin> {
    let no_origin = || NoOrigin(word.to_owned());
    let url = Url::parse(word).map_err(|_| no_origin())?;
    let origin = url.origin().ascii_serialization();
    let whole = origin == word.trim_end_matches('/') && matches!(url.scheme(), "http" | "https");
    HeaderValue::from_str(&origin).ok().filter(|_| whole).ok_or_else(no_origin)
}

impl CorsOrigins {
    /// Answers preflights, and tells browsers what their pages may read.
    pub(super) fn around(self, router: Router) -> Router {
        let allowed = match self {
            Self::None => return router,
            Self::Any => AllowOrigin::any(),
            Self::These(origins) => AllowOrigin::list(origins),
        };
        let cors = CorsLayer::new().allow_origin(allowed).allow_methods(METHODS).allow_headers(SENT);
        router.layer(cors.expose_headers(READ).max_age(KEPT))
    }

    /// As the variable is written.
    pub fn to_setting(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Any => "*".to_owned(),
            Self::These(origins) => {
                let origins: Vec<_> = origins.iter().filter_map(|origin| origin.to_str().ok()).collect();
                origins.join(", ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_what_a_browser_sends() {
        assert_eq!("".parse(), Ok(CorsOrigins::None));
        assert_eq!(" * ".parse(), Ok(CorsOrigins::Any));
        let two: CorsOrigins = "https://a.example.com, http://localhost:3000/".parse().unwrap();
        assert_eq!(two.to_setting(), "https://a.example.com, http://localhost:3000");
        for bad in
            ["example.com", "https://a.example.com/path", "ftp://a.example.com", "*, https://a.b", "null"]
        {
            assert!(bad.parse::<CorsOrigins>().is_err(), "{bad}");
        }
    }
}
