//! Daybook's routers on a free port.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api_contract::Verifier;
use api_contract::middleware::HttpConfig;
use axum::Router;
use command_api::auth::{Auth, KeyConfig, TokenConfig};
use command_api::config::{PaymentConfig, ShopConfig, StripeConfig};
use command_api::environment::Environment;
use command_api::messages::MessageConfig;
use command_api::{CommandApi, Setup};
use event_store::{Log, LogWatch};
use identity::signing_keys::SigningKeys;
use projections::LogSource;
use projections::product_search::{self, Home};
use query_api::QueryApi;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use utoipa_axum::router::OpenApiRouter;

use super::Database;

/// A running Daybook with a database of its own.
pub struct App {
    commands: Mutex<Option<CommandApi>>,
    /// For what tests do without HTTP.
    pub auth: Auth,
    /// Knows the public keys by the table, as every process does.
    pub verifier: Verifier,
    url: String,
    client: reqwest::Client,
    home: Arc<TempDir>,
    _projectors: Option<projections::Projectors>,
    /// Its database; dropped last.
    pub database: Arc<Database>,
}

/// How a process is set up.
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether payments are taken to their gateways, and reservations expire, in this process.
    pub process_managers: bool,
    /// How long an unpaid order holds its stock.
    pub reservation_ttl: Duration,
    /// How long a request waits for its gateway.
    pub answer_within: Duration,
    /// How many payments are taken to their gateways at the same time.
    pub at_once: usize,
    /// Whether the simulator may be named.
    pub simulator: bool,
    /// Whether it answers queries too.
    pub queries: bool,
    /// `DAYBOOK_TAX_RATES`.
    pub tax_rates: &'static str,
    /// Whether the simulator's webhooks reach it.
    pub webhooks: bool,
    /// Where its Stripe is, if it has one.
    pub stripe_url: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        let (reservation_ttl, answer_within) = (Duration::from_secs(1_800), Duration::from_secs(10));
        let tax_rates = r#"{"default":"0.05"}"#;
        Self {
            process_managers: true,
            reservation_ttl,
            answer_within,
            at_once: 64,
            simulator: true,
            queries: false,
            tax_rates,
            webhooks: true,
            stripe_url: None,
        }
    }
}

/// The read side, as a process starts it.
struct Queries;

impl Queries {
    fn start(
        pool: &PgPool,
        watch: LogWatch,
        home: &Path,
        rules: ShopConfig,
    ) -> (OpenApiRouter, projections::Projectors) {
        let source = Arc::new(LogSource::new(Log::followed(pool.clone(), &watch), watch.clone())) as _;
        let projectors = projections::start(pool, &source);
        let positions = projectors.positions().clone();
        let search = product_search::start(Home::under(home), pool, &source, &positions);
        let ShopConfig { tax_rates, currency, .. } = rules;
        // More than by default: that other tests keep the machine busy is not what is tested.
        let read_wait = Duration::from_secs(10);
        let queries =
            QueryApi { pool: pool.clone(), watch, positions, search, tax_rates, currency, read_wait };
        (queries.router(), projectors)
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    /// As it came: money is compared here, and not in [`Self::json`].
    pub text: String,
}

impl Answer {
    /// Sends a request.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The code of the first error.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl App {
    /// Starts it with a fresh database.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// As [`Self::start`], set up otherwise.
    pub async fn start_with(options: Options) -> Self {
        let database = Arc::new(Database::new().await);
        Self::on(database, Arc::new(tempfile::tempdir().unwrap()), options, None).await
    }

    /// Another process on the same database.
    pub async fn beside(&self, options: Options) -> Self {
        Self::on(Arc::clone(&self.database), Arc::clone(&self.home), options, Some(self.url.clone())).await
    }

    /// `gateway` is where clients and webhooks find all processes of it; without one this process is the only one.
    async fn on(
        database: Arc<Database>,
        home: Arc<TempDir>,
        options: Options,
        gateway: Option<String>,
    ) -> Self {
        let keys = KeyConfig { key: None, folder: home.path().join("keys") };
        let hour = Duration::from_secs(3_600);
        let lifetimes = TokenConfig { access_ttl: hour, refresh_ttl: 24 * hour };
        let auth = Auth::start(database.pool.clone(), &keys, lifetimes).await.unwrap();
        let verifier = Verifier::new(SigningKeys(database.pool.clone()));
        let Options { process_managers, reservation_ttl, answer_within, at_once, simulator, .. } = options;
        let (queries, tax_rates) = (options.queries, options.tax_rates);
        let environment =
            Environment::from_fn(move |name| (name == "DAYBOOK_TAX_RATES").then(|| tax_rates.to_owned()));
        let rules = ShopConfig { reservation_ttl, ..ShopConfig::from(&environment).unwrap() };
        let watch = LogWatch::start(database.pool.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stripe = options.stripe_url.map(|url| StripeConfig {
            url: url.to_owned(),
            key: "sk_test_daybook".to_owned(),
            webhook_secret: Some("whsec_daybook".to_owned()),
            events_every: hour,
        });
        let public_url = if options.webhooks {
            gateway.unwrap_or_else(|| url.clone())
        } else {
            "http://127.0.0.1:1".to_owned()
        };
        let commands = CommandApi::start(Setup {
            pool: database.pool.clone(),
            appending: (*database.pool.connect_options()).clone(),
            watch: watch.clone(),
            auth: auth.clone(),
            shop: rules.clone(),
            payments: PaymentConfig { answer_within, at_once, simulator, public_url, stripe },
            messages: MessageConfig::default(),
            decider: event_store::decider::Config::default(),
            process_managers,
        })
        .await
        .unwrap();

        let (api, beside) = commands.routers();
        let queries = queries.then(|| Queries::start(&database.pool, watch, home.path(), rules));
        let (queries, projectors) = queries.unzip();
        let api = Router::from(api.merge(queries.unwrap_or_default()));
        let router = Router::new().nest("/api/v1", api.clone()).nest("/api", api).merge(Router::from(beside));
        let router = api_contract::middleware::apply(router, verifier.clone(), HttpConfig::default());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            database,
            auth,
            verifier,
            url,
            client: reqwest::Client::new(),
            home,
            _projectors: projectors,
            commands: Mutex::new(Some(commands)),
        }
    }

    /// Ends the role as a signal would: what was accepted is answered.
    pub async fn stop(&self) {
        if let Some(commands) = self.commands.lock().await.take() {
            commands.stop().await;
        }
    }

    /// The decider, for what a test does as a process manager would.
    pub async fn decider(&self) -> event_store::Decider {
        self.commands.lock().await.as_ref().map(|commands| commands.decider().clone()).unwrap()
    }

    /// Where the signing key is.
    pub fn key_folder(&self) -> PathBuf {
        self.home.path().join("keys")
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A person's browser: sends a form of a page, and shows where it leads without going there.
    pub async fn submit(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Answer::of(browser.post(url).form(form)).await
    }

    /// A page, or whatever is at this address.
    pub async fn open(&self, url: &str) -> Answer {
        Answer::of(self.client.get(url)).await
    }

    /// A request to be sent.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a body as it is.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json").body(body);
        Answer::of(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }
}
