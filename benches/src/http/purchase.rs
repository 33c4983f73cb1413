//! The whole purchase: three things into the cart, the address, the order, the payment by the simulator, and the order
//! read back. Whoever registered does it again and again.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::connection::{Ask, Connection};
use super::daybook::Daybook;
use super::load::{self, Caller};
use super::placed::Placed;
use super::shop::{Buyer, Shop, data, home_address};
use super::stages::Stages;
use super::{placing, statements};
use crate::Error;
use crate::database::Database;
use crate::report::{Figure, Measurement, Report, say};

/// With 8 buyers.
pub const FEW: &str = "http-purchase-8";
/// With 64 buyers.
pub const MANY: &str = "http-purchase-64";
/// What Vendure 3.7 makes on such a machine, at 11 to 12 a second (14.9 at its best), with 351 statements each. Medusa
/// 2.21 makes 1.4 to 1.6, with 782. They are given, not run here.
const VENDURE: f64 = 12.0;
const VENDURE_STATEMENTS: u32 = 351;
const MEDUSA_STATEMENTS: u32 = 782;

const A_ROUND: Duration = Duration::from_secs(4);

/// A buyer at a connection of their own.
struct Purchases {
    connection: Connection,
    buyer: Buyer,
    items: Vec<Bytes>,
    address: Bytes,
    next: usize,
}

impl Caller for Purchases {
    async fn call(&mut self) -> Result<(), Error> {
        let (connection, token) = (&mut self.connection, self.buyer.token.as_str());
        for _ in 0..3 {
            let item = self.items[self.next % self.items.len()].clone();
            self.next += 1;
            let ask = Ask::of(Method::POST, "/api/v1/cart/items", token, item);
            connection.expect(StatusCode::CREATED, ask).await?;
        }
        let address = format!("/api/v1/users/addresses/{}", self.buyer.address);
        connection
            .expect(StatusCode::OK, Ask::of(Method::PUT, &address, token, self.address.clone()))
            .await?;
        let key = Uuid::new_v4().to_string();
        let order =
            json!({ "shippingAddressId": self.buyer.address, "paymentMethodId": "tok_visa" }).to_string();
        let ask = Ask::of(Method::POST, "/api/v1/orders", token, order).once(&key);
        let placed = connection.expect(StatusCode::CREATED, ask).await?;
        let Placed { id, total, currency } = Placed::read(&placed)?;
        let payment = format!(
            r#"{{"orderId":"{id}","paymentMethodId":"tok_visa","amount":{total},"currency":"{currency}","paymentGateway":"simulator"}}"#
        );
        let ask = Ask::of(Method::POST, "/api/v1/payments/process", token, payment).once(&key);
        connection.expect(StatusCode::OK, ask).await?;
        let path = format!("/api/v1/orders/{id}");
        let order = data(&connection.expect(StatusCode::OK, Ask::get(&path, token)).await?)?;
        if order["status"] == "confirmed" {
            Ok(())
        } else {
            Err(format!("a paid order is {}", order["status"]).into())
        }
    }
}

async fn buyers(daybook: &Daybook, shop: &Shop, count: usize) -> Result<Vec<Purchases>, Error> {
    let items: Vec<Bytes> = (0..shop.products.len())
        .flat_map(|nth| placing::lines(nth, shop))
        .map(|product| json!({ "productId": product, "quantity": 1 }).to_string().into())
        .collect();
    let mut buyers = Vec::with_capacity(count);
    for (nth, buyer) in shop.buyers.iter().take(count).enumerate() {
        let connection = Connection::open(daybook.address).await?;
        let (items, next) = (items.clone(), nth * 3 * shop.products.len() / count);
        buyers.push(Purchases { connection, buyer: buyer.clone(), items, address: home_address(), next });
    }
    Ok(buyers)
}

pub async fn measure(
    daybook: &Daybook,
    shop: &Shop,
    database: &Database,
    report: &mut Report,
) -> Result<(), Error> {
    for (name, count) in [(FEW, 8), (MANY, 64)] {
        if report.wants(name) {
            several(daybook, shop, database, report, name, count).await?;
        }
    }
    Ok(())
}

async fn several(
    daybook: &Daybook,
    shop: &Shop,
    database: &Database,
    report: &mut Report,
    name: &'static str,
    count: usize,
) -> Result<(), Error> {
    daybook.caught_up(database).await?;
    let mut connection = Connection::open(daybook.address).await?;
    let stock = shop.stock(&mut connection).await?;
    let (warm, mut callers) =
        load::closed(buyers(daybook, shop, count).await?, Duration::from_secs(1)).await?;
    let (mut made, mut rounds, mut figure) = (warm.count, Vec::new(), Figure::new(name));
    let (before, mut measured) = (Stages::read(daybook).await?, 0);
    for _ in 0..report.rounds() {
        let (load, back) = load::closed(callers, A_ROUND).await?;
        figure.add(&load);
        rounds.push((load.rate, VENDURE));
        measured += load.count;
        callers = back;
    }
    made += measured;
    Stages::read(daybook).await?.since(&before).tell(&format!("a purchase, {count} buyers"), measured);
    let peer = "Vendure 3.7, published";
    report.add(&Measurement { name, unit: "purchases/s", peer, aim: 100.0 }, &rounds)?;
    report.figure(&figure)?;

    if let Some(statements) = statements::during(daybook, database, callers).await? {
        made += statements.purchases;
        say(&format!(
            "  {:.1} SQL statements for a purchase, all parts of Daybook together; Vendure {VENDURE_STATEMENTS}, Medusa \
             {MEDUSA_STATEMENTS}",
            statements.each
        ));
    }
    daybook.caught_up(database).await?;
    let sold = stock - shop.stock(&mut connection).await?;
    let paid_for = u64::try_from(made)? * 3;
    if sold != paid_for {
        return Err(format!("{sold} units left the stock, and {paid_for} were paid for").into());
    }
    say(&format!("  {sold} units sold, and as many paid for"));
    Ok(())
}
