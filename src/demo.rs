//! `daybook demo`: one order's way, step by step: the requests, the events, the Kafka records, the read models.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::{Headers, Message};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::Config;
use crate::{Failure, roles, sample_shop, say};

#[derive(clap::Args)]
#[command(after_help = "Example: ./dev demo")]
pub struct Args {}

/// `daybook demo`.
pub async fn run(_: Args, config: &Config) -> Result<(), Failure> {
    let shop = sample_shop::read(&config.home)
        .ok_or("there is no sample shop here: start a fresh instance with `./dev up`, or set DAYBOOK_HOME")?;
    let mut client =
        Shopper { http: Client::new(), base: format!("http://{}/api/v1", config.listen), token: None };

    title("1. Somebody registers, finds a product and puts two into the cart");
    let email = format!("demo-{}@daybook.example", Uuid::now_v7().simple());
    let registered = client
        .ask(
            Method::POST,
            "/auth/register",
            Some(json!({"email": email, "password": "Demo-Secret-7", "fullName": "Demo Customer"})),
        )
        .await?;
    client.token = registered["accessToken"].as_str().map(str::to_owned);
    let found = client.ask(Method::GET, "/products/search?q=notebook", None).await?;
    let product = found["items"][0]["id"].as_str().ok_or("the search found no notebook")?.to_owned();
    client.ask(Method::POST, "/cart/items", Some(json!({"productId": product, "quantity": 2}))).await?;

    title("2. The order: one decision over cart, stock, order and payment, one append");
    let address =
        json!({"fullName": "Demo Customer", "street": "123 Main St", "city": "Springfield", "country": "US"});
    let order = client.ask(Method::POST, "/orders", Some(json!({"shippingAddress": address}))).await?;
    let (order_id, payment) =
        (text(&order, "id")?, order["payment"]["id"].as_str().unwrap_or_default().to_owned());

    title("3. The payment: decided first, then charged by a process manager, never inside a decision");
    let pay = json!({"orderId": order_id, "paymentMethodId": "tok_visa", "amount": order["total"], "currency": order["currency"], "paymentGateway": "simulator"});
    client.ask(Method::POST, "/payments/process", Some(pay)).await?;

    title("4. What the log holds: every stream that the order touched");
    let pool = roles::pool(config).await?;
    let log = event_store::Log::new(pool);
    for (kind, id) in [("orders", &order_id), ("inventory", &product), ("payments", &payment)] {
        for event in log.read_stream(kind, id).await? {
            say(format_args!(
                "  {:>6}  {kind}/{}  #{} {}",
                event.position,
                short(id),
                event.sequence,
                event.event_type
            ));
        }
    }
    let head = log.head().await?;
    say(format_args!("  the chain's head: {head}"));

    title("5. What Kafka has of it");
    match &config.brokers {
        Some(brokers) => records(brokers, &[order_id.as_str(), payment.as_str(), product.as_str()]).await?,
        None => say("  KAFKA_BROKERS is not set: the relay will catch up when it is"),
    }

    title("6. What the read models answer");
    client.ask(Method::GET, "/orders", None).await?;
    client.ask(Method::GET, &format!("/orders/{order_id}"), None).await?;
    let seller = client
        .ask(
            Method::POST,
            "/auth/login",
            Some(json!({"email": shop.seller.email, "password": shop.seller.password})),
        )
        .await?;
    client.token = seller["accessToken"].as_str().map(str::to_owned);
    client.ask(Method::GET, "/sellers/me/stats", None).await?;

    title("7. And an auditor");
    say(format_args!("  ./dev daybook audit show order {}", text(&order, "orderNumber")?));
    say("  ./dev daybook audit verify");
    Ok(())
}

struct Shopper {
    http: Client,
    base: String,
    token: Option<String>,
}

impl Shopper {
    /// Sends a request, shows it and its answer, and gives the answer's data.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        say(format_args!(
            "  {method} {path}{}",
            body.as_ref().map(|body| format!(" {}", masked(body))).unwrap_or_default()
        ));
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, position) = (answer.status(), header(&answer, "x-event-position"));
        let body: Value = answer.json().await?;
        say(format_args!(
            "    {}{}",
            status.as_u16(),
            position.map(|at| format!(", position {at}")).unwrap_or_default()
        ));
        say(format_args!("    {}", clipped(&masked(&body["data"]).to_string())));
        if status >= StatusCode::BAD_REQUEST {
            return Err(format!("{status}: {}", body["errors"]).into());
        }
        Ok(body["data"].clone())
    }
}

fn header(answer: &reqwest::Response, name: &str) -> Option<String> {
    Some(answer.headers().get(name)?.to_str().ok()?.to_owned())
}

/// Reads the topics from their beginning until each key's records have come, and shows them.
async fn records(brokers: &str, keys: &[&str]) -> Result<(), Failure> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", format!("demo-{}", Uuid::now_v7()))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()?;
    consumer.subscribe(&["daybook.orders", "daybook.inventory", "daybook.payments"])?;
    let mut shown = 0;
    // Nothing for a while after the first have come is the end: the relay is milliseconds behind.
    let mut patience = Duration::from_secs(10);
    while let Ok(record) = tokio::time::timeout(patience, consumer.recv()).await {
        let record = record?;
        let key = record.key().map(String::from_utf8_lossy).unwrap_or_default();
        if !keys.contains(&&*key) {
            continue;
        }
        let ce_type = record.headers().and_then(|headers| {
            headers.iter().find(|h| h.key == "ce_type").and_then(|h| h.value).map(String::from_utf8_lossy)
        });
        say(format_args!(
            "  {}[{}]@{}  key {}  ce_type {}",
            record.topic(),
            record.partition(),
            record.offset(),
            short(&key),
            ce_type.unwrap_or_default()
        ));
        shown += 1;
        patience = Duration::from_secs(2);
    }
    if shown == 0 {
        say("  nothing yet: is the relay running? ./dev daybook status tells");
    }
    Ok(())
}

fn title(text: &str) {
    say(format_args!("\n{text}"));
}

fn text(value: &Value, name: &str) -> Result<String, Failure> {
    Ok(value[name].as_str().ok_or_else(|| format!("the answer has no {name}"))?.to_owned())
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Without tokens and passwords: a terminal may be recorded.
fn masked(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        for (name, member) in object.iter_mut() {
            if ["password", "accessToken", "refreshToken", "token", "tokens"].contains(&name.as_str()) {
                *member = json!("…");
            }
        }
    }
    value
}

fn clipped(text: &str) -> String {
    let mut clipped: String = text.chars().take(300).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}
