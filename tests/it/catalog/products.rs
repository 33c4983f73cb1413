//! Products are changed and withdrawn by those who tend them.

use api_contract::Role;
use reqwest::Method;
use serde_json::json;

use super::{app, category, delete, made, patch, refusal, refused};
use crate::harness::{Answer, App};

#[tokio::test]
async fn patch_and_put_merge_and_null_clears() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let body = json!({ "name": "Smart Watch Pro", "price": 399.99, "compareAtPrice": 499.99, "stock": 100,
                       "brand": "TechWear", "tags": ["watch"], "specifications": { "waterResistance": "5ATM" } });
    let watch = made(&seller, "/products", &body).await;
    let path = format!("/products/{}", watch["id"].as_str().unwrap());

    let printed = json!({ "name": "Smart Watch Pro - Updated", "price": 379.99, "stock": 120 });
    let put = seller.send(Method::PUT, &path, &printed).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert!(put.text.contains(r#""price":379.99,"compareAtPrice":499.99,"discountPrice":379.99"#));
    let data = &put.json()["data"];
    assert_eq!((&data["stock"], &data["slug"]), (&json!(120), &json!("smart-watch-pro")));
    assert_eq!((&data["tags"], &data["createdAt"]), (&json!(["watch"]), &watch["createdAt"]));
    assert_eq!(put.json()["message"], "Product updated successfully");
    let id = watch["id"].as_str().unwrap();
    assert_eq!(app.events("products", id).await, ["ProductCreated", "ProductRevised"]);
    assert_eq!(app.events("inventory", id).await, ["StockReceived", "StockAdjusted"]);

    let cleared = patch(&seller, &path, &json!({ "brand": null, "compare_at_price": null })).await;
    let data = &cleared.json()["data"];
    assert_eq!(
        (&data["brand"], &data["compareAtPrice"], &data["discountPrice"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!(data["specifications"]["waterResistance"], "5ATM");

    let head = app.head().await;
    let same = seller.send(Method::PUT, &path, &cleared.json()["data"]).await;
    assert_eq!(same.status, 200, "what was answered can be sent back: {}", same.text);
    assert_eq!(app.head().await, head, "and changes nothing");
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let product = seller.product("10.00", 1).await;
    let path = format!("/products/{}", product.id);
    let body = json!({ "name": " ", "price": 1.001, "stock": -1, "slug": "Not A Slug", "images": [{}],
                       "relatedProducts": ["x"], "tags": [""], "isFeatured": "yes", "brand": 3 });
    let answer = patch(&seller, &path, &body).await;
    assert_eq!(answer.status, 400);
    let json = answer.json();
    let mut fields: Vec<_> =
        json["errors"].as_array().unwrap().iter().filter_map(|it| it["field"].as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "brand",
            "images[0].url",
            "isFeatured",
            "name",
            "price",
            "relatedProducts[0]",
            "slug",
            "stock",
            "tags[0]"
        ]
    );
    for (body, expected) in [
        (json!({ "currency": "EUR" }), refused(400, "REQUIRED_FIELD", "price")),
        (json!({ "currency": "XYZ" }), refused(400, "VALIDATION_ERROR", "currency")),
        (json!({ "discountPrice": 11 }), refused(400, "VALIDATION_ERROR", "discountPrice")),
        (json!({ "price": 5, "discountPrice": 6 }), refused(400, "VALIDATION_ERROR", "discountPrice")),
        (json!({ "relatedProducts": [uuid::Uuid::nil()] }), refused(404, "NOT_FOUND", "relatedProducts")),
        (json!({ "categoryId": uuid::Uuid::nil() }), refused(404, "NOT_FOUND", "categoryId")),
        (json!({ "sellerId": uuid::Uuid::nil() }), refused(409, "CONFLICT", "")),
        (json!({ "title": "a", "name": "b" }), refused(400, "VALIDATION_ERROR", "name")),
    ] {
        assert_eq!(refusal(&patch(&seller, &path, &body).await), expected, "{body}");
    }
}

#[tokio::test]
async fn only_its_seller_and_admins_tend_a_product() {
    let app = App::start().await;
    let (seller, other) = (app.person(Role::Seller).await, app.person(Role::Seller).await);
    let (admin, buyer) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 1).await;
    let path = format!("/products/{}", product.id);
    let change = json!({ "price": 9 });
    for stranger in [&other, &buyer] {
        assert_eq!(patch(stranger, &path, &change).await.status, 403);
        assert_eq!(delete(stranger, &path).await.status, 403);
    }
    assert_eq!(app.send(Method::PATCH, &format!("/api/v1{path}"), "{}").await.status, 401);
    assert_eq!(patch(&seller, &path, &change).await.status, 200);
    assert_eq!(patch(&admin, &path, &json!({ "price": 8 })).await.status, 200);
    let unknown = format!("/products/{}", uuid::Uuid::now_v7());
    for path in [unknown.as_str(), "/products/nonsense"] {
        assert_eq!(patch(&admin, path, &change).await.status, 404);
        assert_eq!(delete(&admin, path).await.status, 404);
    }
    assert_eq!(delete(&admin, &path).await.status, 204);
    assert_eq!(delete(&seller, &path).await.status, 404);
    assert_eq!(patch(&seller, &path, &change).await.status, 404);
}

#[tokio::test]
async fn a_change_can_be_bound_to_a_version() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    let product = seller.product("10.00", 1).await;
    let path = format!("/products/{}", product.id);
    let bound = async |method: Method, tag: &str| {
        let request =
            seller.request(method, &path).header("if-match", tag).json(&json!({ "price": tag.len() }));
        Answer::of(request).await
    };
    let read = seller.get(&path).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let changed = bound(Method::PATCH, &tag).await;
    assert_eq!((changed.status.as_u16(), changed.headers["etag"].to_str().unwrap()), (200, "\"2\""));
    for method in [Method::PATCH, Method::PUT, Method::DELETE] {
        let stale = bound(method, &tag).await;
        assert_eq!(refusal(&stale), refused(412, "PRECONDITION_FAILED", "If-Match"));
    }
    assert_eq!(bound(Method::DELETE, "\"2\"").await.status, 204);
}

#[tokio::test]
async fn a_slug_leads_to_its_product() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    let lamp = made(&seller, "/products", &json!({ "name": "Lamp", "price": 1 })).await;
    let path = format!("/products/{}", lamp["id"].as_str().unwrap());
    let id = uuid::Uuid::now_v7();
    for slug in ["search", "featured", "suggest", &id.to_string(), &id.simple().to_string()] {
        let new = json!({ "name": "Lamp", "price": 1, "slug": slug });
        for answer in
            [seller.post("/products", &new).await, patch(&seller, &path, &json!({ "slug": slug })).await]
        {
            assert_eq!(refusal(&answer), refused(400, "VALIDATION_ERROR", "slug"), "{slug}");
        }
        let named = made(&seller, "/products", &json!({ "name": slug, "price": 1 })).await;
        let its_slug = named["slug"].as_str().unwrap();
        assert!(its_slug.starts_with(&format!("{slug}-")), "{its_slug}");
        let read = seller.get(&format!("/products/{its_slug}")).await;
        assert_eq!((read.status.as_u16(), &read.json()["data"]["id"]), (200, &named["id"]), "{its_slug}");
    }
}

#[tokio::test]
async fn names_are_unique_while_they_are_used() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let one = made(&seller, "/products", &json!({ "name": "One", "price": 1, "sku": "A-1" })).await;
    let two = made(&seller, "/products", &json!({ "name": "Two", "price": 1, "sku": "A-2" })).await;
    let path = |it: &serde_json::Value| format!("/products/{}", it["id"].as_str().unwrap());
    let taken = patch(&seller, &path(&two), &json!({ "slug": "one" })).await;
    assert_eq!(refusal(&taken), refused(409, "ALREADY_EXISTS", "slug"));
    let taken = patch(&seller, &path(&two), &json!({ "sku": "A-1" })).await;
    assert_eq!(refusal(&taken), refused(409, "ALREADY_EXISTS", "sku"));
    assert_eq!(patch(&seller, &path(&one), &json!({ "slug": "uno" })).await.status, 200);
    assert_eq!(patch(&seller, &path(&two), &json!({ "slug": "one" })).await.status, 200);
    assert_eq!(delete(&seller, &path(&one)).await.status, 204);
    made(&seller, "/products", &json!({ "name": "Uno", "price": 1, "sku": "A-1", "slug": "uno" })).await;
}

#[tokio::test]
async fn a_withdrawn_product_is_gone_and_its_orders_stay() {
    let app = app().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 5).await;
    let order = buyer.order(&[(&product, 2)]).await;
    assert_eq!(order.status, 201, "{}", order.text);
    let path = format!("/products/{}", product.id);
    let deleted = delete(&seller, &path).await;
    assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (204, ""));
    assert_eq!(seller.get(&path).await.status, 404);
    assert_eq!(seller.get("/products").await.json()["data"]["totalCount"], 0);
    assert_eq!(buyer.order(&[(&product, 1)]).await.status, 404);
    let order = buyer.get(&format!("/orders/{}", order.json()["data"]["id"].as_str().unwrap())).await;
    assert_eq!(order.json()["data"]["items"][0]["productId"], product.id.as_str());
    let auditor = app.person(Role::Auditor).await;
    let history = auditor.get(&format!("/audit/products/{}/events", product.id)).await;
    assert!(history.text.contains("ProductWithdrawn"), "{}", history.text);
}

#[tokio::test]
async fn what_is_hidden_only_those_see_who_tend_it() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    let (admin, other) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let draft =
        made(&seller, "/products", &json!({ "name": "Draft", "price": 1, "stock": 3, "isActive": false }))
            .await;
    let path = format!("/products/{}", draft["id"].as_str().unwrap());
    assert_eq!(draft["isActive"], false);
    let (own, of_admin, of_other) = (seller.get(&path).await, admin.get(&path).await, other.get(&path).await);
    assert_eq!([own.status, of_admin.status, of_other.status].map(|it| it.as_u16()), [200, 200, 404]);
    assert_eq!(app.get(&format!("/api/v1{path}")).await.status, 404);
    assert_eq!(seller.get("/products").await.json()["data"]["totalCount"], 0);
    let added = other.post("/cart/items", &json!({ "productId": draft["id"], "quantity": 1 })).await;
    assert_eq!(added.status, 404);

    let shown = patch(&seller, &path, &json!({ "is_active": true })).await;
    assert_eq!(shown.json()["data"]["isActive"], true);
    assert_eq!(seller.get("/products").await.json()["data"]["totalCount"], 1);
    seller.get(&path).await; // the seller sees what the seller wrote: from here on everybody does
    assert_eq!(app.get(&format!("/api/v1{path}")).await.status, 200);
}

#[tokio::test]
async fn related_products_are_those_named_else_those_of_the_category() {
    let app = app().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let audio = category(&admin, "Audio", None).await;
    let mut ids = Vec::new();
    for name in ["One", "Two", "Three"] {
        let body = json!({ "name": name, "price": 1, "categoryId": audio["id"] });
        ids.push(made(&seller, "/products", &body).await["id"].clone());
    }
    let path = format!("/products/{}", ids[0].as_str().unwrap());
    let read = seller.get(&path).await.json();
    assert_eq!(read["data"]["relatedProducts"], json!([ids[2], ids[1]]));
    assert_eq!(read["data"]["category"], json!({ "id": audio["id"], "name": "Audio", "slug": "audio" }));
    let changed = patch(&seller, &path, &json!({ "description": "New", "stock": 3 })).await.json();
    assert_eq!(changed["data"]["relatedProducts"], json!([ids[2], ids[1]]), "as it is read");
    let named = patch(&seller, &path, &json!({ "relatedProducts": [ids[1]] })).await.json();
    assert_eq!(named["data"]["relatedProducts"], json!([ids[1]]));
    assert_eq!(seller.get(&path).await.json()["data"]["relatedProducts"], json!([ids[1]]));
    let none = patch(&seller, &path, &json!({ "relatedProducts": [] })).await.json();
    assert_eq!(none["data"]["relatedProducts"], json!([ids[2], ids[1]]), "by what the change made of it");
    let fourth = json!({ "name": "Four", "price": 1, "categoryId": audio["id"] });
    let fourth = made(&seller, "/products", &fourth).await;
    assert_eq!(fourth["relatedProducts"], json!([ids[2], ids[1], ids[0]]));
    let moved = patch(&seller, &path, &json!({ "category": null })).await.json();
    assert_eq!(moved["data"]["relatedProducts"], json!([]));
}

#[tokio::test]
async fn commands_and_queries_answer_a_product_alike() {
    let app = app().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let audio = category(&admin, "Audio", None).await;
    let body = json!({ "title": "Headphones", "price": "299.99", "discountPrice": 199.99, "category": "audio",
                       "imageUrls": ["https://cdn.example.com/1.jpg"], "stock_quantity": 2,
                       "shipping_profile_id": "uuid", "specifications": { "brand": "AudioTech" } });
    let answer = seller.post_once("k", "/products", &body).await;
    let created = answer.json()["data"].clone();
    let path = format!("/products/{}", created["id"].as_str().unwrap());
    assert_eq!(created["category"]["id"], audio["id"]);
    assert_eq!((&created["brand"], &created["title"]), (&json!("AudioTech"), &json!("Headphones")));
    assert!(answer.text.contains(r#""price":199.99,"compareAtPrice":299.99,"discountPrice":199.99"#));
    assert_eq!(seller.get(&path).await.json()["data"], created);
    assert_eq!(seller.get("/products").await.json()["data"]["items"], json!([created]));
    assert_eq!(seller.post_once("k", "/products", &body).await.json()["data"], created);
    let changed = patch(&seller, &path, &json!({ "description": "Loud" })).await.json()["data"].clone();
    assert_eq!(seller.get(&path).await.json()["data"], changed);
}
