//! What everybody reads of the catalog can be kept.

use api_contract::Role;
use reqwest::Method;
use serde_json::json;

use super::{app, category, patch};
use crate::harness::{Answer, App};

async fn known(app: &App, path: &str, tag: &str) -> Answer {
    Answer::of(app.request(Method::GET, path).header("if-none-match", tag)).await
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let app = app().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    category(&admin, "Home", None).await;
    let product = seller.product("10.00", 5).await;
    let of_product = format!("/api/v1/products/{}", product.id);
    // The reader's own writes are waited for, and with them all before.
    seller.get(&format!("/products/{}", product.id)).await;
    seller.get("/products").await;
    for path in
        [of_product.as_str(), "/api/v1/products", "/api/v1/products/search?q=thing", "/api/v1/categories"]
    {
        let first = app.get(path).await;
        assert_eq!(first.status, 200, "{path}");
        assert_eq!(first.headers["cache-control"], "public, max-age=5, must-revalidate");
        let tag = first.headers["etag"].to_str().unwrap();
        let again = known(&app, path, tag).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{path}");
        assert_eq!(again.headers["etag"].to_str().unwrap(), tag);
    }
    let tag = app.get(&of_product).await.headers["etag"].to_str().unwrap().to_owned();
    let stock = format!("/products/{}/stock", product.id);
    assert_eq!(seller.post(&stock, &json!({ "quantity": 1 })).await.status, 200);
    seller.get(&format!("/products/{}", product.id)).await;
    let changed = known(&app, &of_product, &tag).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["data"]["stock"]), (200, &json!(6)));
}

#[tokio::test]
async fn who_is_logged_in_asks_each_time() {
    let app = app().await;
    let seller = app.person(Role::Seller).await;
    let product = seller.product("10.00", 5).await;
    let path = format!("/products/{}", product.id);
    let first = seller.get(&path).await;
    assert_eq!(first.headers["cache-control"], "private, no-cache");
    let tag = first.headers["etag"].to_str().unwrap();
    let again = Answer::of(seller.request(Method::GET, &path).header("if-none-match", tag)).await;
    assert_eq!(again.status, 304);
    patch(&seller, &path, &json!({ "price": 11 })).await;
    let changed = Answer::of(seller.request(Method::GET, &path).header("if-none-match", tag)).await;
    assert_eq!(changed.status, 200);
}
