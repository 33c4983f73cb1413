//! What a shop sold, by the days, weeks and months of the seller's own time zone.

use api_contract::Role;
use chrono::{Datelike as _, Days, Utc};
use identity::users::Account;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Options, Person, Product, payment_of};

async fn started() -> App {
    App::start_with(Options { queries: true, ..Options::default() }).await
}

async fn stats(seller: &Person<'_>, query: &str, min_position: i64) -> Value {
    let path = format!("/sellers/me/stats{query}");
    let request = seller.request(reqwest::Method::GET, &path).header("X-Min-Position", min_position);
    let request = request.header("Prefer", "wait=10");
    let answer = crate::harness::Answer::of(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].clone()
}

#[tokio::test]
async fn sales_are_grouped_as_the_seller_asks() {
    let app = started().await;
    let seller = app.person(Role::Seller).await;
    let (ann, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let mug = seller.product("10.00", 9).await;
    for (buyer, quantity) in [(&ann, 1), (&ann, 2), (&bob, 1)] {
        let order = buyer.order(&[(&mug, quantity)]).await.json();
        assert_eq!(buyer.pay(&order, "tok_visa").await.status, 200);
    }
    let head = app.head().await;

    let tz = chrono_tz::Asia::Karachi;
    let today = Utc::now().with_timezone(&tz).date_naive();
    let monday = today - Days::new(today.weekday().num_days_from_monday().into());
    let months = format!("{}-01", today.format("%Y-%m"));
    for (interval, name, first_day) in [
        ("", "daily", today.to_string()),
        ("&interval=day", "daily", today.to_string()),
        ("&interval=week", "weekly", monday.to_string()),
        ("&interval=month", "monthly", months),
    ] {
        let stats = stats(&seller, &format!("?tz=Asia/Karachi{interval}"), head).await;
        let row = &stats[name][0];
        assert_eq!((&row["date"], &row["currency"]), (&json!(first_day), &json!("USD")), "{stats}");
        for figures in [row, &stats["totals"]["USD"]] {
            assert_eq!(
                (&figures["grossRevenue"], &figures["orders"], &figures["units"]),
                (&json!(40.0), &json!(3), &json!(4))
            );
            assert_eq!(figures["averageOrderValue"], json!(13.33));
        }
        assert_eq!(stats["timeZone"], "Asia/Karachi");
        assert_eq!((&stats["customers"]["new"], &stats["customers"]["returning"]), (&json!(2), &json!(0)));
        assert_eq!(stats["customers"]["periods"], json!([{ "date": first_day, "new": 2, "returning": 0 }]));
        let others = ["daily", "weekly", "monthly"].into_iter().filter(|other| *other != name);
        assert!(others.into_iter().all(|other| stats[other].is_null()), "{stats}");
    }
    let tomorrow = today + Days::new(1);
    let later = stats(&seller, &format!("?tz=Asia/Karachi&from={tomorrow}"), head).await;
    assert_eq!((&later["totals"], &later["daily"]), (&json!({}), &json!([])));
}

#[tokio::test]
async fn each_currency_has_its_own_figures() {
    let app = started().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let mug = seller.product("10.00", 9).await;
    let fan = json!({ "name": "Fan", "price": "700", "currency": "JPY", "stock": 9 });
    let fan = seller.post("/products", &fan).await;
    assert_eq!(fan.status, 201, "{}", fan.text);
    let fan = Product { id: fan.json()["data"]["id"].as_str().unwrap().to_owned() };
    for (product, quantity, currency) in [(&mug, 2, "USD"), (&fan, 3, "JPY"), (&fan, 2, "JPY")] {
        let order = buyer.order(&[(product, quantity)]).await.json();
        let mut payment = payment_of(&order, "tok_visa");
        payment["currency"] = json!(currency);
        let paid = buyer.post("/payments/process", &payment).await;
        assert_eq!(paid.status, 200, "{}", paid.text);
    }

    let stats = stats(&seller, "?interval=month", app.head().await).await;
    let figures = |row: &Value| {
        let all = ["grossRevenue", "netRevenue", "orders", "units", "averageOrderValue"];
        all.map(|name| row[name].clone())
    };
    let dollars = [json!(20.0), json!(20.0), json!(1), json!(2), json!(20.0)];
    let yen = [json!(3500), json!(3500), json!(2), json!(5), json!(1750)];
    assert_eq!(stats["totals"].as_object().unwrap().len(), 2, "{stats}");
    assert_eq!(figures(&stats["totals"]["USD"]), dollars);
    assert_eq!(figures(&stats["totals"]["JPY"]), yen);
    let rows = stats["monthly"].as_array().unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (row["currency"].clone(), figures(row))).collect();
    assert_eq!(rows, [(json!("JPY"), yen), (json!("USD"), dollars)]);
    let top = stats["topProducts"].as_array().unwrap().iter();
    let top: Vec<_> =
        top.map(|row| ["productId", "currency", "grossRevenue"].map(|name| row[name].clone())).collect();
    assert_eq!(top, [[json!(fan.id), json!("JPY"), json!(3500)], [json!(mug.id), json!("USD"), json!(20.0)]]);
    assert_eq!((&stats["customers"]["new"], &stats["customers"]["returning"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn what_cannot_be_grouped_by_is_named() {
    let app = started().await;
    let seller = app.person(Role::Seller).await;
    for (query, field) in [
        ("?tz=Mars/Olympus", "tz"),
        ("?interval=fortnight", "interval"),
        ("?from=2026-02-30", "from"),
        ("?from=-9999-1-1", "from"),
        ("?from=2026-02-02&to=2026-02-01", "to"),
        ("?from=1971-12-31&tz=Africa/Monrovia", "from"),
        ("?to=1971-12-31&tz=Africa/Monrovia", "to"),
    ] {
        let answer = seller.get(&format!("/sellers/me/stats{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (400, &json!(field)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn there_are_none_of_a_shop_that_is_not_there() {
    let app = started().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let nowhere = uuid::Uuid::now_v7();
    let answer = admin.get(&format!("/sellers/{nowhere}/stats")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["errors"][0]["message"]),
        (404, &json!("Seller not found"))
    );
    assert_eq!(seller.get(&format!("/sellers/{nowhere}/stats")).await.status, 403);
    let shop = seller.shop.unwrap();
    let path = format!("/sellers/{shop}/stats");
    for reader in [&admin, &seller] {
        assert_eq!(reader.get(&path).await.status, 200);
    }
}

#[tokio::test]
async fn who_sells_no_longer_does_not_see_them() {
    let app = started().await;
    let seller = app.person(Role::Seller).await;
    let path = format!("/sellers/{}/stats", seller.shop.unwrap());
    // The shop is still theirs.
    let account = Account { roles: vec![Role::Customer], ..seller.account.clone() };
    let session = app.auth.tokens.start_session(&app.database.pool, &account).await.unwrap();
    let asked = app.request(Method::GET, &format!("/api/v1{path}")).bearer_auth(session.access_token);
    assert_eq!(Answer::of(asked).await.status, 403);
}
