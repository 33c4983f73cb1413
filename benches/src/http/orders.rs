//! `POST /orders` of three lines with a token and an idempotency key, beside the decider without HTTP.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::connection::{Ask, Connection};
use super::daybook::Daybook;
use super::load::{self, Caller};
use super::placing::Placing;
use super::shop::Shop;
use super::stages::Stages;
use super::{CLIENTS, placing};
use crate::Error;
use crate::database::Database;
use crate::report::{Figure, Measurement, Report};

/// Each client sends its next order when it has its answer.
pub const NAME: &str = "http-orders";
/// Orders come at half of that rate.
pub const OPEN: &str = "http-orders-open";

const A_ROUND: Duration = Duration::from_secs(4);
/// So many bodies are made before, so that making them is not measured.
const BODIES: usize = 2000;

/// A client that orders.
pub struct Orders {
    connection: Connection,
    token: String,
    bodies: Arc<Vec<Bytes>>,
    next: usize,
}

impl Orders {
    /// Places the next one; the answer.
    pub async fn place(&mut self) -> Result<Bytes, Error> {
        let body = self.bodies[self.next % self.bodies.len()].clone();
        self.next += 1;
        let key = Uuid::new_v4().to_string();
        let ask = Ask::of(Method::POST, "/api/v1/orders", &self.token, body).once(&key);
        self.connection.expect(StatusCode::CREATED, ask).await
    }
}

impl Caller for Orders {
    async fn call(&mut self) -> Result<(), Error> {
        self.place().await.map(|_| ())
    }
}

/// One client for each buyer.
pub async fn clients(daybook: &Daybook, shop: &Shop) -> Result<Vec<Orders>, Error> {
    let bodies: Vec<Bytes> = (0..BODIES)
        .map(|nth| {
            let items: Vec<_> = placing::lines(nth, shop)
                .map(|product| json!({ "productId": product, "quantity": 1 }))
                .collect();
            let address =
                json!({ "street": "1 Main St", "city": "Karachi", "zipCode": "75500", "country": "PK" });
            json!({ "items": items, "shippingAddress": address, "paymentMethod": "card" }).to_string().into()
        })
        .collect();
    let bodies = Arc::new(bodies);
    let mut clients = Vec::with_capacity(shop.buyers.len());
    for (nth, buyer) in shop.buyers.iter().enumerate() {
        let connection = Connection::open(daybook.address).await?;
        let (token, bodies) = (buyer.token.clone(), Arc::clone(&bodies));
        clients.push(Orders { connection, token, bodies, next: nth * BODIES / CLIENTS });
    }
    Ok(clients)
}

pub async fn measure(
    daybook: &Daybook,
    shop: &Shop,
    copy: &Database,
    report: &mut Report,
) -> Result<(), Error> {
    if !report.wants(NAME) && !report.wants(OPEN) {
        return Ok(());
    }
    let measurement = Measurement { name: NAME, unit: "orders/s", peer: "the decider, no HTTP", aim: 0.3 };
    let mut callers = clients(daybook, shop).await?;
    // Not measured: what fills caches.
    callers = load::closed(callers, Duration::from_secs(1)).await?.1;
    let (mut rounds, mut closed, mut open) = (Vec::new(), Figure::new(NAME), Figure::new(OPEN));
    let before = Stages::read(daybook).await?;
    let mut counted = 0;
    for _ in 0..report.rounds() {
        let (load, back) = load::closed(callers, A_ROUND).await?;
        let ours = load.rate;
        closed.add(&load);
        let (half, back) = load::open(back, ours / 2.0, A_ROUND).await?;
        counted += load.count + half.count;
        open.add(&half);
        callers = back;
        daybook.quiet().await?;
        let placing = Placing::start(copy, shop).await?;
        rounds.push((ours, placing.rate(CLIENTS).await?));
        placing.stop().await;
    }
    report.add(&measurement, &rounds)?;
    report.figure(&closed)?;
    report.figure(&open)?;
    Stages::read(daybook).await?.since(&before).tell("POST /orders", counted);
    Ok(())
}
