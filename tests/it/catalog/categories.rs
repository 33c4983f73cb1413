//! Categories are a tree that admins tend.

use api_contract::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{app, category, delete, made, patch, refusal, refused};
use crate::harness::{Answer, App};

fn path(category: &Value) -> String {
    format!("/categories/{}", category["id"].as_str().unwrap())
}

#[tokio::test]
async fn the_tree_has_its_products_counted() {
    let app = app().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let body = json!({ "name": "Electronics", "description": "Electronic devices and accessories",
                       "image": "https://cdn.example.com/categories/electronics.jpg", "sort_order": 2 });
    let electronics = made(&admin, "/categories", &body).await;
    let books = made(&admin, "/categories", &json!({ "name": "Books", "sortOrder": 1 })).await;
    let audio = category(&admin, "Audio", Some(&electronics)).await;
    assert_eq!((&electronics["slug"], &electronics["parentId"]), (&json!("electronics"), &Value::Null));
    assert_eq!(audio["parentId"], electronics["id"]);
    for (name, word) in
        [("A", audio["id"].as_str().unwrap()), ("B", "audio"), ("C", "Electronics"), ("D", "nothing of ours")]
    {
        made(&seller, "/products", &json!({ "name": name, "price": 1, "category": word })).await;
    }
    let tree = seller.get("/categories").await.json()["data"].clone();
    let names: Vec<_> = tree.as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["Books", "Electronics"], "by sortOrder");
    let mut expected = electronics.clone();
    let mut child = audio.clone();
    (child["productCount"], child["children"]) = (json!(2), json!([]));
    (expected["productCount"], expected["children"]) = (json!(3), json!([child]));
    assert_eq!(tree[1], expected);
    assert_eq!((&tree[0]["productCount"], &tree[0]["id"]), (&json!(0), &books["id"]));
    for (word, count) in [("electronics", 3), ("AUDIO", 2), ("books", 0), ("Nothing of ours", 1)] {
        let list = seller.get(&format!("/products?category={word}")).await.json();
        assert_eq!(list["data"]["totalCount"], count, "{word}");
    }
}

#[tokio::test]
async fn a_category_that_lists_products_by_its_name_is_kept_by_them() {
    let app = app().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let tea = made(&admin, "/categories", &json!({ "name": "Tea & coffee", "slug": "hot-drinks" })).await;
    let body = json!({ "name": "Assam", "price": 1, "category": "Tea & Coffee" });
    let product = made(&seller, "/products", &body).await;
    let list = seller.get("/products?category=hot-drinks").await.json();
    assert_eq!(list["data"]["totalCount"], 1);
    assert_eq!(refusal(&delete(&admin, &path(&tea)).await), refused(409, "CONFLICT", ""));
    let product = format!("/products/{}", product["id"].as_str().unwrap());
    assert_eq!(delete(&seller, &product).await.status, 204);
    assert_eq!(delete(&admin, &path(&tea)).await.status, 204);
}

#[tokio::test]
async fn a_renamed_category_is_renamed_in_its_products() {
    let app = app().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let audio = category(&admin, "Audio", None).await;
    let product = made(&seller, "/products", &json!({ "name": "A", "price": 1, "category": "audio" })).await;
    let renamed = patch(&admin, &path(&audio), &json!({ "name": "Sound", "slug": "sound" })).await;
    assert_eq!((renamed.status.as_u16(), renamed.headers["etag"].to_str().unwrap()), (200, "\"2\""));
    let position = renamed.headers["x-event-position"].to_str().unwrap();
    let product = format!("/products/{}", product["id"].as_str().unwrap());
    let request = seller.request(Method::GET, &product).header("x-min-position", position);
    let read = Answer::of(request.header("prefer", "wait=5")).await.json();
    assert_eq!(read["data"]["category"], json!({ "id": audio["id"], "name": "Sound", "slug": "sound" }));
}

#[tokio::test]
async fn what_the_tree_refuses() {
    let app = App::start().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let home = category(&admin, "Home", None).await;
    let kitchen = category(&admin, "Kitchen", Some(&home)).await;
    let slug_taken = admin.post("/categories", &json!({ "name": "Other", "slug": "home" })).await;
    assert_eq!(refusal(&slug_taken), refused(409, "ALREADY_EXISTS", "slug"));
    let twin = category(&admin, "Home", Some(&kitchen)).await;
    assert_eq!(twin["slug"], "kitchen-home", "a made slug makes way");
    let nowhere = json!({ "name": "X", "parentId": uuid::Uuid::now_v7() });
    assert_eq!(refusal(&admin.post("/categories", &nowhere).await), refused(404, "NOT_FOUND", "parentId"));
    let malformed = json!({ "name": "X", "parentId": "x" });
    assert_eq!(
        refusal(&admin.post("/categories", &malformed).await),
        refused(400, "INVALID_FORMAT", "parentId")
    );
    let circle = patch(&admin, &path(&home), &json!({ "parentId": twin["id"] })).await;
    assert_eq!(refusal(&circle), refused(409, "CONFLICT", ""));

    assert_eq!(refusal(&delete(&admin, &path(&kitchen)).await), refused(409, "CONFLICT", ""));
    let cup = json!({ "name": "Cup", "price": 1, "categoryId": twin["id"] });
    let cup = made(&seller, "/products", &cup).await;
    assert_eq!(refusal(&delete(&admin, &path(&twin)).await), refused(409, "CONFLICT", ""));
    let cup = format!("/products/{}", cup["id"].as_str().unwrap());
    let moved = patch(&seller, &cup, &json!({ "category": null })).await;
    assert_eq!(moved.json()["data"]["category"], Value::Null);
    for gone in [&twin, &kitchen, &home] {
        assert_eq!(delete(&admin, &path(gone)).await.status, 204);
        assert_eq!(delete(&admin, &path(gone)).await.status, 404);
    }
    category(&admin, "Home", None).await;

    let body = json!({ "name": "Mine" });
    assert_eq!(seller.post("/categories", &body).await.status, 403);
    assert_eq!(patch(&seller, &path(&home), &body).await.status, 403);
    assert_eq!(app.post("/api/v1/categories", &body).await.status, 401);
    let nameless = admin.post("/categories", &json!({ "slug": "A B", "sortOrder": "x" })).await;
    assert_eq!(nameless.json()["errors"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_category_is_made_once_for_its_key() {
    let app = App::start().await;
    let admin = app.person(Role::Admin).await;
    let body = json!({ "name": "Home" });
    let answers = join_all((0..16).map(|_| admin.post_once("k", "/categories", &body))).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.json()["data"]), (201, &answers[0].json()["data"]));
    }
    assert_eq!(app.streams("categories").await, 1);
    assert_eq!(admin.post_once("k", "/categories", &json!({ "name": "Other" })).await.status, 422);
}

/// Either the product comes first, and the category stays, or the category goes first, and the product isn't made.
#[tokio::test]
async fn a_category_that_goes_and_a_product_that_comes_never_miss_each_other() {
    let app = App::start().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    for _ in 0..20 {
        let home = category(&admin, "Home", None).await;
        let cup = json!({ "name": "Cup", "price": 1, "categoryId": home["id"] });
        let home = path(&home);
        let (gone, made) = tokio::join!(delete(&admin, &home), seller.post("/products", &cup));
        let outcome = (gone.status.as_u16(), made.status.as_u16());
        assert!([(204, 404), (409, 201)].contains(&outcome), "{outcome:?}");
    }
}
