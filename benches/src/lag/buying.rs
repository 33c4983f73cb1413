//! Clients that order and pay, each from products of its own: so for each order it is known what the stock and the sales of
//! a product must show.

use std::time::Instant;

use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::watch::{Awaited, Model};
use crate::Error;
use crate::http::load::Caller;
use crate::http::{Ask, CLIENTS, Connection, Daybook, Placed, Shop, data};

/// Lines of an order, one unit each.
const LINES: usize = 3;

/// A client.
pub struct Buying {
    connection: Connection,
    token: String,
    products: Vec<Uuid>,
    /// How many orders it has paid for.
    paid: usize,
    /// Whom to tell what was acknowledged, and when.
    tell: Option<mpsc::UnboundedSender<Awaited>>,
}

/// One for each buyer. The products are shared out among them.
pub async fn clients(daybook: &Daybook, shop: &Shop) -> Result<Vec<Buying>, Error> {
    // As many for each as are whole orders.
    let each = shop.products.len() / CLIENTS / LINES * LINES;
    let mut clients = Vec::with_capacity(shop.buyers.len());
    for (buyer, products) in shop.buyers.iter().zip(shop.products.chunks_exact(each)) {
        let connection = Connection::open(daybook.address).await?;
        let (token, products) = (buyer.token.clone(), products.to_vec());
        clients.push(Buying { connection, token, products, paid: 0, tell: None });
    }
    Ok(clients)
}

impl Caller for Buying {
    async fn call(&mut self) -> Result<(), Error> {
        let orders = self.products.len() / LINES;
        let first = self.paid % orders * LINES;
        let items: Vec<_> = self.products[first..first + LINES]
            .iter()
            .map(|product| json!({ "productId": product, "quantity": 1 }))
            .collect();
        let product = self.products[first];
        // With this one, so many units of that product are sold.
        let units = i64::try_from(self.paid / orders + 1)?;

        let address =
            json!({ "street": "1 Main St", "city": "Karachi", "zipCode": "75500", "country": "PK" });
        let order =
            json!({ "items": items, "shippingAddress": address, "paymentMethod": "card" }).to_string();
        let key = Uuid::new_v4().to_string();
        let ask = Ask::of(Method::POST, "/api/v1/orders", &self.token, order).once(&key);
        let placed = self.connection.expect(StatusCode::CREATED, ask).await?;
        let at = Instant::now();
        let Placed { id, total, currency } = Placed::read(&placed)?;
        self.tell(Awaited { model: Model::OrderHistory, id, least: 1, at })?;
        self.tell(Awaited { model: Model::Catalog, id: product, least: units, at })?;

        let payment = format!(
            r#"{{"orderId":"{id}","paymentMethodId":"tok_visa","amount":{total},"currency":"{currency}","paymentGateway":"simulator"}}"#
        );
        let ask = Ask::of(Method::POST, "/api/v1/payments/process", &self.token, payment).once(&key);
        let paid = self.connection.expect(StatusCode::OK, ask).await?;
        let at = Instant::now();
        self.paid += 1;
        // It might only say that the gateway has not answered yet.
        let status = &data(&paid)?["status"];
        if status != "succeeded" {
            return Err(format!("a payment was answered {status}").into());
        }
        self.tell(Awaited { model: Model::SellerStats, id: product, least: units, at })
    }
}

impl Buying {
    /// The same, that tells this one what was acknowledged.
    pub fn telling(self, tell: Option<mpsc::UnboundedSender<Awaited>>) -> Self {
        Self { tell, ..self }
    }

    fn tell(&self, awaited: Awaited) -> Result<(), Error> {
        match &self.tell {
            Some(tell) => Ok(tell.send(awaited)?),
            None => Ok(()),
        }
    }
}
