//! A coupon has one use left.

use api_contract::Role;
use futures::future::join_all;
use serde_json::{Value, json};

use super::ROUNDS;
use crate::harness::{Answer, App, order_of};

/// How many orders were placed; all others were refused because of the coupon.
fn placed(answers: &[Answer]) -> usize {
    let (placed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    for answer in refused {
        let error = &answer.json()["errors"][0];
        assert_eq!(answer.status, 409, "{}", answer.text);
        assert_eq!((&error["code"], &error["field"]), (&json!("CONFLICT"), &json!("couponCode")));
    }
    placed.len()
}

fn coupon(code: &str, limit: &str) -> Value {
    let mut coupon = json!({ "code": code, "discountType": "fixed", "discountValue": 1 });
    coupon[limit] = json!(1);
    coupon
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_32_users_gets_it() {
    let app = App::start().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let buyers = join_all((0..32).map(|_| app.person(Role::Customer))).await;
    let product = seller.product("10.00", 1_000_000).await;
    for round in 0..ROUNDS {
        let code = format!("ONE-{round}");
        assert_eq!(admin.post("/coupons", &coupon(&code, "totalLimit")).await.status, 201);
        let mut body = order_of(&[(&product, 1)]);
        body["couponCode"] = json!(code);
        let answers = join_all(buyers.iter().map(|buyer| buyer.post("/orders", &body))).await;
        assert_eq!(placed(&answers), 1, "round {round}");
        assert_eq!(app.events("coupons", &code).await, ["CouponCreated", "CouponRedeemed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_uses_it_once_however_often_he_orders() {
    let app = App::start().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 1_000_000).await;
    for round in 0..ROUNDS {
        let code = format!("MINE-{round}");
        assert_eq!(admin.post("/coupons", &coupon(&code, "perUserLimit")).await.status, 201);
        let mut body = order_of(&[(&product, 1)]);
        body["couponCode"] = json!(code);
        let answers = join_all((0..8).map(|_| buyer.post("/orders", &body))).await;
        assert_eq!(placed(&answers), 1, "round {round}");
    }
}
