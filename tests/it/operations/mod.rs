//! What who runs Daybook relies on: that it says how it is, that it can be watched, and that it ends in order.

mod abandoned;
mod correlation;
mod health;
mod index_home;
mod lag;
mod metrics;
mod owed;
mod parked;
mod shutdown;
mod vanished;
mod versions;

use serde_json::{Value, json};

use crate::harness::{Answer, Place};

/// The read models, with the product search.
const SIX: [&str; 6] = ["order_history", "seller_stats", "catalog", "coupons", "reviews", "product_search"];

/// Somebody of the sample shop.
struct Known<'a> {
    place: &'a Place,
    http: reqwest::Client,
    token: String,
}

impl<'a> Known<'a> {
    async fn log_in(place: &'a Place, who: &str) -> Self {
        let shop = std::fs::read(place.home().join("sample-shop.json")).unwrap();
        let shop: Value = serde_json::from_slice(&shop).unwrap();
        let http = reqwest::Client::new();
        let answer = Answer::of(http.post(place.url("/api/v1/auth/login")).json(&shop[who])).await;
        let token = answer.json()["data"]["accessToken"].as_str().unwrap().to_owned();
        Self { place, http, token }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.http.post(self.place.url(&format!("/api/v1{path}")));
        Answer::of(request.bearer_auth(&self.token).header("x-correlation-id", "shop:1.a_b-c").json(body))
            .await
    }

    /// A product with so many units: its id.
    async fn product(&self, stock: u64) -> String {
        let product = json!({ "name": "Watched", "price": "9.99", "stock": stock });
        self.post("/products", &product).await.json()["data"]["id"].as_str().unwrap().to_owned()
    }
}

/// The body of an order of one unit.
fn order_of(product: &str) -> Value {
    json!({
        "items": [{ "productId": product, "quantity": 1 }],
        "shippingAddress": { "street": "1 Main St", "city": "Springfield", "country": "US" },
    })
}
