//! Twenty buyers for the last unit, at once, again and again: it is sold once.

use hyper::{Method, StatusCode};
use serde_json::json;

use super::connection::{Ask, Connection};
use super::daybook::Daybook;
use super::shop::Shop;
use crate::Error;
use crate::report::{Report, say};

/// The name of it.
pub const NAME: &str = "http-last-unit";
const TIMES: usize = 20;
const BUYERS: usize = 20;

pub async fn measure(daybook: &Daybook, shop: &Shop, report: &mut Report) -> Result<(), Error> {
    if !report.wants(NAME) {
        return Ok(());
    }
    let mut seller = Connection::open(daybook.address).await?;
    let mut connections = Connection::several(daybook.address, BUYERS).await?;
    for _ in 0..TIMES {
        let product = Shop::product(&mut seller, &shop.seller, 1).await?;
        let address = json!({ "street": "1 Main St", "city": "Karachi", "country": "PK" });
        let body = json!({ "items": [{ "productId": product, "quantity": 1 }], "shippingAddress": address })
            .to_string();
        let buying = connections.iter_mut().zip(&shop.buyers).map(|(connection, buyer)| {
            connection.ask(Ask::of(Method::POST, "/api/v1/orders", &buyer.token, body.clone()))
        });
        let mut sold = 0;
        for answer in futures::future::join_all(buying).await {
            match answer?.0 {
                StatusCode::CREATED => sold += 1,
                StatusCode::CONFLICT => {}
                other => return Err(format!("an order for the last unit was answered {other}").into()),
            }
        }
        if sold != 1 {
            return Err(format!("the last unit was sold {sold} times").into());
        }
    }
    say(&format!(
        "{NAME:<34} sold once in each of {TIMES} rounds of {BUYERS} buyers; Vendure 3.7 sells it 20 times"
    ));
    Ok(())
}
