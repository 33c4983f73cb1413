//! Somebody with a token.

use api_contract::Role;
use command_api::auth::Auth;
use domain::ids::{SellerId, UserId};
use event_store::LogWatch;
use identity::users::{Account, NewUser};
use identity::{shops, users};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Answer, App, HANGS, until};

/// Somebody with a token.
pub struct Person<'a> {
    app: &'a App,
    pub id: UserId,
    pub shop: Option<SellerId>,
    pub account: Account,
    pub token: String,
}

/// A product that was made for a test.
#[derive(Clone, Debug)]
pub struct Product {
    pub id: String,
}

/// Makes somebody who never logs in by password, so that no hash has to be computed: who it is, and the token.
pub async fn newcomer(auth: &Auth, pool: &PgPool, role: Role) -> (UserId, Account, String) {
    let email = format!("{}@example.com", Uuid::now_v7().simple());
    let (username, phone) = (None, None);
    let (password_hash, first_name, last_name) = ("none".into(), "Jane".into(), "Roe".into());
    let new = NewUser {
        email: email.clone(),
        username,
        password_hash,
        first_name,
        last_name,
        phone,
        roles: vec![role],
    };
    let id = users::insert(pool, &new).await.unwrap();
    if role == Role::Seller {
        shops::open_verified(pool, id, "Roe").await.unwrap();
    }
    let account = users::find(pool, &email).await.unwrap().unwrap();
    let session = auth.tokens.start_session(pool, &account).await.unwrap();
    (id, account, session.access_token)
}

impl App {
    /// Somebody who uses it.
    pub async fn person(&self, role: Role) -> Person<'_> {
        let (id, account, token) = newcomer(&self.auth, &self.database.pool, role).await;
        Person { app: self, id, shop: account.shop, account, token }
    }

    /// Where the log ends.
    pub async fn head(&self) -> i64 {
        event_store::Log::new(self.database.pool.clone()).head().await.unwrap().position
    }

    /// The types of all events of one stream, in order.
    pub async fn events(&self, aggregate_type: &str, id: &str) -> Vec<String> {
        let log = event_store::Log::new(self.database.pool.clone());
        let events = log.read_stream(aggregate_type, id).await.unwrap();
        events.into_iter().map(|event| event.event_type).collect()
    }

    /// Waits until a payment has an event of this type.
    pub async fn event(&self, payment: &str, event_type: &str) {
        until(&format!("payment {payment} has its {event_type}"), async || {
            self.events("payments", payment).await.iter().any(|it| it == event_type)
        })
        .await;
    }

    /// Waits until a stream has an event of a type.
    pub async fn until(&self, aggregate_type: &str, id: &str, event_type: &str) {
        let watch = LogWatch::start(self.database.pool.clone());
        let seen = async {
            loop {
                let position = self.head().await;
                if self.events(aggregate_type, id).await.iter().any(|known| known == event_type) {
                    return;
                }
                watch.beyond(position).await;
            }
        };
        let seen = tokio::time::timeout(HANGS, seen).await;
        seen.unwrap_or_else(|_| panic!("no {event_type} of {aggregate_type} {id}"));
    }

    /// How many streams of a type there are.
    pub async fn streams(&self, aggregate_type: &str) -> i64 {
        sqlx::query_scalar("SELECT count(DISTINCT aggregate_id) FROM events WHERE aggregate_type = $1")
            .bind(aggregate_type)
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }
}

impl Person<'_> {
    /// Where they are.
    pub fn app(&self) -> &App {
        self.app
    }

    /// The same person at another process.
    pub fn at<'b>(&self, app: &'b App) -> Person<'b> {
        let (account, token) = (self.account.clone(), self.token.clone());
        Person { app, id: self.id, shop: self.shop, account, token }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.request(method, &format!("/api/v1{path}")).bearer_auth(&self.token)
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        Answer::of(
            self.request(method, path).header("content-type", "application/json").body(body.to_string()),
        )
        .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    /// With an `Idempotency-Key`.
    pub async fn post_once(&self, key: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        Answer::of(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// Makes a product with so many units.
    pub async fn product(&self, price: &str, stock: u64) -> Product {
        let name = format!("Thing {}", Uuid::now_v7().simple());
        let answer = self.post("/products", &json!({ "name": name, "price": price, "stock": stock })).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        Product { id: answer.json()["data"]["id"].as_str().unwrap().to_owned() }
    }

    /// Places an order for so many of each.
    pub async fn order(&self, items: &[(&Product, u64)]) -> Answer {
        self.post("/orders", &order_of(items)).await
    }

    /// Pays an order by a token.
    pub async fn pay(&self, order: &Value, token: &str) -> Answer {
        self.post("/payments/process", &payment_of(order, token)).await
    }
}

/// An address in a country whose tax is the default's.
pub fn address() -> Value {
    json!({ "street": "123 Main St", "city": "Karachi", "zipCode": "75500", "country": "PK" })
}

/// The body of an order for so many of each.
pub fn order_of(items: &[(&Product, u64)]) -> Value {
    let items: Vec<Value> = items.iter().map(|(p, n)| json!({ "productId": p.id, "quantity": n })).collect();
    json!({ "items": items, "shippingAddress": address() })
}

/// The body of a payment of an order that was answered.
pub fn payment_of(order: &Value, token: &str) -> Value {
    let (id, total) = (&order["data"]["id"], &order["data"]["total"]);
    json!({ "orderId": id, "amount": total, "currency": "USD", "paymentMethodId": token,
            "paymentGateway": "simulator", "returnUrl": "https://example.com/payment/success",
            "cancelUrl": "https://example.com/payment/cancel" })
}
