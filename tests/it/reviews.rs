//! What buyers say of products, and the ratings that come of it.

use api_contract::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Options, Person, Product, order_of};

async fn started() -> App {
    App::start_with(Options { queries: true, ..Options::default() }).await
}

async fn review(writer: &Person<'_>, product: &Product, body: &Value) -> Answer {
    writer.post(&format!("/products/{}/reviews", product.id), body).await
}

async fn reviewed(writer: &Person<'_>, product: &Product, body: &Value) -> Value {
    let answer = review(writer, product, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["data"].clone()
}

/// What everybody reads, once everything is read that was written.
async fn read(app: &App, path: &str) -> Answer {
    let request = app.request(Method::GET, &format!("/api/v1{path}"));
    let request = request.header("x-min-position", app.head().await.to_string()).header("prefer", "wait=10");
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer
}

/// Status, code and field of a refusal.
fn refusal(answer: &Answer) -> (u16, String, Value) {
    (answer.status.as_u16(), answer.code(), answer.json()["errors"][0]["field"].clone())
}

/// An order of one of these that has come; its id.
async fn delivered(admin: &Person<'_>, buyer: &Person<'_>, product: &Product) -> String {
    let order = buyer.order(&[(product, 1)]).await.json();
    assert_eq!(buyer.pay(&order, "tok_visa").await.status, 200);
    let id = order["data"]["id"].as_str().unwrap().to_owned();
    for step in ["processing", "shipped", "delivered"] {
        let step = json!({ "status": step });
        let taken = admin.send(Method::PUT, &format!("/orders/{id}/status"), &step).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
    }
    id
}

#[tokio::test]
async fn a_review_is_written_once_and_shown_with_its_product() {
    let app = started().await;
    let seller = app.person(Role::Seller).await;
    let (ann, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let (mug, pot) = (seller.product("10.00", 5).await, seller.product("20.00", 5).await);
    let great = json!({ "rating": 5, "comment": "Great!" });
    let first = review(&ann, &mug, &great).await;
    assert_eq!((first.status.as_u16(), &first.headers["etag"]), (201, &"\"1\"".parse().unwrap()));
    let data = first.json()["data"].clone();
    assert_eq!((&data["productId"], &data["userId"]), (&json!(mug.id), &json!(ann.id.to_string())));
    assert_eq!(
        (&data["rating"], &data["title"], &data["comment"], &data["userName"]),
        (&json!(5), &Value::Null, &json!("Great!"), &json!("Jane R."))
    );
    assert_eq!(data["verifiedPurchase"], json!(false));
    let twice = review(&ann, &mug, &json!({ "rating": 1 })).await;
    assert_eq!(refusal(&twice), (409, "ALREADY_EXISTS".to_owned(), json!("productId")));
    reviewed(&ann, &pot, &json!({ "rating": 2 })).await;
    let second = reviewed(&bob, &mug, &json!({ "rating": 4, "title": "Good", "comment": "It holds" })).await;

    let path = format!("/products/{}", mug.id);
    let list = read(&app, &format!("{path}/reviews?pageSize=1")).await.json()["data"].clone();
    assert_eq!((&list["totalCount"], &list["items"]), (&json!(2), &json!([second])), "the newest first");
    let rest = read(&app, &format!("{path}/reviews?pageSize=1&page=2")).await.json()["data"].clone();
    assert_eq!(rest["items"], json!([data]));
    let detail = read(&app, &path).await;
    assert!(detail.text.contains(r#""rating":4.5,"reviewCount":2"#), "{}", detail.text);
    assert_eq!(detail.json()["data"]["reviews"], json!([second, data]));
    let renamed = seller.send(Method::PATCH, &path, &json!({ "description": "Holds tea" })).await;
    assert!(renamed.text.contains(r#""rating":4.5,"reviewCount":2"#), "{}", renamed.text);
    assert_eq!(renamed.json()["data"]["reviews"], json!([second, data]), "as it is read");
    // Of the product itself this changes nothing: it is still what it was created as.
    let pot_path = format!("/products/{}", pot.id);
    let restocked = seller.send(Method::PATCH, &pot_path, &json!({ "stock": 7 })).await;
    assert_eq!(restocked.headers["etag"].to_str().unwrap(), "\"1\"");
    let restocked = restocked.json()["data"].clone();
    assert_eq!(restocked["reviewCount"], json!(1));
    assert_eq!(restocked["reviews"], read(&app, &pot_path).await.json()["data"]["reviews"]);
    let slug = detail.json()["data"]["slug"].as_str().unwrap().to_owned();
    assert_eq!(read(&app, &format!("/products/{slug}/reviews")).await.json()["data"]["totalCount"], 2);
    assert_eq!(app.events("reviews", &format!("{}:{}", mug.id, ann.id)).await, ["ReviewWritten"]);
}

#[tokio::test]
async fn products_are_found_ordered_and_counted_by_their_ratings() {
    let app = started().await;
    let seller = app.person(Role::Seller).await;
    let (ann, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let mut things = Vec::new();
    for _ in 0..4 {
        things.push(seller.product("10.00", 5).await);
    }
    let [good, better, bad, unknown] = &things[..] else { panic!("four") };
    for (writer, product, rating) in
        [(&ann, good, 4), (&ann, better, 5), (&bob, better, 4), (&ann, bad, 1), (&bob, bad, 2)]
    {
        reviewed(writer, product, &json!({ "rating": rating })).await;
    }
    let ids = async |query: &str| {
        let data = read(&app, query).await.json()["data"].clone();
        let items = data["items"].as_array().unwrap().clone();
        items.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("sortBy=rating", vec![better, good, bad, unknown]),
        ("sortBy=rating&sortOrder=desc", vec![better, good, bad, unknown]),
        ("sort=rating_asc", vec![bad, good, better, unknown]),
        ("sortBy=rating&minRating=4", vec![better, good]),
        ("sortBy=rating&min_rating=4.01", vec![better]),
        ("sortBy=rating&minRating=1.5", vec![better, good, bad]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|it| it.id.clone()).collect();
        assert_eq!(ids(&format!("/products?{query}")).await, expected, "{query}");
    }
    let found = read(&app, "/products/search?q=thing&minRating=4&sortBy=rating").await;
    assert!(found.text.contains(r#""rating":4.5,"reviewCount":2"#), "{}", found.text);
    let data = found.json()["data"].clone();
    let stars = [(4, 2), (3, 2), (2, 2), (1, 3)].map(|(from, count)| json!({ "from": from, "count": count }));
    assert_eq!((&data["totalCount"], &data["facets"]["ratings"]), (&json!(2), &json!(stars)));
    for wrong in ["0", "6", "many"] {
        let answer = ann.get(&format!("/products?minRating={wrong}")).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (400, &json!("minRating"))
        );
    }
}

#[tokio::test]
async fn a_purchase_is_verified_by_an_order_that_was_delivered() {
    let app = started().await;
    let (seller, admin) = (app.person(Role::Seller).await, app.person(Role::Admin).await);
    let product = seller.product("10.00", 9).await;
    let verified = async |writer: &Person<'_>, body: Value| {
        reviewed(writer, &product, &body).await["verifiedPurchase"].clone()
    };
    let waiting = app.person(Role::Customer).await;
    let order = waiting.order(&[(&product, 1)]).await.json()["data"]["id"].clone();
    assert_eq!(verified(&waiting, json!({ "rating": 5, "orderId": order })).await, json!(false));

    let named = app.person(Role::Customer).await;
    let order = delivered(&admin, &named, &product).await;
    assert_eq!(verified(&named, json!({ "rating": 5, "order_id": order })).await, json!(true));

    // Which order it was is looked up where orders are listed.
    let looked_up = app.person(Role::Customer).await;
    delivered(&admin, &looked_up, &product).await;
    let listed = looked_up.request(Method::GET, "/orders?status=delivered");
    let listed = listed.header("x-min-position", app.head().await.to_string()).header("prefer", "wait=10");
    assert_eq!(Answer::of(listed).await.json()["data"]["totalCount"], 1);
    assert_eq!(verified(&looked_up, json!({ "rating": 4 })).await, json!(true));
}

/// While order history is made anew, a product that isn't there is 404 all the same, and not 503.
#[tokio::test]
async fn order_history_is_asked_only_where_a_review_depends_on_it() {
    let app = App::start().await;
    let (seller, admin) = (app.person(Role::Seller).await, app.person(Role::Admin).await);
    let (buyer, other) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 9).await;
    let order = delivered(&admin, &buyer, &product).await;
    app.database.execute_as_owner("DELETE FROM read_models WHERE name = 'order_history'").await;

    let five = json!({ "rating": 5 });
    assert_eq!(review(&other, &product, &five).await.status, 503, "which orders of theirs there are");
    let named = reviewed(&buyer, &product, &json!({ "rating": 5, "orderId": order })).await;
    assert_eq!(named["verifiedPurchase"], json!(true));
    assert_eq!(review(&buyer, &product, &five).await.status, 409, "twice");
    assert_eq!(review(&seller, &product, &five).await.status, 403, "a shop of its own product");
    let nowhere = "/products/01890000-0000-7000-8000-000000000000/reviews";
    assert_eq!(other.post(nowhere, &five).await.status, 404);
}

#[tokio::test]
async fn what_is_no_review_is_refused_and_leaves_nothing() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let (product, other) = (seller.product("10.00", 9).await, seller.product("20.00", 9).await);
    let of_other = buyer.order(&[(&other, 1)]).await.json()["data"]["id"].clone();
    let stranger = app.person(Role::Customer).await;
    let foreign = stranger.post("/orders", &order_of(&[(&product, 1)])).await.json()["data"]["id"].clone();
    let nowhere = "01890000-0000-7000-8000-000000000000";
    for (body, expected) in [
        (json!({ "rating": 6 }), (400, "VALIDATION_ERROR", json!("rating"))),
        (json!({ "rating": 0 }), (400, "VALIDATION_ERROR", json!("rating"))),
        (json!({ "rating": 4.5 }), (400, "VALIDATION_ERROR", json!("rating"))),
        (json!({ "rating": "5" }), (400, "INVALID_FORMAT", json!("rating"))),
        (json!({ "comment": "Great!" }), (400, "REQUIRED_FIELD", json!("rating"))),
        (json!({ "rating": 5, "title": "x".repeat(201) }), (400, "VALIDATION_ERROR", json!("title"))),
        (json!({ "rating": 5, "orderId": "order-123" }), (400, "INVALID_FORMAT", json!("orderId"))),
        (json!({ "rating": 5, "orderId": nowhere }), (404, "NOT_FOUND", json!("orderId"))),
        (json!({ "rating": 5, "orderId": foreign }), (404, "NOT_FOUND", json!("orderId"))),
        (json!({ "rating": 5, "orderId": of_other }), (400, "VALIDATION_ERROR", json!("orderId"))),
    ] {
        let (status, code, field) = expected;
        let answer = review(&buyer, &product, &body).await;
        assert_eq!(refusal(&answer), (status, code.to_owned(), field), "{body}: {}", answer.text);
    }
    let both = review(&buyer, &product, &json!({ "rating": 6, "orderId": "x" })).await;
    assert_eq!(both.json()["errors"].as_array().unwrap().len(), 2, "all at once");
    let five = json!({ "rating": 5 });
    let own = review(&seller, &product, &five).await;
    let reason = own.json()["errors"][0]["message"].clone();
    assert_eq!(refusal(&own), (403, "FORBIDDEN".to_owned(), Value::Null));
    assert_eq!(reason, "a shop can't review its own products");
    assert_eq!(review(&app.person(Role::Auditor).await, &product, &five).await.status, 403);
    let path = format!("/api/v1/products/{}/reviews", product.id);
    assert_eq!(app.send(Method::POST, &path, five.to_string()).await.status, 401);
    for id in [nowhere, "nonsense"] {
        assert_eq!(buyer.post(&format!("/products/{id}/reviews"), &five).await.status, 404);
        assert_eq!(buyer.get(&format!("/products/{id}/reviews")).await.status, 404);
    }
    assert_eq!(app.streams("reviews").await, 0);
    let (other_path, inactive) = (format!("/products/{}", other.id), json!({ "isActive": false }));
    assert_eq!(seller.send(Method::PATCH, &other_path, &inactive).await.status, 200);
    assert_eq!(review(&buyer, &other, &five).await.status, 404, "what isn't shown");
}

#[tokio::test]
async fn what_somebody_says_is_in_no_event_and_goes_with_them() {
    let app = started().await;
    let seller = app.person(Role::Seller).await;
    let jane = app.person(Role::Customer).await;
    let product = seller.product("10.00", 5).await;
    let said = json!({ "rating": 4, "title": "Unmistakable", "comment": "My cat likes it" });
    let path = format!("/products/{}/reviews", product.id);
    let made = jane.post_once("k", &path, &said).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let again = jane.post_once("k", &path, &said).await;
    assert_eq!((again.status.as_u16(), &again.json()["data"]), (201, &made.json()["data"]));
    let words = "SELECT count(*) FROM events WHERE payload::text ~ 'Unmistakable|My cat' OR metadata::text ~ 'Unmistakable|My cat'";
    let events: i64 = sqlx::query_scalar(words).fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(events, 0);

    command_api::accounts::erase(&app.database.pool, &app.auth.passwords, &jane.account.email).await.unwrap();
    let list = read(&app, &path).await.json()["data"]["items"].clone();
    let (rating, gone) = (&list[0]["rating"], ["title", "comment", "userName"].map(|name| &list[0][name]));
    assert_eq!((rating, gone), (&json!(4), [&Value::Null; 3]));
    assert!(
        read(&app, &format!("/products/{}", product.id)).await.text.contains(r#""rating":4,"reviewCount":1"#)
    );
}
