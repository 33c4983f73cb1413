//! What a seller sees of orders: what is the seller's, and nothing else.

use api_contract::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{App, Options, Person, order_of};

async fn started() -> App {
    App::start_with(Options { queries: true, ..Options::default() }).await
}

async fn listed(person: &Person<'_>, path: &str) -> Value {
    let answer = person.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].clone()
}

#[tokio::test]
async fn a_seller_sees_the_shops_lines_amounts_and_where_they_go() {
    let app = started().await;
    let (hers, his) = (app.person(Role::Seller).await, app.person(Role::Seller).await);
    let (buyer, admin) = (app.person(Role::Customer).await, app.person(Role::Admin).await);
    let (mug, pot) = (hers.product("10.00", 5).await, his.product("25.00", 5).await);
    let mut body = order_of(&[(&mug, 2), (&pot, 1)]);
    body["notes"] = json!("Please deliver between 2-5 PM");
    let order = buyer.post("/orders", &body).await.json()["data"].clone();
    let path = format!("/orders/{}", order["id"].as_str().unwrap());

    let whole = listed(&buyer, &path).await;
    assert_eq!((&whole["subtotal"], &whole["total"]), (&json!(45.0), &json!(47.25)));
    assert_eq!(listed(&admin, &path).await["items"].as_array().unwrap().len(), 2);
    let part = listed(&hers, &path).await;
    assert_eq!(part["items"].as_array().unwrap().len(), 1, "{part}");
    assert_eq!(part["items"][0]["productId"], json!(mug.id));
    let amounts = ["subtotal", "discount", "tax", "shippingCost", "total"].map(|name| part[name].clone());
    assert_eq!(amounts, [20.0, 0.0, 1.0, 0.0, 21.0].map(|amount| json!(amount)));
    assert_eq!(part["shippingAddress"], whole["shippingAddress"]);
    assert_eq!(part["notes"], "Please deliver between 2-5 PM");
    for hidden in ["userId", "billingAddress", "payment", "paymentMethod", "couponCode", "paymentUrl"] {
        assert_eq!(part[hidden], Value::Null, "{hidden}");
    }
    let other = app.person(Role::Seller).await;
    assert_eq!(other.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_sellers_list_has_the_status_and_amounts_of_the_shops_part() {
    let app = started().await;
    let (hers, his) = (app.person(Role::Seller).await, app.person(Role::Seller).await);
    let buyer = app.person(Role::Customer).await;
    let (mug, pot) = (hers.product("10.00", 9).await, his.product("25.00", 9).await);
    let both = buyer.order(&[(&mug, 2), (&pot, 1)]).await.json();
    buyer.order(&[(&pot, 1)]).await;
    buyer.pay(&both, "tok_visa").await;
    let status = format!("/orders/{}/status", both["data"]["id"].as_str().unwrap());
    for step in ["processing", "shipped"] {
        let taken = hers.send(Method::PATCH, &status, &json!({ "status": step })).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
    }

    let list = listed(&hers, "/sellers/me/orders").await;
    assert_eq!(list["totalCount"], 1);
    let item = &list["items"][0];
    assert_eq!(
        (&item["status"], &item["total"], &item["itemCount"]),
        (&json!("shipped"), &json!(21.0), &json!(2))
    );
    assert_eq!(item["userId"], Value::Null);
    // A reader without a write of his own waits for what hers answered.
    let position = hers.get(&format!("/orders/{}", both["data"]["id"].as_str().unwrap())).await;
    assert_eq!(position.status, 200);
    let min = app.head().await.to_string();
    let seen = his.request(Method::GET, "/sellers/me/orders?status=confirmed").header("x-min-position", min);
    let list = crate::harness::Answer::of(seen).await.json()["data"].clone();
    assert_eq!((&list["totalCount"], &list["items"][0]["total"]), (&json!(1), &json!(26.25)), "his waits");

    assert_eq!(listed(&buyer, "/orders?status=paid").await["totalCount"], 1, "paid is confirmed");
    assert_eq!(listed(&buyer, "/orders").await["totalCount"], 2);
    assert_eq!(listed(&buyer, "/orders?endDate=2020-01-01").await["totalCount"], 0);
    assert_eq!(buyer.get("/orders?scope=all").await.status, 403);
    assert_eq!(
        buyer.get("/orders?startDate=soon&status=lost").await.json()["errors"].as_array().unwrap().len(),
        2
    );
    assert_eq!(buyer.get("/sellers/me/orders").await.status, 403);
    let admin = app.person(Role::Admin).await;
    assert_eq!(listed(&admin, "/orders?scope=all").await["totalCount"], 2);
}
