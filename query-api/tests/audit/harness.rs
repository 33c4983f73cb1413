//! A database for each test, made and dropped with it, and the routes of the audit over it.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use api_contract::token::{AUDIENCE, Claims, ISSUER};
use api_contract::{BoxError, KeySource, PublicKey, Role, Verifier, middleware};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use chrono::{DateTime, Utc};
use domain::StreamId;
use domain::aggregate::Stored;
use domain::ids::UserId;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use event_store::append::{Appended, Group, NewEvent, Sealed, append};
use event_store::{Head, Log};
use futures::FutureExt;
use http_body_util::BodyExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use projections::product_search::Home;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool};
use tower::ServiceExt;
use uuid::Uuid;

/// A test that takes longer hangs.
const HANGS: Duration = Duration::from_secs(120);

/// A test's database.
pub struct Database {
    /// As the application's role.
    pub pool: PgPool,
    owner: PgPool,
}

/// What was answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

fn options(variable: &str) -> PgConnectOptions {
    let url =
        std::env::var(variable).unwrap_or_else(|_| panic!("{variable} leads to the Postgres of the tests"));
    url.parse::<PgConnectOptions>().unwrap().disable_statement_logging()
}

/// Runs a test on a database of its own.
pub async fn test(body: impl AsyncFnOnce(&Database)) {
    let name = format!("daybook_audit_{}", Uuid::new_v4().simple());
    let mut maintenance = options("DAYBOOK_OWNER_DATABASE_URL").connect().await.unwrap();
    sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut maintenance).await.unwrap();
    let pool = |variable| {
        PgPoolOptions::new().max_connections(4).connect_lazy_with(options(variable).database(&name))
    };
    let database = Database { pool: pool("DATABASE_URL"), owner: pool("DAYBOOK_OWNER_DATABASE_URL") };
    let ended = AssertUnwindSafe(async {
        sqlx::migrate!("../migrations").run(&database.owner).await.unwrap();
        tokio::time::timeout(HANGS, body(&database)).await.expect("the test hangs");
    })
    .catch_unwind()
    .await;
    database.pool.close().await;
    database.owner.close().await;
    // A connection that was on its way back to its pool is closed with the pool alone.
    drop(database);
    drop_when_left(&mut maintenance, &name).await;
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
}

/// Drops a database once its last session, which may end a little after its connection, has left. Only the owner's
/// own sessions could be ended by force; Postgres itself waits some seconds for the others.
async fn drop_when_left(maintenance: &mut PgConnection, name: &str) {
    const OBJECT_IN_USE: &str = "55006";
    let dropping = async {
        while let Err(error) = sqlx::query(&format!("DROP DATABASE {name}")).execute(&mut *maintenance).await
        {
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
            assert_eq!(code.as_deref(), Some(OBJECT_IN_USE), "{error}");
        }
    };
    tokio::time::timeout(HANGS, dropping).await.expect("somebody stays in the database of a test");
}

/// An event of a stream, to be appended.
pub fn event<A: Stored>(
    id: impl std::fmt::Display,
    sequence: i64,
    occurred_at: &str,
    event: &impl Serialize,
) -> NewEvent {
    let payload = serde_json::to_string(event).unwrap();
    let named: serde_json::Map<String, Value> = serde_json::from_str(&payload).unwrap();
    let event_type = named.keys().next().unwrap().clone();
    let occurred_at: DateTime<Utc> = occurred_at.parse().unwrap();
    let metadata = json!({
        "actor": "import", "correlation_id": "c-1", "occurred_at": occurred_at.format("%FT%T%.6fZ").to_string(),
    });
    NewEvent {
        event_id: Uuid::now_v7(),
        stream: StreamId::of::<A>(id),
        sequence,
        event_version: if event_type == "OrderPlaced" { "1.1" } else { "1.0" }.to_owned(),
        event_type,
        payload,
        metadata: metadata.to_string().into(),
    }
}

impl Database {
    /// The log.
    pub fn log(&self) -> Log {
        Log::new(self.pool.clone())
    }

    /// Appends a group; answers the head after it.
    pub async fn append(&self, events: Vec<NewEvent>) -> Head {
        let head = self.log().head().await.unwrap();
        let sealed =
            Sealed::new(Group { events, keys: Vec::new() }.into(), head, Utc::now(), DateTime::UNIX_EPOCH);
        let mut connection = self.pool.acquire().await.unwrap();
        assert_eq!(append(&mut connection, &sealed).await.unwrap(), Appended::Here);
        sealed.head()
    }

    /// Brings a read model up to date.
    pub async fn replay(&self, name: &str) {
        let home = Home::under(&std::env::temp_dir());
        projections::replay::replay(name, &self.owner, &home, &self.log(), |_| {}).await.unwrap();
    }

    fn router(&self) -> Router {
        let router = query_api::audit::router(self.log(), self.pool.clone());
        middleware::apply(router.into(), Verifier::new(Keys), middleware::HttpConfig::default())
    }

    /// Asks as somebody with this role, or as nobody.
    pub async fn ask(&self, role: Option<Role>, path: &str, accept: &str) -> Answer {
        let mut request = Request::get(path).header(header::ACCEPT, accept);
        if let Some(role) = role {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token(role)));
        }
        let response = self.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// What an auditor is answered.
    pub async fn audit(&self, path: &str) -> Answer {
        self.ask(Some(Role::Auditor), path, "application/json").await
    }

    /// The data of a success.
    pub async fn data(&self, path: &str) -> Value {
        let answer = self.audit(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()["data"].clone()
    }

    /// The status and the code of a refusal.
    pub async fn refusal(&self, path: &str) -> (u16, String) {
        let answer = self.audit(path).await;
        (answer.status.as_u16(), answer.json()["errors"][0]["code"].as_str().unwrap().to_owned())
    }
}

impl Answer {
    /// Its body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

struct Keys;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

#[async_trait]
impl KeySource for Keys {
    async fn public_keys(&self) -> Result<Vec<PublicKey>, BoxError> {
        Ok(vec![PublicKey { kid: "test".into(), key: key().verifying_key().to_bytes() }])
    }
}

fn token(role: Role) -> String {
    let claims = Claims {
        sub: UserId(Uuid::from_u128(1)),
        roles: vec![role],
        shop: None,
        sid: None,
        exp: 4_000_000_000,
        iat: 0,
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        jti: Uuid::from_u128(2),
    };
    let header = Header { kid: Some("test".into()), ..Header::new(Algorithm::EdDSA) };
    let der = key().to_pkcs8_der().unwrap();
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(der.as_bytes())).unwrap()
}
