//! kill -9 under load: nothing that was acknowledged is lost, nothing is sold twice, and everything that is derived from
//! the log is what the log says.
//!
//! The short form kills three times. `tests/crash.sh` runs the long one: `DAYBOOK_CRASH_KILLS=20`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Decide;
use domain::inventory::{Inventory, InventoryEvent};
use event_store::Log;
use rand::Rng;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::harness::{
    Database, Market, Place, Process, brokers, equal_a_fresh_replay, everything_is_in_kafka,
};

const CLIENTS: usize = 64;
const PRODUCTS: usize = 5;
const UNITS: u64 = 400;

/// What a key was answered with: an order, or that the goods are gone.
type Answers = Arc<Mutex<HashMap<String, BTreeSet<String>>>>;

fn kills() -> usize {
    std::env::var("DAYBOOK_CRASH_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(3)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_the_one_process_loses_nothing() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Arc::new(Place::new("up", &database, home.path()));
    let process = place.start().await;
    under_fire(&database, &place, vec![(Arc::clone(&place), process)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_two_command_processes_lose_nothing() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    // One runs everything, so that what is derived is derived; the other one only takes commands.
    let places = ["up", "command-api"].map(|role| Arc::new(Place::new(role, &database, home.path())));
    let mut running = Vec::new();
    for place in &places {
        running.push((Arc::clone(place), place.start().await));
    }
    under_fire(&database, &places[0], running).await;
}

/// Buys at all places while they are killed in turn, and then compares everything with the log.
async fn under_fire(database: &Database, main: &Place, mut running: Vec<(Arc<Place>, Process)>) {
    let http = reqwest::Client::new();
    let market = Market::open(main, database).await;
    let products = scarce_products(&http, main).await;
    let customer = login(&http, main, "customer").await;
    let (answers, done) = (Answers::default(), Arc::new(AtomicBool::new(false)));
    for order in market.one_of_each().await {
        answers.lock().await.insert(format!("of {order}"), BTreeSet::from([order]));
    }
    let places: Vec<_> = running.iter().map(|(place, _)| Arc::clone(place)).collect();
    let buyers: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let buyer = Buyer {
                http: http.clone(),
                places: places.clone(),
                token: customer.clone(),
                products: products.clone(),
                answers: Arc::clone(&answers),
                done: Arc::clone(&done),
            };
            tokio::spawn(buyer.buy())
        })
        .collect();
    for _ in 0..kills() {
        let moment = Duration::from_millis(rand::rng().random_range(50..700));
        tokio::time::sleep(moment).await; // the random moment itself, not waiting for anything
        let victim = rand::rng().random_range(0..running.len());
        let (place, process) = running.swap_remove(victim);
        process.kill().await;
        let process = place.start().await;
        running.push((place, process));
    }
    done.store(true, Ordering::Relaxed);
    for buyer in buyers {
        buyer.await.unwrap();
    }

    main.caught_up().await;
    let answers = answers.lock().await;
    assert!(answers.keys().any(|key| !key.starts_with("of ")), "nobody bought anything");
    let log = Log::new(database.pool.clone());
    check_orders(database, &answers).await;
    check_stock(&log, &products).await;
    everything_is_in_kafka(database, &brokers()).await;
    equal_a_fresh_replay(database, main, &market).await;
    let verified = main.output(&["audit", "verify"]).await;
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    for (_, process) in running {
        process.stop().await;
    }
}

struct Buyer {
    http: reqwest::Client,
    places: Vec<Arc<Place>>,
    token: String,
    products: Vec<String>,
    answers: Answers,
    done: Arc<AtomicBool>,
}

impl Buyer {
    /// Orders until it is over. An order whose answer was lost is sent again, with its key, to any place.
    async fn buy(self) {
        while !self.done.load(Ordering::Relaxed) {
            let key = Uuid::now_v7().to_string();
            let product = &self.products[rand::rng().random_range(0..PRODUCTS)];
            let body = json!({
                "items": [{"productId": product, "quantity": rand::rng().random_range(1..=2)}],
                "shippingAddress": {"street": "1 Main St", "city": "Springfield", "country": "US"},
            });
            let answer = self.ordered(&key, &body).await;
            self.answers.lock().await.entry(key.clone()).or_default().insert(answer);
            if rand::rng().random_bool(0.2) {
                // A client that never got the answer would do this.
                let again = self.ordered(&key, &body).await;
                self.answers.lock().await.entry(key).or_default().insert(again);
            }
        }
    }

    async fn ordered(&self, key: &str, body: &Value) -> String {
        loop {
            let place = &self.places[rand::rng().random_range(0..self.places.len())];
            let request = self.http.post(place.url("/api/v1/orders")).bearer_auth(&self.token);
            let Ok(answer) = request.header("Idempotency-Key", key).json(body).send().await else {
                tokio::time::sleep(Duration::from_millis(20)).await; // its process is being started again
                continue;
            };
            let status = answer.status().as_u16();
            let Ok(body) = answer.json::<Value>().await else { continue };
            match status {
                201 => return body["data"]["id"].as_str().unwrap().to_owned(),
                409 => return "sold out".to_owned(),
                // In flight under the same key, or shutting down: ask again.
                503 => tokio::time::sleep(Duration::from_millis(20)).await,
                _ => panic!("{status}: {body}"),
            }
        }
    }
}

async fn login(http: &reqwest::Client, place: &Place, who: &str) -> String {
    let shop = std::fs::read(place.home().join("sample-shop.json")).unwrap();
    let shop: Value = serde_json::from_slice(&shop).unwrap();
    let answer = http.post(place.url("/api/v1/auth/login")).json(&shop[who]).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["data"]["accessToken"].as_str().unwrap().to_owned()
}

async fn scarce_products(http: &reqwest::Client, place: &Place) -> Vec<String> {
    let seller = login(http, place, "seller").await;
    let mut products = Vec::new();
    for number in 0..PRODUCTS {
        let product = json!({"name": format!("Scarce {number}"), "price": "9.99", "stock": UNITS});
        let request = http.post(place.url("/api/v1/products")).bearer_auth(&seller).json(&product);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        products.push(answer["data"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned());
    }
    products
}

/// Every acknowledged order is in the log, and no key was answered with two.
async fn check_orders(database: &Database, answers: &HashMap<String, BTreeSet<String>>) {
    let placed: Vec<String> =
        sqlx::query_scalar("SELECT aggregate_id FROM events WHERE event_type = 'OrderPlaced'")
            .fetch_all(&database.pool)
            .await
            .unwrap();
    let placed: BTreeSet<_> = placed.iter().map(String::as_str).collect();
    let mut acknowledged = BTreeSet::new();
    for (key, answers) in answers {
        let orders: Vec<_> = answers.iter().filter(|answer| *answer != "sold out").collect();
        assert!(orders.len() <= 1, "key {key} was answered with {orders:?}");
        for order in orders {
            assert!(placed.contains(order.as_str()), "order {order} was acknowledged and is not in the log");
            acknowledged.insert(order.as_str());
        }
    }
    // Each buyer asked until he was answered, so nothing is in the log that nobody was told of.
    assert_eq!(acknowledged, placed);
}

/// At no event was more reserved than there was.
async fn check_stock(log: &Log, products: &[String]) {
    for product in products {
        let mut inventory = Inventory::default();
        let mut reserved = 0;
        for (row, event) in log.events_of::<Inventory>(product, None).await.unwrap() {
            inventory.evolve(&event);
            if let InventoryEvent::StockReserved { quantity, .. } = event {
                reserved += quantity;
            }
            assert!(inventory.reserved <= inventory.on_hand, "oversold at position {}", row.position);
        }
        assert!(reserved <= UNITS, "{reserved} units of {UNITS} were sold");
    }
}
