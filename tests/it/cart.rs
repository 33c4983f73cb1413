//! The cart: what it holds, and what it says of today.

use api_contract::Role;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, App, Options};

#[tokio::test]
async fn it_shows_the_stock_of_now_and_says_what_has_changed() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let (buyer, other) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let empty = buyer.get("/cart").await;
    assert_eq!((empty.status.as_u16(), &empty.json()["data"]["items"]), (200, &json!([])));

    let product = seller.product("10.00", 5).await;
    buyer.post("/cart/items", &json!({ "productId": product.id, "quantity": 3 })).await;
    let item = buyer.get("/cart").await.json()["data"]["items"][0].clone();
    assert_eq!(
        (&item["availableStock"], &item["inStock"], &item["changes"]),
        (&json!(5), &json!(true), &json!([]))
    );

    let taken = other.order(&[(&product, 3)]).await;
    let position = taken.headers["x-event-position"].to_str().unwrap();
    let read =
        buyer.request(Method::GET, "/cart").header("x-min-position", position).header("prefer", "wait=10");
    let cart = Answer::of(read).await.json()["data"].clone();
    assert_eq!(cart["items"][0]["availableStock"], 2);
    let name = cart["items"][0]["productName"].as_str().unwrap();
    assert_eq!(cart["changes"], json!([format!("Only 2 of {name} are left, 3 are in the cart")]));
    let preview = buyer.post("/orders/checkout", &json!({})).await.json()["data"].clone();
    assert_eq!((&preview["changes"], &preview["items"][0]["availableStock"]), (&cart["changes"], &json!(2)));
}

#[tokio::test]
async fn it_has_one_currency_and_the_fields_of_every_document() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let euro =
        json!({ "name": "Tea", "price": 3, "stock": 5, "currency": "EUR", "images": ["https://x/tea.jpg"] });
    let euro = seller.post("/products", &euro).await.json()["data"]["id"].clone();
    let dollar = seller.product("3", 5).await;
    let added = buyer.post("/cart/items", &json!({ "productId": euro, "quantity": 2 })).await;
    let cart = added.json()["data"]["cart"].clone();
    for field in
        ["id", "userId", "itemCount", "totalItems", "subtotal", "discount", "tax", "total", "updatedAt"]
    {
        assert!(!cart[field].is_null(), "{field}: {cart}");
    }
    assert!(cart.as_object().unwrap().contains_key("couponCode"));
    let item = &cart["items"][0];
    for (field, value) in [
        ("id", euro.clone()),
        ("productName", json!("Tea")),
        ("name", json!("Tea")),
        ("productImage", json!("https://x/tea.jpg")),
        ("imageUrl", json!("https://x/tea.jpg")),
        ("itemTotal", json!(6.0)),
        ("subtotal", json!(6.0)),
        ("forSale", json!(true)),
        ("priceChanged", json!(false)),
    ] {
        assert_eq!(item[field], value, "{field}");
    }
    let other = buyer.post("/cart/items", &json!({ "productId": dollar.id, "quantity": 1 })).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (409, "CONFLICT"));
}

#[tokio::test]
async fn a_version_that_is_stale_changes_nothing() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("3", 5).await;
    let added = buyer.post("/cart/items", &json!({ "productId": product.id, "quantity": 1 })).await;
    assert_eq!(added.headers["etag"], "\"1\"");
    let item = format!("/cart/items/{}", product.id);
    for (method, path) in [
        (Method::PUT, item.as_str()),
        (Method::DELETE, item.as_str()),
        (Method::DELETE, "/cart"),
        (Method::DELETE, "/cart/coupon"),
    ] {
        let stale = buyer.request(method, path).header("if-match", "\"0\"").json(&json!({ "quantity": 2 }));
        assert_eq!(Answer::of(stale).await.status, 412, "{path}");
    }
}

#[tokio::test]
async fn every_change_answers_with_the_cart_that_is_then_read() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let (mug, jar) = (seller.product("3", 9).await, seller.product("5", 9).await);
    let add = |product_id| json!({ "productId": product_id, "quantity": 2 });
    let set = |quantity: u32| json!({ "quantity": quantity });
    let (post, put, delete) = (Method::POST, Method::PUT, Method::DELETE);
    let of_mug = format!("/cart/items/{}", mug.id);
    for (method, path, body, whole) in [
        (post.clone(), "/cart/items", add(&mug.id), false),
        (post.clone(), "/cart/items", add(&jar.id), false),
        (post, "/cart/items", add(&mug.id), false),
        (put.clone(), &of_mug, set(1), false),
        // What changes nothing leaves the moment of the last change.
        (put.clone(), &of_mug, set(1), false),
        (delete, "/cart/coupon", json!({}), true),
        (put, &of_mug, set(0), false),
    ] {
        let changed = buyer.send(method.clone(), path, &body).await;
        let position = changed.headers["x-event-position"].to_str().unwrap();
        let read = buyer
            .request(Method::GET, "/cart")
            .header("x-min-position", position)
            .header("prefer", "wait=10");
        let read = Answer::of(read).await;
        let data = &changed.json()["data"];
        let answered = if whole { data } else { &data["cart"] };
        assert_eq!(answered, &read.json()["data"], "{method} {path} {body}");
        assert_eq!(changed.headers["etag"], read.headers["etag"], "{method} {path} {body}");
    }
}
