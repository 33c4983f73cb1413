//! Reads, and the login.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::json;

use super::connection::{Ask, Connection};
use super::daybook::Daybook;
use super::load::{self, Caller};
use super::shop::{PASSWORD, Shop};
use crate::Error;
use crate::report::{Figure, Report};

/// All of them.
pub const NAME: &str = "http-reads";
const A_ROUND: Duration = Duration::from_secs(2);

/// A client that asks for one thing after another.
struct Reader {
    connection: Connection,
    method: Method,
    token: String,
    paths: Vec<String>,
    body: Bytes,
    next: usize,
}

impl Caller for Reader {
    async fn call(&mut self) -> Result<(), Error> {
        let path = &self.paths[self.next % self.paths.len()];
        self.next += 1;
        let ask = Ask::of(self.method.clone(), path, &self.token, self.body.clone());
        self.connection.expect(StatusCode::OK, ask).await.map(|_| ())
    }
}

pub async fn measure(daybook: &Daybook, shop: &Shop, report: &mut Report) -> Result<(), Error> {
    if !report.wants(NAME) {
        return Ok(());
    }
    daybook.quiet().await?;
    let products: Vec<_> = shop.products.iter().map(|id| format!("/api/v1/products/{id}")).collect();
    let one = |path: &str| vec![path.to_owned()];
    reads(daybook, shop, report, "GET /products/{id}", Method::GET, &products).await?;
    reads(daybook, shop, report, "GET /products", Method::GET, &one("/api/v1/products")).await?;
    reads(daybook, shop, report, "GET /orders", Method::GET, &one("/api/v1/orders")).await?;
    reads(daybook, shop, report, "POST /auth/login", Method::POST, &one("/api/v1/auth/login")).await
}

async fn reads(
    daybook: &Daybook,
    shop: &Shop,
    report: &mut Report,
    name: &'static str,
    method: Method,
    paths: &[String],
) -> Result<(), Error> {
    let mut callers = Vec::new();
    for (nth, buyer) in shop.buyers.iter().enumerate() {
        let logs_in = method == Method::POST;
        let body = if logs_in {
            json!({ "email": buyer.email, "password": PASSWORD }).to_string().into()
        } else {
            Bytes::new()
        };
        callers.push(Reader {
            connection: Connection::open(daybook.address).await?,
            method: method.clone(),
            token: if name.contains("orders") { buyer.token.clone() } else { String::new() },
            paths: paths.to_vec(),
            body,
            next: nth * paths.len() / shop.buyers.len(),
        });
    }
    let mut figure = Figure::new(name);
    for _ in 0..report.rounds() {
        let (load, back) = load::closed(callers, A_ROUND).await?;
        figure.add(&load);
        callers = back;
    }
    report.figure(&figure)
}
