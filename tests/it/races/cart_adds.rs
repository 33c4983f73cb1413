//! Two devices of one customer fill one cart.

use api_contract::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::ROUNDS;
use crate::harness::App;

#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let products = [seller.product("10.00", 1_000).await, seller.product("2.00", 1_000).await];
    let add = |n: usize| {
        let item = json!({ "productId": products[n % 2].id, "quantity": 1 + n / 2 });
        let buyer = &buyer;
        async move { buyer.post("/cart/items", &item).await }
    };
    for round in 0..ROUNDS {
        // Each device adds 1, 2 and 3 of both products; all six of each at once.
        let answers = join_all((0..12).map(|n| add(n % 6))).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "round {round}");
        let cart = buyer.send(Method::DELETE, "/cart/coupon", &json!({})).await;
        let data = &cart.json()["data"];
        assert_eq!((&data["itemCount"], &data["items"][0]["quantity"]), (&json!(24), &json!(12)), "{data}");
        assert!(cart.text.contains(r#""subtotal":144.00"#), "{}", cart.text);
        assert_eq!(buyer.send(Method::DELETE, "/cart", &json!({})).await.status, 204);
    }
}
