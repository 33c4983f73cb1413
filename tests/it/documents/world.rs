//! A running Daybook, and what there has to be in it before a printed request makes sense.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::harness::{Answer, Database, Place, Process};
use crate::payments::stripe::server::{KEY, Stripe};

/// The taxes of the worked examples: 5 % in document 003, 8 % in 004.
const TAX_RATES: &str = r#"{"default":"0.05","US-NY":"0.08"}"#;
/// What customers log in with.
pub const PASSWORD: &str = "OldPass123!";

/// What is missing before a request can be sent.
pub type Missing = String;

/// A shop with an administrator, a seller, a category, two products and a coupon.
pub struct World {
    pub place: Place,
    process: Process,
    client: reqwest::Client,
    pub admin: String,
    pub seller: String,
    pub seller_id: String,
    pub category: String,
    /// The first and the second product that the documents print.
    pub products: [String; 2],
    /// How many of them a cart has.
    pub lines: usize,
    /// The first product's price.
    price: &'static str,
    _home: TempDir,
    database: Arc<Database>,
}

/// Somebody who has registered.
pub struct Customer {
    pub token: String,
    pub refresh_token: String,
}

impl World {
    /// A new shop as the document has it: 003 has two of one product in the cart, 004 another product too, and its
    /// payments are Stripe's.
    pub async fn open(document: &str) -> Self {
        let (price, lines) = if document == "003" { ("99.99", 1) } else { ("299.99", 2) };
        let (database, home) = (Arc::new(Database::new().await), tempfile::tempdir().unwrap());
        let mut place = Place::new("up", &database, home.path()).with("DAYBOOK_TAX_RATES", TAX_RATES);
        if document == "004" {
            let (_, stripe) = Stripe::start().await;
            place = place.with("DAYBOOK_STRIPE_URL", &stripe).with("DAYBOOK_STRIPE_KEY", KEY);
        }
        let process = place.start().await;
        let shop = std::fs::read(home.path().join("sample-shop.json")).unwrap();
        let shop: Value = serde_json::from_slice(&shop).unwrap();
        let mut world = Self {
            place,
            process,
            client: reqwest::Client::new(),
            admin: String::new(),
            seller: String::new(),
            seller_id: String::new(),
            category: Uuid::now_v7().to_string(),
            products: [String::new(), String::new()],
            lines,
            price,
            _home: home,
            database,
        };
        world.admin = world.login(&shop["admin"]).await;
        world.seller = world.login(&shop["seller"]).await;
        world.stock().await;
        world
    }

    /// Ends it.
    pub async fn close(self) {
        self.process.stop().await;
        drop(self.database);
    }

    /// Sends a request, below the API's base or to a whole path.
    pub async fn send(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Answer {
        Answer::of(self.request(method, path, token, body)).await
    }

    /// A request to be sent.
    pub fn request(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> reqwest::RequestBuilder {
        let path = if path.starts_with("/api") { path.to_owned() } else { format!("/api/v1{path}") };
        let mut request = self.client.request(method, self.place.url(&path));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request
    }

    /// As [`Self::send`], for what has to succeed first.
    pub async fn must(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<Value, Missing> {
        let body = Some(body).filter(|_| method != Method::GET);
        let answer = self.send(method.clone(), path, token, body).await;
        if !answer.status.is_success() {
            return Err(format!("{method} {path} before it: {} {}", answer.status, answer.code()));
        }
        Ok(if answer.text.is_empty() { Value::Null } else { answer.json()["data"].clone() })
    }

    /// Waits until lists show everything that has happened.
    pub async fn seen(&self, path: &str, token: &str) {
        let position: i64 = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events")
            .fetch_one(&self.database.pool)
            .await
            .unwrap();
        let request = self.request(Method::GET, path, token, None).header("prefer", "wait=30");
        let answer = Answer::of(request.header("x-min-position", position)).await;
        assert!(answer.status.is_success(), "GET {path}: {}", answer.text);
    }

    /// Somebody new.
    pub async fn customer(&self) -> Result<Customer, Missing> {
        self.register(&format!("{}@example.org", Uuid::now_v7().simple()), PASSWORD).await
    }

    /// Registers somebody, or logs them in where they are known.
    pub async fn register(&self, email: &str, password: &str) -> Result<Customer, Missing> {
        let body = json!({ "email": email, "password": password, "firstName": "John", "lastName": "Doe" });
        let answer = self.send(Method::POST, "/auth/register", "", Some(&body)).await;
        let data = if answer.status == 409 {
            let body = json!({ "email": email, "password": password });
            self.must(Method::POST, "/auth/login", "", &body).await?
        } else {
            answer.json()["data"].clone()
        };
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        Ok(Customer { token: text("accessToken"), refresh_token: text("refreshToken") })
    }

    async fn login(&self, credentials: &Value) -> String {
        let data = self.must(Method::POST, "/auth/login", "", credentials).await.unwrap();
        data["accessToken"].as_str().unwrap().to_owned()
    }

    /// The category, the products and the coupon that the documents speak of.
    async fn stock(&mut self) {
        let electronics = json!({
            "name": "Electronics", "slug": "electronics", "description": "Electronic devices and accessories",
            "image": "https://cdn.example.com/categories/electronics.jpg",
        });
        if let Ok(category) = self.must(Method::POST, "/categories", &self.admin, &electronics).await {
            self.category = id(&category);
            let audio = json!({ "name": "Audio", "slug": "electronics-audio", "parentId": self.category });
            let _ = self.must(Method::POST, "/categories", &self.admin, &audio).await;
        }
        let coupon = json!({ "code": "SAVE20", "discountType": "percentage", "discountValue": 20 });
        let _ = self.must(Method::POST, "/coupons", &self.admin, &coupon).await;
        let headphones = self.product("Wireless Headphones", self.price).await.unwrap();
        let watch = self.product("Smart Watch", "399.99").await.unwrap();
        let seller = headphones["sellerId"].as_str().or(headphones["seller"]["id"].as_str());
        seller.unwrap_or_default().clone_into(&mut self.seller_id);
        self.products = [id(&headphones), id(&watch)];
    }

    /// A product of the seller's, with everything that the documents print of one.
    pub async fn product(&self, name: &str, price: &str) -> Result<Value, Missing> {
        let mut body = json!({
            "name": name,
            "description": "High-quality, for the long term",
            "longDescription": "Detailed product description",
            "price": price,
            "compareAtPrice": "499.99",
            "sku": format!("SKU-{}", Uuid::now_v7().simple()),
            "images": [{ "url": "https://cdn.example.com/1.jpg", "alt": "Front", "isPrimary": true }],
            "stock": 150,
            "tags": ["wireless"],
            "attributes": [{ "name": "Color", "value": "Black" }],
            "specifications": { "brand": "AudioTech", "model": "AT-1", "weight": "250g", "warranty": "2 years" },
            "brand": "AudioTech",
            "isFeatured": true,
            "categoryId": self.category,
        });
        if let Ok(product) = self.must(Method::POST, "/products", &self.seller, &body).await {
            return Ok(product);
        }
        body.as_object_mut().unwrap().remove("categoryId");
        self.must(Method::POST, "/products", &self.seller, &body).await
    }
}

/// The id of what was answered.
pub fn id(data: &Value) -> String {
    data["id"].as_str().unwrap_or_default().to_owned()
}
