//! Lists of products: filters, orders, pages.

use api_contract::Role;
use serde_json::{Value, json};

use super::{app, made};
use crate::harness::Person;

async fn names(reader: &Person<'_>, query: &str) -> Vec<String> {
    let answer = reader.get(query).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    let data = &answer.json()["data"];
    let items = data["items"].as_array().unwrap();
    items.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

async fn shop(seller: &Person<'_>) -> Vec<Value> {
    let mut products = Vec::new();
    for (name, price, stock, tag, featured) in
        [("Cheap", 10, 0, "sale", false), ("Middle", 20, 3, "new", true), ("Dear", 30, 1, "sale", true)]
    {
        let body = json!({ "name": name, "price": price, "stock": stock, "tags": [tag], "isFeatured": featured,
                           "description": "A lamp", "category": "Lamps" });
        products.push(made(seller, "/products", &body).await);
    }
    products
}

#[tokio::test]
async fn filters_and_orders_are_those_of_the_documents() {
    let app = app().await;
    let (seller, other) = (app.person(Role::Seller).await, app.person(Role::Seller).await);
    shop(&seller).await;
    made(&other, "/products", &json!({ "name": "Strange", "price": 15 })).await;
    let shop = seller.shop.unwrap().to_string();
    // The others' product is waited for once: a reader sees his own writes.
    assert_eq!(names(&other, "/products").await.len(), 4);
    for (query, expected) in [
        ("/products", "Strange Dear Middle Cheap"),
        ("/products?sort=price_asc", "Cheap Strange Middle Dear"),
        ("/products?sortBy=price&sortOrder=desc", "Dear Middle Strange Cheap"),
        ("/products?sortBy=name&sortOrder=asc", "Cheap Dear Middle Strange"),
        ("/products?sortBy=createdAt", "Cheap Middle Dear Strange"),
        ("/products?sortBy=rating&sortOrder=desc", "Strange Dear Middle Cheap"),
        ("/products?minPrice=15&maxPrice=20.00&sort=price_asc", "Strange Middle"),
        ("/products?min_price=10&max_price=10", "Cheap"),
        ("/products?inStock=true&sort=price_asc", "Middle Dear"),
        ("/products?inStock=false&sort=price_asc", "Cheap Strange"),
        ("/products?tag=SALE&sort=price_asc", "Cheap Dear"),
        ("/products?category=lamps&sort=price_asc", "Cheap Middle Dear"),
        ("/products?search=lamp&sort=price_desc", "Dear Middle Cheap"),
        ("/products?category=&minPrice=&tag=", "Strange Dear Middle Cheap"),
        ("/products/featured?sort=price_asc", "Middle Dear"),
        ("/products?pageNumber=2&pageSize=2&sort=price_asc", "Middle Dear"),
        ("/products?page=2&limit=3&sort=price_asc", "Dear"),
        ("/products?page=9", ""),
    ] {
        assert_eq!(names(&seller, query).await.join(" "), expected, "{query}");
    }
    assert_eq!(names(&seller, &format!("/products?seller_id={shop}&sort=price_asc")).await.len(), 3);
    assert_eq!(names(&seller, &format!("/sellers/{shop}/products")).await, ["Dear", "Middle", "Cheap"]);
    for another in ["", "me", "00000000-0000-7000-8000-000000000000"] {
        let path = format!("/sellers/{shop}/products?sellerId={another}");
        assert_eq!(names(&seller, &path).await, ["Dear", "Middle", "Cheap"], "the path alone says whose");
    }
    let found = seller.get("/products/search?q=dear").await.json()["data"].clone();
    assert_eq!((&found["query"], &found["items"][0]["name"]), (&json!("dear"), &json!("Dear")));
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let app = app().await;
    let query = "sortBy=colour&minPrice=x&inStock=maybe&pageNumber=0&sellerId=me";
    let answer = app.get(&format!("/api/v1/products?{query}")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 5, "{}", answer.text);
}

#[tokio::test]
async fn a_page_says_where_it_stands() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    shop(&seller).await;
    let data = seller.get("/products?pageSize=2").await.json()["data"].clone();
    assert_eq!(
        ["pageNumber", "pageSize", "totalPages", "totalCount"].map(|it| data[it].as_u64().unwrap()),
        [1, 2, 2, 3]
    );
    assert_eq!((&data["hasPreviousPage"], &data["hasNextPage"]), (&json!(false), &json!(true)));
    assert_eq!(data["items"][0]["seller"]["shopName"], "Roe");
}
