//! A shop that a process runs, in which something of every kind happens. All that people do in it has to succeed.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use api_contract::Role;
use command_api::auth::{Auth, KeyConfig, TokenConfig};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Database, Place, address, newcomer, payment_of};

/// Longer than any test.
const LIFETIME: Duration = Duration::from_secs(12 * 3_600);

const SELLERS: usize = 2;
const GOODS_OF_EACH: usize = 3;
const CUSTOMERS: usize = 4;
const STOCK: u64 = 10_000_000;

/// The shop, its goods and its people.
pub struct Market {
    http: reqwest::Client,
    url: String,
    pub admin: String,
    pub customers: Vec<String>,
    goods: Vec<Good>,
    category: String,
    /// The code of a tenth off: its own, for topics have those of other shops too.
    coupon: String,
    /// Somebody who buys nothing.
    stroller: String,
    /// Which goods which customers have reviewed.
    reviewed: Mutex<BTreeSet<(String, String)>>,
}

/// A product, and the token of who sells it.
struct Good {
    id: String,
    seller: String,
}

impl Market {
    /// So many different things happen, one after another.
    pub const KINDS: u64 = 8;

    /// Opens it where a process takes commands.
    pub async fn open(place: &Place, database: &Database) -> Self {
        let keys = KeyConfig { key: None, folder: place.home().join("keys") };
        let lifetimes = TokenConfig { access_ttl: LIFETIME, refresh_ttl: LIFETIME };
        let auth = Auth::start(database.pool.clone(), &keys, lifetimes).await.unwrap();
        let token = async |role| newcomer(&auth, &database.pool, role).await.2;
        let mut this = Self {
            http: reqwest::Client::new(),
            url: place.url("/api/v1"),
            admin: token(Role::Admin).await,
            customers: Vec::new(),
            goods: Vec::new(),
            category: String::new(),
            coupon: format!("TENTH-{}", &Uuid::new_v4().simple().to_string()[..8]).to_uppercase(),
            stroller: token(Role::Customer).await,
            reviewed: Mutex::default(),
        };
        for _ in 0..CUSTOMERS {
            this.customers.push(token(Role::Customer).await);
        }
        let category = this.post(&this.admin, "/categories", &json!({ "name": "Things" })).await;
        this.category = id(&category).to_owned();
        let tenth = json!({ "code": this.coupon, "discountType": "percentage", "discountValue": 10 });
        this.post(&this.admin, "/coupons", &tenth).await;
        for _ in 0..SELLERS {
            let seller = token(Role::Seller).await;
            for number in 0..GOODS_OF_EACH {
                let product = this.product(&seller, &format!("Thing {number}"), STOCK).await;
                this.goods.push(Good { id: product, seller: seller.clone() });
            }
        }
        this
    }

    /// The next thing that happens, of the kind whose turn it is. Each begins with an order: its id.
    pub async fn turn(&self, turn: u64) -> String {
        let buyer = &self.customers[nth(turn / Self::KINDS, CUSTOMERS)];
        let order = self.order(buyer, turn).await;
        let placed = id(&order).to_owned();
        let kind = turn % Self::KINDS;
        if kind > 0 {
            self.pay(buyer, &order).await;
        }
        match kind {
            // Of the first nothing was paid, of the second the money goes back.
            0 | 1 => {
                let why = json!({ "reason": "Changed my mind" });
                self.post(buyer, &format!("/orders/{placed}/cancel"), &why).await;
            }
            2 => self.refund_a_part(&order).await,
            3 => {
                self.ship(&placed).await;
                self.review(buyer, &order, turn).await;
            }
            4 => self.revise(turn).await,
            5 => self.rename_the_category(turn).await,
            6 => self.withdraw_a_product(turn).await,
            _ => {}
        }
        placed
    }

    /// One of each kind, so that no read model is without rows; the orders.
    pub async fn one_of_each(&self) -> Vec<String> {
        let mut placed = Vec::new();
        for turn in 0..Self::KINDS {
            placed.push(self.turn(turn).await);
        }
        placed
    }

    /// An order of two sellers' goods; one of three is made with the coupon.
    pub async fn order(&self, buyer: &str, turn: u64) -> Value {
        let good = |number: u64| &self.goods[nth(turn / 2 + number, self.goods.len())].id;
        let others = u64::try_from(GOODS_OF_EACH).unwrap();
        let mut order = json!({
            "items": [{ "productId": good(0), "quantity": 1 }, { "productId": good(others), "quantity": 2 }],
            "shippingAddress": address(),
        });
        if turn.is_multiple_of(3) {
            order["couponCode"] = json!(self.coupon);
        }
        self.post(buyer, "/orders", &order).await
    }

    /// Pays an order, all of it.
    pub async fn pay(&self, buyer: &str, order: &Value) {
        let paid = self.post(buyer, "/payments/process", &payment_of(order, "tok_visa")).await;
        assert_eq!(paid["data"]["status"], "succeeded", "{paid}");
    }

    async fn refund_a_part(&self, order: &Value) {
        let payment = order["data"]["payment"]["id"].as_str().unwrap();
        let path = format!("/payments/{payment}/refund");
        let refund = self.post(&self.admin, &path, &json!({ "amount": 1 })).await;
        assert_eq!(refund["data"]["status"], "succeeded", "{refund}");
    }

    async fn ship(&self, order: &str) {
        for step in ["processing", "shipped", "delivered"] {
            let step = json!({ "status": step, "trackingNumber": "T-1", "carrier": "FedEx" });
            self.send(&self.admin, Method::PUT, &format!("/orders/{order}/status"), &step).await;
        }
    }

    /// What has come is praised, or not, by each customer once.
    async fn review(&self, buyer: &str, order: &Value, turn: u64) {
        let product = order["data"]["items"][0]["productId"].as_str().unwrap();
        if self.reviewed.lock().unwrap().insert((product.to_owned(), buyer.to_owned())) {
            let review = json!({ "rating": turn % 5 + 1, "comment": "As it says", "orderId": id(order) });
            self.post(buyer, &format!("/products/{product}/reviews"), &review).await;
        }
    }

    /// Another name and another price for one of the goods.
    async fn revise(&self, turn: u64) {
        let Good { id, seller } = &self.goods[nth(turn / Self::KINDS, self.goods.len())];
        let word = ["lamp", "kettle", "silver lamp", "sofa", "kettle 17\""][nth(turn / Self::KINDS, 5)];
        let price = format!("{}.{:02}", 5 + turn % 10, turn % 100);
        let details =
            json!({ "name": format!("Thing {word} {turn}"), "price": price, "categoryId": self.category });
        self.send(seller, Method::PATCH, &format!("/products/{id}"), &details).await;
    }

    /// The id of one of the goods.
    pub fn good(&self, number: usize) -> &str {
        &self.goods[number].id
    }

    /// Gives one of the goods another name, by this process, whatever the answer is.
    pub async fn rename(&self, at: &Place, number: usize, name: &str) -> Answer {
        let Good { id, seller } = &self.goods[number];
        let request = self.http.patch(at.url(&format!("/api/v1/products/{id}")));
        Answer::of(request.bearer_auth(seller).json(&json!({ "name": name }))).await
    }

    async fn rename_the_category(&self, turn: u64) {
        let path = format!("/categories/{}", self.category);
        self.send(&self.admin, Method::PATCH, &path, &json!({ "name": format!("Things {turn}") })).await;
    }

    /// A product that is sold for a moment only.
    async fn withdraw_a_product(&self, turn: u64) {
        let seller = &self.goods[nth(turn, self.goods.len())].seller;
        let product = self.product(seller, &format!("Thing for a moment {turn}"), 1).await;
        self.send(seller, Method::DELETE, &format!("/products/{product}"), &json!({})).await;
    }

    async fn product(&self, seller: &str, name: &str, stock: u64) -> String {
        let product = json!({ "name": name, "price": "9.99", "stock": stock, "brand": "Halden" });
        id(&self.post(seller, "/products", &product).await).to_owned()
    }

    /// Something happens that no read model has: an event more in the log.
    pub async fn stroll(&self) {
        let item = json!({ "productId": self.goods[0].id, "quantity": 1 });
        self.post(&self.stroller, "/cart/items", &item).await;
        self.send(&self.stroller, Method::DELETE, "/cart", &json!({})).await;
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Value {
        self.send(token, Method::POST, path, body).await
    }

    async fn send(&self, token: &str, method: Method, path: &str, body: &Value) -> Value {
        let request = self.http.request(method.clone(), format!("{}{path}", self.url));
        let answer = Answer::of(request.bearer_auth(token).json(body)).await;
        assert!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.text);
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }
}

/// The id of what was made.
fn id(made: &Value) -> &str {
    made["data"]["id"].as_str().unwrap_or_else(|| panic!("{made}"))
}

/// Which of so many it is, one after another and around.
fn nth(turn: u64, of: usize) -> usize {
    usize::try_from(turn).unwrap() % of
}
