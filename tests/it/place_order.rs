//! From a product to an order, by the cart and by items.

use api_contract::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::harness::{App, address, order_of};

#[tokio::test]
async fn an_order_from_the_cart_freezes_prices_reserves_stock_and_empties_the_cart() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("99.99", 5).await;

    let added = buyer.post("/cart/items", &json!({ "product_id": product.id, "quantity": 2 })).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let data = &added.json()["data"];
    assert_eq!((&data["productId"], &data["quantity"]), (&json!(product.id), &json!(2)));
    assert!(
        added.text.contains(r#""subtotal":199.98,"discount":0.00,"tax":10.00,"total":209.98"#),
        "{}",
        added.text
    );

    let s3 = json!({ "shipping_address": {
        "full_name": "John Doe", "address_line1": "123 Main St", "city": "Karachi", "postal_code": "75500",
        "country": "PK", "phone": "+92 300 1234567" } });
    let order = buyer.post("/orders", &s3).await;
    assert_eq!(order.status, 201, "{}", order.text);
    let data = order.json()["data"].clone();
    assert_eq!(data["status"], "pending");
    assert_eq!(data["payment"]["status"], "pending");
    assert_eq!(data["shippingAddress"]["zipCode"], "75500");
    assert!(data["orderNumber"].as_str().unwrap().starts_with("ORD-20"), "{data}");
    assert!(order.text.contains(
        r#""subtotal":199.98,"discount":0.00,"tax":10.00,"taxRate":"0.05","shippingCost":0.00,"total":209.98"#
    ));
    assert_eq!(order.headers["etag"], "\"1\"");
    let id = data["id"].as_str().unwrap();
    assert_eq!(app.events("orders", id).await, ["OrderPlaced"]);
    assert_eq!(app.events("carts", &buyer.id.to_string()).await, ["CartItemAdded", "CartCheckedOut"]);
    assert_eq!(app.events("inventory", &product.id).await, ["StockReceived", "StockReserved"]);

    let again = buyer.post("/orders", &s3).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "CONFLICT"), "the cart is empty");
}

#[tokio::test]
async fn more_than_there_is_is_refused_and_nothing_happens() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let (few, many) = (seller.product("1.00", 5).await, seller.product("1.00", 100).await);
    let head = app.head().await;
    let refused = buyer.order(&[(&many, 1), (&few, 10)]).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "INSUFFICIENT_STOCK"));
    let error = &refused.json()["errors"][0];
    assert_eq!((&error["availableStock"], &error["requestedQuantity"]), (&json!(5), &json!(10)));
    assert_eq!(error["field"], "items[1].quantity");
    assert_eq!(app.head().await, head);
}

#[tokio::test]
async fn an_order_from_items_leaves_the_cart_as_it_is() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("150", 5).await;
    buyer.post("/cart/items", &json!({ "productId": product.id, "quantity": 1 })).await;
    let s0 = json!({ "items": [{ "product_id": product.id, "quantity": 1 }], "shipping_address": address(),
                     "payment_method": "card" });
    let order = buyer.post("/orders", &s0).await;
    assert_eq!(order.status, 201, "{}", order.text);
    assert_eq!(order.json()["data"]["paymentMethod"], "Credit Card");
    assert_eq!(app.events("carts", &buyer.id.to_string()).await, ["CartItemAdded"]);
}

#[tokio::test]
async fn the_products_of_the_documents_are_accepted_as_printed() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let admin = app.person(Role::Admin).await;
    let s0 = json!({ "title": "Nike Air Jordan", "price": 150.00, "description": "...", "stock_quantity": 5,
                     "images": ["url1", "url2"], "category_id": "uuid", "shipping_profile_id": "uuid" });
    let made = seller.post("/products", &s0).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let data = &made.json()["data"];
    assert_eq!((&data["slug"], &data["stock"]), (&json!("nike-air-jordan"), &json!(5)));
    assert_eq!(data["sellerId"], json!(seller.shop));
    assert!(data["sku"].as_str().unwrap().starts_with("P-"));
    let twin = seller.post("/products", &s0).await;
    assert_eq!(twin.status, 201, "a made slug makes way: {}", twin.text);

    let s4 = json!({ "name": "Smart Watch Pro", "slug": "smart-watch-pro", "price": 399.99, "compareAtPrice": 499.99,
                     "description": "Advanced fitness tracking smartwatch", "longDescription": "Full description...",
                     "sku": "SW-PRO-001", "categoryId": "cat-002", "stock": 100,
                     "images": [{ "url": "https://cdn.example.com/1.jpg", "alt": "Front", "isPrimary": true }],
                     "tags": ["smartwatch", "fitness"], "attributes": [{ "name": "Color", "value": "Silver" }],
                     "specifications": { "brand": "TechWear", "waterResistance": "5ATM" } });
    let made = admin.post("/products", &s4).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert!(made.text.contains(r#""price":399.99,"compareAtPrice":499.99"#), "{}", made.text);
    let twin = admin.post("/products", &s4).await;
    assert_eq!((twin.status.as_u16(), twin.code().as_str()), (409, "ALREADY_EXISTS"));
}

#[tokio::test]
async fn stock_is_received_and_adjusted_by_its_owner_alone() {
    let app = App::start().await;
    let (seller, other) = (app.person(Role::Seller).await, app.person(Role::Seller).await);
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("2.50", 0).await;
    let path = format!("/products/{}/stock", product.id);
    let received = seller.post(&path, &json!({ "quantity": 10, "reason": "first delivery" })).await;
    assert_eq!(received.status, 200, "{}", received.text);
    assert_eq!(received.json()["data"]["stock"], 10);
    assert_eq!(other.post(&path, &json!({ "quantity": 1 })).await.status, 403);
    assert_eq!(buyer.post(&path, &json!({ "quantity": 1 })).await.status, 403);

    assert_eq!(buyer.order(&[(&product, 6)]).await.status, 201);
    let below = seller.post(&path, &json!({ "quantity": -5 })).await;
    assert_eq!((below.status.as_u16(), below.code().as_str()), (409, "CONFLICT"));
    let adjusted = seller.post(&path, &json!({ "quantity": -4 })).await;
    assert_eq!((adjusted.status.as_u16(), adjusted.json()["data"]["onHand"].as_u64()), (200, Some(6)));
    let renamed = json!({ "name": "Renamed" });
    assert_eq!(seller.send(Method::PATCH, &format!("/products/{}", product.id), &renamed).await.status, 200);
    let stale =
        seller.request(Method::POST, &path).header("if-match", "\"1\"").json(&json!({ "quantity": 1 }));
    assert_eq!(crate::harness::Answer::of(stale).await.status, 412);
}

#[tokio::test]
async fn the_quantity_in_a_cart_is_set_and_taken_out() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("299.99", 5).await;
    let item = format!("/cart/items/{}", product.id);
    assert_eq!(buyer.send(Method::PUT, &item, &json!({ "quantity": 3 })).await.status, 404);
    buyer.post("/cart/items", &json!({ "productId": product.id, "quantity": 1 })).await;
    let set = buyer.send(Method::PUT, &item, &json!({ "quantity": 3 })).await;
    assert!(set.status == 200 && set.text.contains(r#""subtotal":899.97"#), "{}", set.text);
    let over = buyer.send(Method::PATCH, &item, &json!({ "quantity": 6 })).await;
    assert_eq!((over.status.as_u16(), over.code().as_str()), (409, "INSUFFICIENT_STOCK"));
    let out = buyer.send(Method::PATCH, &item, &json!({ "quantity": 0 })).await;
    assert_eq!((out.status.as_u16(), &out.json()["data"]["cart"]["itemCount"]), (200, &json!(0)));
    assert_eq!(buyer.send(Method::DELETE, &item, &json!({})).await.status, 404);
    assert_eq!(buyer.send(Method::DELETE, "/cart", &json!({})).await.status, 204);
}

#[tokio::test]
async fn a_preview_is_what_the_order_comes_to_and_changes_nothing() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("99.99", 5).await;
    let head = app.head().await;
    let preview = buyer.post("/orders/checkout", &order_of(&[(&product, 2)])).await;
    assert!(preview.status == 200 && preview.text.contains(r#""total":209.98"#), "{}", preview.text);
    assert_eq!(app.head().await, head);
}

#[tokio::test]
async fn a_process_that_stops_answers_what_it_accepted() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 100).await;
    let body = order_of(&[(&product, 1)]);
    let orders = join_all((0..32).map(|_| buyer.post("/orders", &body)));
    let (answers, ()) = tokio::join!(orders, app.stop());
    let placed = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|a| a.status == 503 && a.headers.contains_key("retry-after")).count();
    assert_eq!(placed + refused, 32);
    assert_eq!(app.streams("orders").await, i64::try_from(placed).unwrap());
}
