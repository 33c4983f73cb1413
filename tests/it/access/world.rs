//! The people and their things.

use std::collections::BTreeMap;

use api_contract::Role;
use command_api::auth::{KeyConfig, TokenConfig};
use command_api::keys::KeyPair;
use command_api::tokens::Tokens;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

use crate::harness::{Answer, App, Place, address};

/// The callers, and a shop that they meet in.
pub struct World<'a> {
    place: &'a Place,
    http: reqwest::Client,
    tokens: BTreeMap<&'static str, String>,
    /// The seller's shop.
    pub shop: String,
}

impl<'a> World<'a> {
    pub async fn make(app: &'a App, place: &'a Place) -> Self {
        let mut tokens = BTreeMap::new();
        let mut shop = String::new();
        for (caller, role) in [
            ("other", Role::Customer),
            ("owner", Role::Customer),
            ("rival", Role::Seller),
            ("seller", Role::Seller),
            ("admin", Role::Admin),
            ("auditor", Role::Auditor),
            ("service", Role::Service),
        ] {
            let person = app.person(role).await;
            if caller == "seller" {
                shop = person.shop.unwrap().to_string();
            }
            if caller == "owner" {
                let keys = KeyConfig { key: None, folder: app.key_folder() };
                let over = TokenConfig { access_ttl: Duration::ZERO, refresh_ttl: Duration::from_secs(60) };
                let tokens_of_the_past = Tokens::new(KeyPair::load(&keys).unwrap(), over);
                let expired =
                    tokens_of_the_past.start_session(&app.database.pool, &person.account).await.unwrap();
                tokens.insert("expired", expired.access_token);
            }
            tokens.insert(caller, person.token);
        }
        // Whoever guesses at a password guesses at a real one.
        let hash = app.auth.passwords.hash("Sunny-Meadow-41".to_owned()).await.unwrap();
        sqlx::query("UPDATE users SET password_hash = $1 WHERE password_hash = 'none'")
            .bind(hash)
            .execute(&app.database.pool)
            .await
            .unwrap();
        let world = Self { place, http: reqwest::Client::new(), tokens, shop };
        world.until_expired().await;
        world
    }

    /// A token that was issued for no time at all is good for the rest of its second.
    async fn until_expired(&self) {
        while Answer::of(self.request("expired", Method::GET, "/api/v1/auth/me")).await.status != 401 {
            // Asking again is how one observes it.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A request of a caller, under the API's path.
    pub fn request(&self, caller: &str, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.place.url(path));
        match self.tokens.get(caller) {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Something is done that has to succeed.
    pub async fn done(&self, caller: &str, method: Method, path: &str, body: &Value) -> Value {
        let request = self.request(caller, method.clone(), &format!("/api/v1{path}")).json(body);
        let answer = Answer::of(request).await;
        assert!(answer.status.is_success(), "{caller} {method} {path}: {} {}", answer.status, answer.text);
        answer.json()["data"].clone()
    }

    async fn posted(&self, caller: &str, path: &str, body: &Value) -> Value {
        self.done(caller, Method::POST, path, body).await
    }

    /// A product of the seller's.
    pub async fn product(&self) -> String {
        let body =
            json!({ "name": format!("Thing {}", Uuid::now_v7().simple()), "price": "10.00", "stock": 100 });
        id(&self.posted("seller", "/products", &body).await)
    }

    /// An order of the owner's for it.
    pub async fn order(&self) -> Value {
        let items = json!([{ "productId": self.product().await, "quantity": 1 }]);
        self.posted("owner", "/orders", &json!({ "items": items, "shippingAddress": address() })).await
    }

    /// The payment of such an order, captured.
    pub async fn payment(&self) -> Value {
        let order = self.order().await;
        self.posted("owner", "/payments/process", &payment_of(&order)).await
    }

    /// A product in the caller's own cart; not in one where the caller has none.
    pub async fn in_cart(&self, caller: &str) -> String {
        let product = self.product().await;
        let body = json!({ "productId": product, "quantity": 1 });
        Answer::of(self.request(caller, Method::POST, "/api/v1/cart/items").json(&body)).await;
        product
    }

    /// An address of the owner's.
    pub async fn address(&self) -> String {
        id(&self.posted("owner", "/users/addresses", &full_address()).await)
    }

    /// A stored payment method of the owner's.
    pub async fn method(&self) -> String {
        let body = json!({ "cardToken": "tok_visa", "paymentGateway": "simulator" });
        id(&self.posted("owner", "/payments/methods", &body).await)
    }

    /// A category.
    pub async fn category(&self) -> String {
        id(&self.posted("admin", "/categories", &category()).await)
    }

    /// A coupon's code.
    pub async fn coupon(&self) -> String {
        let made = self.posted("admin", "/coupons", &coupon()).await;
        made["code"].as_str().unwrap().to_owned()
    }
}

pub fn id(made: &Value) -> String {
    made["id"].as_str().unwrap_or_else(|| panic!("it has no id: {made}")).to_owned()
}

pub fn payment_of(order: &Value) -> Value {
    json!({ "orderId": order["id"], "amount": order["total"], "currency": "USD", "paymentMethodId": "tok_visa",
            "paymentGateway": "simulator" })
}

pub fn full_address() -> Value {
    json!({ "fullName": "Jane Roe", "street": "1 Main St", "city": "Karachi", "zipCode": "75500", "country": "PK",
            "phone": "+92 300 1234567" })
}

pub fn category() -> Value {
    json!({ "name": format!("Kind {}", Uuid::now_v7().simple()) })
}

pub fn coupon() -> Value {
    let code = Uuid::now_v7().simple().to_string().to_uppercase();
    json!({ "code": code[12..].to_owned(), "discountType": "percentage", "discountValue": 10 })
}
