//! What has to have happened before each printed request, and the ids and tokens that are put into it.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::request::{Request, Sender};
use super::world::{Customer, Missing, PASSWORD, World, id};

/// Where a request is sent in.
#[derive(Default)]
pub struct Scene {
    /// Who sends it; empty: nobody.
    pub token: String,
    /// What goes into the path, in its order.
    pub path: Vec<String>,
    /// What is put in the place of printed ids and tokens, by the field's name.
    pub fields: BTreeMap<&'static str, String>,
}

/// What an order's body names, and whose it is.
pub struct ReadyToOrder {
    pub token: String,
    pub address: String,
    pub method: String,
}

impl Scene {
    fn of(token: &str, path: &[&str]) -> Self {
        let path = path.iter().map(|it| (*it).to_owned()).collect();
        Self { token: token.to_owned(), path, ..Self::default() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.insert(name, value.into());
        self
    }
}

impl World {
    /// Sets the scene for a request. `body` is what it will send.
    pub async fn set(&self, request: &Request, body: Option<&Value>) -> Result<Scene, Missing> {
        let route = request.route();
        let scene = match route.split('/').nth(1).unwrap_or_default() {
            "auth" | "users" => self.account_scene(request, &route, body).await?,
            "products" | "categories" => self.catalog_scene(request, &route).await?,
            "cart" => self.cart_scene(request, &route).await?,
            "orders" => self.order_scene(request, &route).await?,
            "payments" => self.payment_scene(request, &route).await?,
            _ => Scene::of(&self.customer().await?.token, &[&Uuid::now_v7().to_string()]),
        };
        let token = match request.sender {
            Sender::Nobody => String::new(),
            Sender::Seller => self.seller.clone(),
            Sender::Admin => self.admin.clone(),
            Sender::Unsaid | Sender::Customer | Sender::Service => scene.token.clone(),
        };
        let scene = scene
            .with("productId", &self.products[0])
            .with("sellerId", &self.seller_id)
            .with("categoryId", &self.category)
            .with("shippingProfileId", Uuid::now_v7());
        Ok(Scene { token, ..scene })
    }

    async fn account_scene(
        &self,
        request: &Request,
        route: &str,
        body: Option<&Value>,
    ) -> Result<Scene, Missing> {
        let text = |name: &str| body.and_then(|it| it[name].as_str()).unwrap_or_default();
        match route {
            "/auth/register" => {
                return Ok(Scene::default()
                    .with("email", "jane@example.com")
                    .with("password", PASSWORD)
                    .with("name", "Jane Roe"));
            }
            "/auth/login" => {
                let names = ["email", "username_or_email"];
                let email =
                    names.map(text).into_iter().find(|it| !it.is_empty()).unwrap_or("jane@example.com");
                let password = Some(text("password")).filter(|it| !it.is_empty()).unwrap_or(PASSWORD);
                self.register(email, password).await?;
                return Ok(Scene::default().with("email", email).with("password", password));
            }
            "/users/forgot-password" => {
                let _known = self.register(text("email"), PASSWORD).await;
                return Ok(Scene::default());
            }
            "/users/reset-password" => {
                let token = self.reset_token(text("email")).await?;
                return Ok(Scene::default().with("token", token));
            }
            _ => {}
        }
        let customer = self.customer().await?;
        let scene = Scene::of(&customer.token, &[]).with("refreshToken", &customer.refresh_token);
        Ok(match route {
            // Whoever adds one has one: the first is the default whatever is said.
            "/users/addresses" => {
                self.address(&customer).await?;
                scene
            }
            "/users/addresses/{}" => Scene { path: vec![self.address(&customer).await?], ..scene },
            "/users/profile" if request.method == Method::GET => {
                self.address(&customer).await?;
                self.describe(&customer).await?;
                scene
            }
            _ => scene,
        })
    }

    async fn catalog_scene(&self, request: &Request, route: &str) -> Result<Scene, Missing> {
        let token = self.customer().await?.token;
        let customer = Scene::of(&token, &[]);
        let of_first = || Scene::of(&token, &[&self.products[0]]);
        Ok(match (request.method.as_str(), route) {
            ("GET", "/products/{}" | "/products/{}/reviews") => {
                let path = format!("/products/{}", self.products[0]);
                let review =
                    json!({ "rating": 5, "title": "Excellent!", "comment": "Best purchase this year" });
                self.must(Method::POST, &format!("{path}/reviews"), &token, &review).await?;
                self.seen(&path, "").await;
                of_first()
            }
            ("POST", "/products/{}/reviews") => {
                let buyer = self.customer().await?;
                let order = self.order(&buyer).await?;
                Scene::of(&buyer.token, &[&self.products[0]]).with("orderId", id(&order))
            }
            ("GET", "/products/search") => {
                self.seen("/products/search?q=headphones", "").await;
                customer
            }
            ("GET", _) => {
                self.seen("/products", "").await;
                customer
            }
            ("POST", _) => Scene::of(&self.admin, &[]),
            _ => Scene::of(&self.admin, &[&id(&self.product("Smart Watch Pro", "399.99").await?)]),
        })
    }

    async fn cart_scene(&self, request: &Request, route: &str) -> Result<Scene, Missing> {
        let customer = self.customer().await?;
        let scene = Scene::of(&customer.token, &[]);
        if (request.method.as_str(), route) == ("POST", "/cart/items") {
            return Ok(scene);
        }
        self.address(&customer).await?;
        self.fill_cart(&customer).await?;
        Ok(match route {
            "/cart/coupon" => {
                let coupon = json!({ "couponCode": "SAVE20" });
                self.must(Method::POST, "/cart/apply-coupon", &customer.token, &coupon).await?;
                scene
            }
            "/cart/items/{}" => Scene { path: vec![self.products[0].clone()], ..scene },
            _ => scene,
        })
    }

    async fn order_scene(&self, request: &Request, route: &str) -> Result<Scene, Missing> {
        let customer = self.customer().await?;
        let scene = Scene::of(&customer.token, &[]);
        if request.method == Method::POST && matches!(route, "/orders" | "/orders/checkout") {
            let asks = |name: &str| {
                request.body.as_ref().is_none_or(|it| {
                    it.members().iter().any(|(key, _)| super::answers::camel_case(key) == name)
                })
            };
            if request.body.as_ref().is_none_or(|it| it.get("items").is_none()) {
                self.fill_cart(&customer).await?;
            }
            let mut scene = scene;
            if asks("shippingAddressId") {
                let address = self.address(&customer).await?;
                scene = scene.with("shippingAddressId", &address).with("billingAddressId", &address);
            }
            if asks("paymentMethodId") {
                scene = scene.with("paymentMethodId", self.method(&customer).await?);
            }
            return Ok(scene);
        }
        let order = self.order(&customer).await?;
        let order_id = id(&order);
        let listed = route == "/orders" || (request.method == Method::GET && route == "/orders/{}");
        let advanced: &[&str] = match route {
            _ if listed => &["paid", "processing", "shipped"],
            "/orders/{}/status" => &["paid", "processing"],
            "/orders/{}/invoice" => &["paid"],
            _ => &[],
        };
        for status in advanced {
            self.advance(&order_id, status).await?;
        }
        if route == "/orders" {
            self.seen("/orders", &customer.token).await;
        }
        let token = if route == "/orders/{}/status" { &self.admin } else { &customer.token };
        Ok(Scene::of(token, &[&order_id]))
    }

    async fn payment_scene(&self, request: &Request, route: &str) -> Result<Scene, Missing> {
        let customer = self.customer().await?;
        let scene = Scene::of(&customer.token, &[]);
        match (request.method.as_str(), route) {
            ("POST", "/payments/methods") => return Ok(scene),
            ("GET", "/payments/methods") => {
                self.method(&customer).await?;
                return Ok(scene);
            }
            ("DELETE", _) => return Ok(Scene { path: vec![self.method(&customer).await?], ..scene }),
            _ => {}
        }
        let (order, method) = (self.order(&customer).await?, self.method(&customer).await?);
        if route == "/payments/process" {
            return Ok(scene.with("orderId", id(&order)).with("paymentMethodId", method));
        }
        let payment = json!({
            "orderId": order["id"], "paymentMethodId": method, "amount": order["total"], "currency": "USD",
        });
        let payment = self.must(Method::POST, "/payments/process", &customer.token, &payment).await?;
        let payment_id = payment["paymentId"].as_str().unwrap_or_default();
        Ok(Scene { path: vec![payment_id.to_owned()], ..scene })
    }

    /// The documents' first address; its id.
    async fn address(&self, customer: &Customer) -> Result<String, Missing> {
        let address = json!({
            "fullName": "John Doe", "street": "123 Main St", "city": "New York", "state": "NY", "zipCode": "10001",
            "country": "USA", "isDefault": true,
        });
        Ok(id(&self.must(Method::POST, "/users/addresses", &customer.token, &address).await?))
    }

    async fn describe(&self, customer: &Customer) -> Result<(), Missing> {
        let profile = json!({
            "phoneNumber": "+1234567890", "dateOfBirth": "1990-01-15", "avatarUrl": "https://cdn.example.com/me.jpg",
            "bio": "Likes watches", "preferences": { "language": "en" },
        });
        self.must(Method::PATCH, "/users/profile", &customer.token, &profile).await.map(|_| ())
    }

    async fn method(&self, customer: &Customer) -> Result<String, Missing> {
        let card = json!({ "type": "card", "cardToken": "tok_visa", "isDefault": true });
        Ok(id(&self.must(Method::POST, "/payments/methods", &customer.token, &card).await?))
    }

    /// Two of the first product, and one of the second where the document has it.
    async fn fill_cart(&self, customer: &Customer) -> Result<(), Missing> {
        for (product, quantity) in self.products.iter().zip([2, 1]).take(self.lines) {
            let item = json!({ "productId": product, "quantity": quantity });
            self.must(Method::POST, "/cart/items", &customer.token, &item).await?;
        }
        Ok(())
    }

    /// The documents' order, with everything that they print of it.
    async fn order(&self, customer: &Customer) -> Result<Value, Missing> {
        self.fill_cart(customer).await?;
        let address = self.address(customer).await?;
        let order = json!({
            "shippingAddressId": address, "billingAddressId": address, "couponCode": "SAVE20",
            "paymentMethodId": self.method(customer).await?, "notes": "Please deliver between 2-5 PM",
        });
        self.must(Method::POST, "/orders", &customer.token, &order).await
    }

    /// Somebody with a full cart, an address and a way to pay.
    pub async fn ready_to_order(&self, email: &str, password: &str) -> Result<ReadyToOrder, Missing> {
        let customer = self.register(email, password).await?;
        self.fill_cart(&customer).await?;
        let (address, method) = (self.address(&customer).await?, self.method(&customer).await?);
        Ok(ReadyToOrder { token: customer.token, address, method })
    }

    async fn advance(&self, order: &str, status: &str) -> Result<(), Missing> {
        let mut step = json!({ "status": status, "note": format!("Order is {status}") });
        if status == "shipped" {
            step["trackingNumber"] = "123456789".into();
            step["carrier"] = "FedEx".into();
            step["estimatedDelivery"] = "2030-11-05T00:00:00Z".into();
        }
        self.must(Method::PUT, &format!("/orders/{order}/status"), &self.admin, &step).await.map(|_| ())
    }

    /// The token that the mail to this address has.
    async fn reset_token(&self, email: &str) -> Result<String, Missing> {
        // Somebody may have registered with another password, which is no reason against a new one.
        let _known = self.register(email, PASSWORD).await;
        self.must(Method::POST, "/users/forgot-password", "", &json!({ "email": email })).await?;
        let outbox = self.place.output(&["outbox", "--json"]).await;
        let waiting: Vec<Value> =
            serde_json::from_slice(&outbox.stdout).map_err(|it| format!("outbox: {it}"))?;
        let theirs = waiting.iter().filter(|message| message["recipient"] == email);
        let token = theirs.filter_map(|message| message["body"]["token"].as_str()).next_back();
        token.map(str::to_owned).ok_or_else(|| format!("no mail with a token to {email}"))
    }
}
