//! Searching: what is found, how it is counted and marked, and what is suggested.

use api_contract::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{app, category, delete, made, patch};
use crate::harness::{App, Person};

async fn data(reader: &Person<'_>, path: &str) -> Value {
    let answer = reader.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()["data"].clone()
}

async fn names(reader: &Person<'_>, path: &str) -> String {
    let data = data(reader, path).await;
    let items = data["items"].as_array().unwrap();
    assert!(data["totalCount"].as_u64().unwrap() >= items.len() as u64);
    items.iter().map(|it| it["name"].as_str().unwrap()).collect::<Vec<_>>().join(", ")
}

/// Six things of three brands.
async fn shop(app: &App, seller: &Person<'_>) -> Vec<Value> {
    let admin = app.person(Role::Admin).await;
    let computers = category(&admin, "Computers", None).await;
    let bags = category(&admin, "Bags", Some(&computers)).await;
    let mut products = Vec::new();
    for (name, brand, category, price, stock) in [
        ("Laptop 17\" silver", "Hewlett", &computers, "899.00", 3),
        ("Laptop 15.6\" black", "Dellwood", &computers, "499.00", 0),
        ("Laptop bag, nylon", "Targa", &bags, "39.00", 9),
        ("Wireless mouse WD-40", "Hewlett", &computers, "19.00", 5),
        ("Wireless mouse pad", "targa", &computers, "4.00", 5),
        ("Camera bag", "Targa", &bags, "25.00", 2),
    ] {
        let body = json!({ "name": name, "brand": brand, "categoryId": category["id"], "price": price, "stock": stock,
                           "description": format!("{name} & more <b>to like</b>") });
        products.push(made(seller, "/products", &body).await);
    }
    products
}

#[tokio::test]
async fn what_is_found_is_filtered_counted_and_marked() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    shop(&app, &seller).await;
    for (query, expected) in [
        ("q=laptops&inStock=true&sort=price_desc", "Laptop 17\" silver, Laptop bag, nylon"),
        ("q=wd40", "Wireless mouse WD-40"),
        ("q=wirless%20moues&brand=Hewlett", "Wireless mouse WD-40"),
        ("q=%22laptop%20bag%22", "Laptop bag, nylon"),
        ("q=lapt&category=bags", "Laptop bag, nylon"),
        ("q=bag&category=computers&sort=price_asc", "Camera bag, Laptop bag, nylon"),
        ("q=notebook&minPrice=800", "Laptop 17\" silver"),
        ("q=laptop&brand=hewlett,dellwood&sort=price_asc", "Laptop 15.6\" black, Laptop 17\" silver"),
        ("q=laptop&brand=hewlett&brand=dellwood&sort=price_asc", "Laptop 15.6\" black, Laptop 17\" silver"),
        ("q=sofa", ""),
    ] {
        let path = format!("/products/search?{query}");
        assert_eq!(names(&seller, &path).await, expected, "{query}");
    }
    let found = data(&seller, "/products/search?q=laptop&maxPrice=500").await;
    let counts = |list: &str| {
        let list = found["facets"][list].as_array().unwrap();
        list.iter()
            .map(|it| format!("{} {}", it["name"].as_str().unwrap(), it["count"]))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(found["totalCount"], 2);
    assert_eq!(counts("brands"), "Dellwood 1, Targa 1");
    assert_eq!(counts("categories"), "Computers 2, Bags 1");
    // Without the filter by price.
    assert_eq!(
        found["facets"]["priceRanges"],
        json!([{ "from": 25, "to": 49.99, "currency": "USD", "count": 1 },
               { "from": 250, "to": 499.99, "currency": "USD", "count": 1 },
               { "from": 500, "to": 999.99, "currency": "USD", "count": 1 }])
    );
    assert_eq!(found["facets"]["availability"], json!({ "inStock": 1, "outOfStock": 1 }));
    assert_eq!(found["items"][0]["highlights"]["name"], "<mark>Laptop</mark> bag, nylon");
    assert_eq!(
        found["items"][0]["highlights"]["description"],
        "<mark>Laptop</mark> bag, nylon &amp; more &lt;b&gt;to like&lt;/b&gt;"
    );
    let misspelt = data(&seller, "/products/search?q=camra&facets=false&highlight=false").await;
    assert_eq!((&misspelt["query"], &misspelt["correctedQuery"]), (&json!("camra"), &json!("camera")));
    assert_eq!((&misspelt["facets"], &misspelt["items"][0]["highlights"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn prices_are_compared_in_one_currency() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    for (name, price, currency) in [
        ("Lamp of yen", "500", "JPY"),
        ("Lamp of dinars", "1.234", "KWD"),
        ("Cheap lamp", "10.00", "USD"),
        ("Dear lamp", "25.00", "USD"),
    ] {
        let body = json!({ "name": name, "price": price, "currency": currency });
        made(&seller, "/products", &body).await;
    }
    for (query, expected) in [
        ("sort=price_desc", "Dear lamp, Cheap lamp, Lamp of yen, Lamp of dinars"),
        ("minPrice=20", "Dear lamp"),
        ("currency=KWD&minPrice=1.234", "Lamp of dinars"),
        ("currency=jpy", "Lamp of yen"),
        ("currency=EUR", ""),
    ] {
        assert_eq!(names(&seller, &format!("/products/search?q=lamp&{query}")).await, expected, "{query}");
    }
    let wrong = seller.get("/products/search?q=lamp&minPrice=1.234").await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["field"]), (400, &json!("minPrice")));
    let yen = data(&seller, "/products/search?q=lamp&currency=JPY").await;
    let ranges = json!([{ "from": 500, "to": 999, "currency": "JPY", "count": 1 }]);
    assert_eq!(yen["facets"]["priceRanges"], ranges);
}

#[tokio::test]
async fn a_change_of_price_stock_or_name_is_found_at_once_and_what_is_withdrawn_is_not() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    let products = shop(&app, &seller).await;
    let bag = format!("/products/{}", products[5]["id"].as_str().unwrap());
    let price = "/products/search?q=camera&maxPrice=10";
    assert_eq!(names(&seller, price).await, "");
    assert_eq!(patch(&seller, &bag, &json!({ "price": "9.00" })).await.status, 200);
    assert_eq!(names(&seller, price).await, "Camera bag");
    let adjust = json!({ "quantity": -2, "reason": "lost" });
    assert_eq!(seller.send(Method::POST, &format!("{bag}/stock"), &adjust).await.status, 200);
    let gone = data(&seller, "/products/search?q=camera").await;
    assert_eq!((&gone["items"][0]["stock"], &gone["items"][0]["price"]), (&json!(0), &json!(9.00)));
    assert_eq!(names(&seller, "/products/search?q=camera&inStock=true").await, "");
    assert_eq!(patch(&seller, &bag, &json!({ "name": "Lens pouch" })).await.status, 200);
    assert_eq!(names(&seller, "/products/search?q=pouch").await, "Lens pouch");
    assert_eq!(delete(&seller, &bag).await.status, 204);
    assert_eq!(names(&seller, "/products/search?q=pouch").await, "");
}

#[tokio::test]
async fn what_is_out_of_stock_comes_later_and_a_renamed_category_is_found_by_its_new_name() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    let products = shop(&app, &seller).await;
    assert_eq!(
        names(&seller, "/products/search?q=laptop&category=computers&brand=hewlett,dellwood").await,
        "Laptop 17\" silver, Laptop 15.6\" black"
    );
    let admin = app.person(Role::Admin).await;
    let bags = products[5]["category"]["id"].as_str().unwrap();
    assert_eq!(
        patch(&admin, &format!("/categories/{bags}"), &json!({ "name": "Luggage" })).await.status,
        200
    );
    assert_eq!(
        names(&admin, "/products/search?q=luggage&sort=price_asc").await,
        "Camera bag, Laptop bag, nylon"
    );
    let found = data(&admin, "/products/search?q=luggage").await;
    assert_eq!(found["facets"]["categories"][1]["name"], "Luggage");
}

#[tokio::test]
async fn pages_go_on_by_cursor_while_products_come() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    for n in 0..9 {
        made(&seller, "/products", &json!({ "name": format!("Lamp {n}"), "price": 10, "stock": 1 })).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = data(&seller, &format!("/products/search?q=lamp&sort=newest&pageSize=4{cursor}")).await;
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        made(&seller, "/products", &json!({ "name": "Late lamp", "price": 10 })).await;
    }
    assert_eq!(seen, (0..9).rev().map(|n| format!("Lamp {n}")).collect::<Vec<_>>());
    let mut wrong = vec!["/products/search?q=lamp&cursor=nowhere".to_owned()];
    let orders = ["relevance", "newest", "created_asc", "price_asc", "price_desc", "name_asc", "name_desc"];
    for order in orders {
        let page = data(&seller, &format!("/products/search?q=lamp&pageSize=1&sort={order}")).await;
        let cursor = page["nextCursor"].as_str().unwrap();
        let others = orders.iter().filter(|other| **other != order);
        wrong.extend(others.map(|other| format!("/products/search?q=lamp&sort={other}&cursor={cursor}")));
    }
    for path in wrong {
        let wrong = seller.get(&path).await;
        let refused = (wrong.status.as_u16(), wrong.json()["errors"][0]["field"].clone());
        assert_eq!(refused, (400, json!("cursor")), "{path}");
    }
}

/// Guards against pages that are of two searches, without anybody being told.
#[tokio::test]
async fn a_cursor_goes_on_with_the_search_that_gave_it_alone() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    for n in 0..3 {
        let lamp = json!({ "name": format!("Lamp {n}"), "brand": "Acme", "price": 10, "stock": 1, "isFeatured": true });
        made(&seller, "/products", &lamp).await;
    }
    let shop = seller.shop.unwrap();
    for (list, others) in [
        (
            "/products/search?q=lamp&brand=acme,bright&currency=USD",
            vec![
                "/products/search?q=lamp&brand=acme,bright".to_owned(),
                "/products/search?q=lamp&brand=acme&currency=USD".to_owned(),
                "/products/search?q=lamps&brand=acme,bright&currency=USD".to_owned(),
                "/products/search?q=lamp&brand=acme,bright&currency=USD&inStock=true".to_owned(),
                format!("/products/search?q=lamp&brand=acme,bright&currency=USD&sellerId={shop}"),
                "/products?brand=acme,bright&currency=USD".to_owned(),
            ],
        ),
        ("/products?sort=newest", vec!["/products/featured?sort=newest".to_owned()]),
        ("/products/featured?a=", vec!["/products?a=".to_owned(), format!("/sellers/{shop}/products?a=")]),
    ] {
        let page = data(&seller, &format!("{list}&pageSize=1")).await;
        let cursor = page["nextCursor"].as_str().unwrap();
        let next = data(&seller, &format!("{list}&pageSize=1&cursor={cursor}")).await;
        assert_eq!(next["items"][0]["name"], "Lamp 1", "{list}");
        for other in others {
            let refused = seller.get(&format!("{other}&cursor={cursor}")).await;
            assert_eq!(refused.status, 400, "{other}: {}", refused.text);
            let error = refused.json()["errors"][0].clone();
            let malformed = seller.get(&format!("{other}&cursor=nowhere")).await.json()["errors"][0].clone();
            assert_eq!((&error["field"], &error), (&json!("cursor"), &malformed), "{other}");
        }
        if list.contains("q=lamp") {
            let same = "/products/search?q=LAMP&brand=ACME,Bright&currency=usd&facets=false&pageSize=2";
            let next = data(&seller, &format!("{same}&cursor={cursor}")).await;
            assert_eq!(next["items"].as_array().unwrap().len(), 2);
        }
    }
}

#[tokio::test]
async fn what_is_being_typed_is_completed() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    shop(&app, &seller).await;
    let found = data(&seller, "/products/suggest?q=wireless%20mou&limit=2").await;
    assert_eq!(found["suggestions"], json!([{ "text": "wireless mouse", "count": 2 }]));
    assert_eq!(found["products"].as_array().unwrap().len(), 2);
    let found = data(&seller, "/products/suggest?q=tar").await;
    assert_eq!(found["brands"], json!([{ "text": "Targa", "count": 2 }, { "text": "targa", "count": 1 }]));
    assert_eq!(seller.get("/products/suggest").await.status, 400);
    for (limit, products) in [("limit=1", 1), ("pageSize=2", 2), ("limit=100", 4)] {
        let found = data(&seller, &format!("/products/suggest?q=laptop%20ba&{limit}")).await;
        assert_eq!(found["products"].as_array().unwrap().len(), products, "{limit}");
    }
    assert_eq!(seller.get("/products/suggest?q=a&limit=0").await.status, 400);
}
