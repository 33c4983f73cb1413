//! Projectors that are killed under load, from both sources, and a broker that is: the read models are what a fresh
//! replay makes of the log, row for row, after each time.
//!
//! The short form kills one process for each source and the broker once. `tests/projectors.sh` runs the long one:
//! `DAYBOOK_PROJECTOR_KILLS=20`, with the broker started anew twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use projections::fingerprint::fingerprint;
use projections::registry::READ_MODELS;
use rand::Rng;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use crate::harness::{Broker, Database, Place, Process, payment_of, until};

const CLIENTS: usize = 6;

fn kills() -> usize {
    std::env::var("DAYBOOK_PROJECTOR_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(2)
}

/// The process that takes orders and relays them, and two that feed the read models.
struct World {
    database: Database,
    shop: Place,
    projectors: [Place; 2],
    running: Vec<Process>,
    load: Load,
    _folders: Vec<tempfile::TempDir>,
}

/// Customers who buy, one after the other, while the gate is open.
struct Load {
    gate: Arc<RwLock<()>>,
    bought: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl World {
    async fn new(source: &str, broker: &str) -> Self {
        let database = Database::new().await;
        let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
        let shop = Place::new("up", &database, folders[0].path())
            .with("DAYBOOK_PROJECTOR_SOURCE", "off")
            .with("KAFKA_BROKERS", broker);
        let projectors = [1, 2].map(|number| {
            let place = Place::new("projector", &database, folders[number].path());
            let listen =
                place.environment().into_iter().find(|(name, _)| *name == "DAYBOOK_LISTEN").unwrap().1;
            place
                .with("DAYBOOK_METRICS_LISTEN", &listen)
                .with("DAYBOOK_PROJECTOR_SOURCE", source)
                .with("KAFKA_BROKERS", broker)
        });
        let mut running = vec![shop.start().await];
        for place in &projectors {
            running.push(place.start().await);
        }
        let load = Load::start(&shop).await;
        Self { database, shop, projectors, running, load, _folders: folders }
    }

    /// Kills one of the two with SIGKILL at some moment, and starts it again.
    async fn kill_one(&mut self) {
        let moment = Duration::from_millis(rand::rng().random_range(50..700));
        tokio::time::sleep(moment).await; // the random moment itself, not waiting for anything
        let victim = rand::rng().random_range(0..2);
        self.running.remove(1 + victim).kill().await;
        self.load.goes_on().await;
        self.running.insert(1 + victim, self.projectors[victim].start().await);
    }

    /// While nobody buys: every read model beside a fresh replay.
    async fn check(&self) {
        let _closed = self.load.gate.write().await;
        self.shop.caught_up().await;
        for model in READ_MODELS {
            let live = fingerprint(&self.database.pool, model, None).await.unwrap();
            let replayed = self.shop.output(&["replay", model.name()]).await;
            assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
            let fresh = fingerprint(&self.database.pool, model, None).await.unwrap();
            assert_eq!(live, fresh, "{}", model.name());
        }
        let parked = self.shop.output(&["parked", "--json"]).await;
        assert_eq!(String::from_utf8_lossy(&parked.stdout).trim(), "[]");
    }

    async fn end(self) {
        self.load.over.store(true, Ordering::Relaxed);
        for process in self.running {
            process.stop().await;
        }
    }
}

impl Load {
    async fn start(shop: &Place) -> Self {
        let this = Self { gate: Arc::default(), bought: Arc::default(), over: Arc::default() };
        let http = reqwest::Client::new();
        let seller = login(&http, shop, "seller").await;
        let product = json!({ "name": "Plenty", "price": "9.99", "stock": 1_000_000 });
        let request = http.post(shop.url("/api/v1/products")).bearer_auth(&seller).json(&product);
        let product: Value = request.send().await.unwrap().json().await.unwrap();
        let product = product["data"]["id"].as_str().unwrap().to_owned();
        let customer = login(&http, shop, "customer").await;
        for _ in 0..CLIENTS {
            let buyer = Buyer {
                http: http.clone(),
                url: shop.url("/api/v1"),
                token: customer.clone(),
                product: product.clone(),
                gate: Arc::clone(&this.gate),
                bought: Arc::clone(&this.bought),
                over: Arc::clone(&this.over),
            };
            tokio::spawn(buyer.buy());
        }
        this.goes_on().await;
        this
    }

    /// Waits until something is bought.
    async fn goes_on(&self) {
        let before = self.bought.load(Ordering::Relaxed);
        until("something is bought", async || self.bought.load(Ordering::Relaxed) >= before + 10).await;
    }
}

struct Buyer {
    http: reqwest::Client,
    url: String,
    token: String,
    product: String,
    gate: Arc<RwLock<()>>,
    bought: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Buyer {
    /// Orders, and pays for two of three.
    async fn buy(self) {
        while !self.over.load(Ordering::Relaxed) {
            let _open = self.gate.read().await;
            let order = self
                .post(
                    "/orders",
                    &json!({
                        "items": [{ "productId": self.product, "quantity": 1 }],
                        "shippingAddress": { "street": "1 Main St", "city": "Springfield", "country": "US" },
                    }),
                )
                .await;
            let Some(order) = order else { continue };
            if rand::rng().random_ratio(2, 3) {
                self.post("/payments/process", &payment_of(&order, "tok_visa")).await;
            }
            self.bought.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Option<Value> {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token).json(body);
        let answer = request.send().await.ok()?;
        if answer.status().is_success() { answer.json().await.ok() } else { None }
    }
}

async fn login(http: &reqwest::Client, place: &Place, who: &str) -> String {
    let shop = std::fs::read(place.home().join("sample-shop.json")).unwrap();
    let shop: Value = serde_json::from_slice(&shop).unwrap();
    let answer = http.post(place.url("/api/v1/auth/login")).json(&shop[who]).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["data"]["accessToken"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_projectors_from_the_log_lose_and_double_nothing() {
    let brokers = std::env::var("KAFKA_BROKERS").expect("KAFKA_BROKERS is not set: run ./dev test");
    let mut world = World::new("log", &brokers).await;
    for _ in 0..kills() {
        world.kill_one().await;
        world.check().await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_projectors_from_kafka_and_the_broker_lose_and_double_nothing() {
    let mut broker = Broker::new().expect("Kafka's jars: run ./dev test");
    broker.start();
    let mut world = World::new("kafka", &broker.address).await;
    let broker_restarts = if kills() > 2 { 2 } else { 1 };
    for kill in 0..kills() {
        if kill % (kills() / broker_restarts) == 0 {
            broker.kill();
            world.load.goes_on().await;
            broker.start();
        }
        world.kill_one().await;
        world.check().await;
    }
    world.end().await;
}
