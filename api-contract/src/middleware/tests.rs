use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::routing::{any, get, post};
use domain::{Currency, Money};
use serde::Serialize;
use tower::ServiceExt;

use super::*;
use crate::error::Violation;
use crate::token::{KeySource, PublicKey};
use crate::*;

struct NoKeys;

#[async_trait]
impl KeySource for NoKeys {
    async fn public_keys(&self) -> Result<Vec<PublicKey>, BoxError> {
        Ok(Vec::new())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    price: Amount,
    yen: Amount,
    added_at: Timestamp,
}

fn line() -> Line {
    let amount = |amount, code: &str| Amount(Money::new(amount, code.parse::<Currency>().unwrap()));
    let added_at = chrono::DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap().into();
    Line { price: amount(9_007_199_254_740_990, "USD"), yen: amount(-7, "JPY"), added_at }
}

#[derive(Debug, thiserror::Error)]
#[error("could not read the cart")]
struct Outer(#[source] std::io::Error);

fn router() -> Router {
    let routes = Router::new()
        .route(
            "/one",
            get(async || {
                (StatusCode::CREATED, Version(3), EventPosition(7), Success::new(line()).message("Made"))
            }),
        )
        .route("/list", get(async |paging: Paging| Success::new(Page::new(vec![line()], paging, 21))))
        .route("/private", get(async |who: Principal| Success::new(who.actor())))
        .route("/things/{id}", get(async |PathId(id): PathId<domain::ids::ProductId>| Success::new(id)))
        .route(
            "/echo",
            post(async |body: JsonBody| {
                body.read(|f| f.field("a").required().integer(0..=9)).map(Success::new)
            }),
        )
        .route("/stock", get(async || ApiError::from(Violation::stock("quantity", 5, 10))))
        .route("/locked", get(async || ApiError::locked(Duration::from_millis(59_001))))
        .route(
            "/broken",
            get(async || ApiError::internal(Outer(std::io::Error::other("secret host refused")))),
        )
        .route("/panic", get(async || -> () { panic!("secret") }))
        .route("/slow", any(async || std::future::pending::<()>().await));
    let both = Router::new().nest("/api/v1", routes.clone()).nest("/api", routes);
    let config = HttpConfig { time_limit: Duration::from_secs(5), ..HttpConfig::default() };
    apply(both, Verifier::new(NoKeys), config)
}

async fn ask(request: axum::http::request::Builder, body: impl Into<Body>) -> Response {
    let request = request.header("x-correlation-id", "test:1").body(body.into()).unwrap();
    router().oneshot(request).await.unwrap()
}

/// The answer with the moment of the test replaced.
async fn show(response: Response) -> String {
    let status = response.status();
    // The length depends on the moment: RFC 3339 leaves out a fraction of zero.
    let shown = response.headers().iter().filter(|(name, _)| **name != header::CONTENT_LENGTH);
    let mut headers: Vec<_> =
        shown.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    headers.sort();
    let body = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
    let body = match body.split_once(r#""timestamp":""#) {
        Some((before, after)) => {
            format!("{before}\"timestamp\":\"[now]{}", &after[after.find('"').unwrap()..])
        }
        None => body,
    };
    format!("{status}\n{}\n\n{body}", headers.join("\n"))
}

async fn get_text(path: &str) -> String {
    show(ask(Request::get(path), ()).await).await
}

#[tokio::test]
async fn successes() {
    insta::assert_snapshot!("one", get_text("/api/v1/one").await);
    insta::assert_snapshot!("list", get_text("/api/list?page=2&limit=10").await);
}

#[tokio::test]
async fn errors_have_one_form() {
    for (name, path) in [
        ("no_route", "/nowhere"),
        ("no_method", "/api/v1/echo"),
        ("no_token", "/api/v1/private"),
        ("malformed_id", "/api/v1/things/7"),
        ("stock", "/api/v1/stock"),
        ("locked", "/api/v1/locked"),
        ("broken", "/api/v1/broken"),
        ("panic", "/api/v1/panic"),
    ] {
        insta::assert_snapshot!(name, get_text(path).await);
    }
    let problem = ask(Request::get("/api/stock").header("accept", "application/problem+json"), ()).await;
    insta::assert_snapshot!("problem", show(problem).await);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_too_long_is_503() {
    insta::assert_snapshot!("slow", get_text("/api/v1/slow").await);
}

/// Guards against a client who sends a command again that was done, because it was told to try again.
#[tokio::test(start_paused = true)]
async fn a_command_that_takes_too_long_may_have_been_done() {
    let answer = show(ask(Request::post("/api/v1/slow"), ()).await).await;
    assert!(answer.starts_with("503") && answer.contains("not known whether this was done"), "{answer}");
}

#[tokio::test]
async fn bodies_are_json_of_at_most_a_mebibyte() {
    let post = |content_type: &str| Request::post("/api/v1/echo").header("content-type", content_type);
    for (content_type, body, expected) in [
        ("application/json", r#"{"a": 1}"#.to_owned(), "200"),
        ("application/json; charset=UTF-8", r#"{"a": 1}"#.to_owned(), "200"),
        ("application/merge-patch+json", r#"{"a": 1}"#.to_owned(), "200"),
        ("application/json; charset=latin1", r#"{"a": 1}"#.to_owned(), "UNSUPPORTED_MEDIA_TYPE"),
        ("text/plain", r#"{"a": 1}"#.to_owned(), "UNSUPPORTED_MEDIA_TYPE"),
        ("application/json", "{\"a\": 1".to_owned(), "INVALID_FORMAT"),
        ("application/json", "[1]".to_owned(), "INVALID_FORMAT"),
        ("application/json", String::new(), "REQUIRED_FIELD"),
        (
            "application/json",
            format!("{{\"a\": 1, \"b\": \"{}\"}}", "x".repeat(10_000_000)),
            "PAYLOAD_TOO_LARGE",
        ),
    ] {
        let announced = post(content_type).header("content-length", body.len());
        for request in [announced, post(content_type)] {
            let answer = show(ask(request, body.clone()).await).await;
            assert!(answer.contains(expected), "{content_type} {}: {answer}", &body[..body.len().min(20)]);
        }
    }
    assert!(
        show(ask(post("application/json"), vec![b'{', 0xff, b'}']).await).await.contains("INVALID_FORMAT")
    );
}

#[tokio::test]
async fn a_correlation_id_is_kept_if_it_is_one() {
    for (given, kept) in [
        ("a", true),
        ("A.b_c:d-9", true),
        (&"x".repeat(128), true),
        (&"x".repeat(129), false),
        ("a b", false),
        ("", false),
    ] {
        let request =
            Request::get("/api/v1/one").header("x-correlation-id", given).body(Body::empty()).unwrap();
        let answer = router().oneshot(request).await.unwrap();
        let answered = answer.headers()["x-correlation-id"].to_str().unwrap();
        assert_eq!(answered == given, kept, "{given}");
        assert!(!answered.is_empty());
    }
}

#[tokio::test]
async fn there_is_one_version_of_the_api() {
    assert_eq!(ask(Request::get("/api/v1/one").header("x-api-version", "v1"), ()).await.status(), 201);
    assert_eq!(ask(Request::get("/api/v1/one").header("x-api-version", "v2"), ()).await.status(), 400);
}

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    for path in ["/api/v1/one/", "/api/one//", "/api/v1/list/?page=2"] {
        assert!(ask(Request::get(path), ()).await.status().is_success(), "{path}");
    }
    assert_eq!(ask(Request::get("/api/v1/"), ()).await.status(), 404);
}

#[tokio::test]
async fn what_a_route_allows_is_told() {
    let answer = ask(Request::options("/api/v1/one"), ()).await;
    assert_eq!(
        (answer.status(), &answer.headers()["allow"]),
        (StatusCode::NO_CONTENT, &"GET,HEAD".parse().unwrap())
    );
    let answer = ask(Request::delete("/api/v1/echo"), ()).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"POST".parse().unwrap()));
    let answer = ask(Request::head("/api/v1/one"), ()).await;
    assert_eq!(answer.status(), 201);
    assert!(to_bytes(answer.into_body(), 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_of_the_origins_that_are_named_may_call_and_read_our_headers() {
    let router = |cors: &str| {
        let config = HttpConfig { cors: cors.parse().unwrap(), ..HttpConfig::default() };
        apply(Router::new().route("/one", post(async || "one")), Verifier::new(NoKeys), config)
    };
    let preflight = |origin: &str| {
        let request = Request::options("/one").header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "idempotency-key").body(Body::empty()).unwrap()
    };
    let ours = "https://shop.example.com";
    let answer = router(ours).oneshot(preflight(ours)).await.unwrap();
    assert!(answer.status().is_success());
    assert_eq!(answer.headers()["access-control-allow-origin"], ours);
    let header = |name| answer.headers()[name].to_str().unwrap().to_ascii_lowercase();
    assert!(header("access-control-allow-methods").contains("patch"));
    assert!(header("access-control-allow-headers").contains("idempotency-key"));
    assert!(!answer.headers().contains_key("access-control-allow-credentials"));

    let call = |origin: &str| Request::post("/one").header("origin", origin).body(Body::empty()).unwrap();
    let answer = router(ours).oneshot(call(ours)).await.unwrap();
    let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("x-event-position") && exposed.contains("etag"), "{exposed}");
    for (cors, origin) in [(ours, "https://evil.example.com"), ("", ours)] {
        let answer = router(cors).oneshot(call(origin)).await.unwrap();
        assert!(!answer.headers().contains_key("access-control-allow-origin"), "{cors}: {origin}");
    }
    let answer = router("*").oneshot(call(ours)).await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn if_match_names_versions() {
    for (header, version, good) in [
        (None, 3, true),
        (Some("\"3\""), 3, true),
        (Some("3"), 3, true),
        (Some("W/\"3\""), 3, true),
        (Some("\"1\", \"3\""), 3, true),
        (Some("*"), 3, true),
        (Some("*"), 0, false),
        (Some("\"2\""), 3, false),
        (Some("nonsense"), 3, false),
    ] {
        let mut request = Request::get("/");
        if let Some(header) = header {
            request = request.header("if-match", header);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let Ok(if_match) =
            <IfMatch as axum::extract::FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        assert_eq!(if_match.check(version).is_ok(), good, "{header:?} {version}");
    }
}

/// Where a subscriber of these tests writes.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_fault_of_ours_is_logged_once_with_its_causes_and_never_shown() {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let answer = get_text("/api/v1/broken").await;
    drop(guard);
    assert!(!answer.contains("secret") && !answer.contains("cart"), "{answer}");
    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("could not read the cart: secret host refused").count(), 1, "{log}");
    assert!(log.contains("test:1"), "{log}");
}
