//! 64 buyers want the last unit.

use api_contract::Role;
use futures::future::join_all;
use serde_json::json;

use super::ROUNDS;
use crate::harness::{App, order_of};

#[tokio::test(flavor = "multi_thread")]
async fn one_of_64_buyers_gets_it_and_the_stock_is_never_below_zero() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyers = join_all((0..64).map(|_| app.person(Role::Customer))).await;
    for round in 0..ROUNDS {
        let product = seller.product("10.00", 1).await;
        let body = order_of(&[(&product, 1)]);
        let answers = join_all(buyers.iter().map(|buyer| buyer.post("/orders", &body))).await;
        let placed = answers.iter().filter(|answer| answer.status == 201).count();
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 409).collect();
        assert_eq!((placed, refused.len()), (1, 63), "round {round}");
        for answer in refused {
            let error = &answer.json()["errors"][0];
            assert_eq!(error["code"], "INSUFFICIENT_STOCK");
            assert_eq!((&error["availableStock"], &error["requestedQuantity"]), (&json!(0), &json!(1)));
        }
        assert_eq!(app.events("inventory", &product.id).await, ["StockReceived", "StockReserved"]);
        let left = seller.post(&format!("/products/{}/stock", product.id), &json!({ "quantity": 1 })).await;
        assert_eq!(left.json()["data"]["stock"], 1, "round {round}: it was 0 before");
    }
}
