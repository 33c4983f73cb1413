//! How each operation is asked so that it would succeed for whoever may do it.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{World, category, coupon, full_address, id, payment_of};
use crate::harness::{Answer, address};

/// A request that is about to be sent.
pub struct Asked {
    caller: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
    key: Option<String>,
}

impl Asked {
    /// Makes what the path names, and a body that is right.
    pub async fn make(
        world: &World<'_>,
        caller: &'static str,
        method: &str,
        path: &str,
        operation: &Value,
    ) -> Self {
        let (path, named) = filled(world, caller, method, path).await;
        let body = match operation.get("requestBody") {
            Some(_) => Some(body(world, caller, method, &named).await),
            None => None,
        };
        let prefix = if operation_is_beside(path.as_str()) { "" } else { "/api/v1" };
        let method = method.to_ascii_uppercase().parse().unwrap();
        Self { caller, method, path: format!("{prefix}{path}"), body, key: None }
    }

    /// With this `Idempotency-Key`.
    pub fn under(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// With its body changed.
    pub fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        if let Some(body) = &mut self.body {
            change(body);
        }
        self
    }

    pub async fn send(&self, world: &World<'_>) -> Answer {
        let mut request = world.request(self.caller, self.method.clone(), &self.path);
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        Answer::of(match &self.body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }
}

fn operation_is_beside(path: &str) -> bool {
    path.starts_with("/health") || path.starts_with("/metrics") || path.starts_with("/.well-known")
}

/// The operation's path as the document has it, and the order or payment that it names.
struct Named {
    template: String,
    thing: Value,
}

/// The path with the ids of things that were made for it.
async fn filled(world: &World<'_>, caller: &str, method: &str, template: &str) -> (String, Named) {
    let mut thing = Value::Null;
    let path = match template {
        path if path.starts_with("/orders/{id}") => {
            thing = world.order().await;
            path.replace("{id}", &id(&thing))
        }
        "/payments/{id}" | "/payments/{id}/refund" => {
            thing = world.payment().await;
            let payment = thing["paymentId"].as_str().or(thing["id"].as_str()).unwrap();
            template.replace("{id}", payment)
        }
        "/payments/methods/{id}" => template.replace("{id}", &world.method().await),
        path if path.starts_with("/payments/webhooks/") => path.replace("{gateway}", "simulator"),
        path if path.starts_with("/products/{id}") => path.replace("{id}", &world.product().await),
        path if path.starts_with("/categories/{id}") => path.replace("{id}", &world.category().await),
        path if path.starts_with("/coupons/{code}") => path.replace("{code}", &world.coupon().await),
        path if path.starts_with("/users/addresses/{id}") => path.replace("{id}", &world.address().await),
        path if path.starts_with("/cart/items/{productId}") => {
            path.replace("{productId}", &world.in_cart(caller).await)
        }
        path if path.starts_with("/sellers/{id}") => path.replace("{id}", &world.shop),
        "/products/search" => "/products/search?q=lamp".to_owned(),
        "/products/suggest" => "/products/suggest?q=lamp".to_owned(),
        path if path.starts_with("/audit/{kind}/{id}") => {
            path.replace("{kind}", "orders").replace("{id}", &id(&world.order().await))
        }
        path => path.to_owned(),
    };
    assert!(!path.contains('{'), "how is {method} {template} asked?");
    (path, Named { template: template.to_owned(), thing })
}

/// Nobody's: five wrong guesses would lock somebody's.
fn email() -> String {
    format!("{}@example.com", Uuid::now_v7().simple())
}

async fn body(world: &World<'_>, caller: &str, method: &str, named: &Named) -> Value {
    let items = async || json!([{ "productId": world.product().await, "quantity": 1 }]);
    match (method, named.template.as_str()) {
        ("post", "/auth/register") => {
            json!({ "email": email(), "password": "Sunny-Meadow-42",
                    "firstName": "Jane", "lastName": "Roe" })
        }
        ("post", "/auth/login") => json!({ "email": email(), "password": "Wrong-Guess-42" }),
        ("post", "/auth/refresh" | "/auth/logout") => json!({ "refreshToken": "x".repeat(43) }),
        ("post", "/auth/verify-email" | "/auth/verify-mobile") => json!({ "code": "000000" }),
        ("post", "/auth/resend-code") => json!({ "channel": "email" }),
        ("post", "/auth/change-password" | "/users/change-password") => {
            json!({ "currentPassword": "Wrong-Guess-42", "newPassword": "Sunny-Meadow-43" })
        }
        ("post", "/users/forgot-password") => json!({ "email": "nobody@example.com" }),
        ("post", "/users/reset-password") => {
            json!({ "token": "x".repeat(43), "newPassword": "Sunny-Meadow-43" })
        }
        (_, "/auth/me" | "/auth/profile" | "/users/profile") => json!({ "firstName": "Joan" }),
        (_, "/users/addresses" | "/users/addresses/{id}") => full_address(),
        ("post", "/products") => {
            json!({ "name": format!("Lamp {}", Uuid::now_v7().simple()), "price": "1.00" })
        }
        (_, "/products/{id}") => json!({ "price": "12.00" }),
        ("post", "/products/{id}/reviews") => json!({ "rating": 4, "comment": "Does what it should" }),
        (_, "/products/{id}/stock") => json!({ "quantity": 1 }),
        (_, "/categories" | "/categories/{id}") => category(),
        ("post", "/coupons") => coupon(),
        ("post", "/cart/items") => json!({ "productId": world.product().await, "quantity": 1 }),
        (_, "/cart/items/{productId}") => json!({ "quantity": 2 }),
        ("post", "/cart/apply-coupon") => {
            world.in_cart(caller).await;
            json!({ "couponCode": world.coupon().await })
        }
        ("post", "/orders/checkout") => json!({ "items": items().await }),
        ("post", "/orders") => json!({ "items": items().await, "shippingAddress": address() }),
        (_, "/orders/{id}/cancel") => json!({ "reason": "Changed my mind" }),
        (_, "/orders/{id}/status") => json!({ "status": "confirmed" }),
        ("post", "/payments/process") => payment_of(&world.order().await),
        ("post", "/payments/{id}/refund") => json!({ "amount": named.thing["amount"] }),
        ("post", "/payments/methods") => json!({ "cardToken": "tok_visa", "paymentGateway": "simulator" }),
        ("post", path) if path.starts_with("/payments/webhooks/") => json!({ "id": "evt_1" }),
        (method, path) => panic!("what is the body of {method} {path}?"),
    }
}
