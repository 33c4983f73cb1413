//! The default address, set to two at once, while another is added and one is removed.

use api_contract::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::ROUNDS;
use crate::harness::{App, Person};

fn body(is_default: bool) -> Value {
    json!({ "street": "1 Elm St", "city": "X", "country": "US", "isDefault": is_default })
}

async fn add(person: &Person<'_>, is_default: bool) -> String {
    let answer = person.post("/users/addresses", &body(is_default)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    format!("/users/addresses/{}", answer.json()["data"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn exactly_one_is_the_default() {
    let app = App::start().await;
    for round in 0..ROUNDS {
        let jane = app.person(Role::Customer).await;
        // From nothing: both say that they aren't, or are, the default.
        let (a, b) = tokio::join!(add(&jane, round % 2 == 0), add(&jane, round % 2 == 0));
        one_default(&app, &jane, 2, round).await;
        let (default, nothing) = (body(true), json!({}));
        let (set_a, set_b, _, gone) = tokio::join!(
            jane.send(Method::PUT, &a, &default),
            jane.send(Method::PUT, &b, &default),
            add(&jane, true),
            jane.send(Method::DELETE, if round % 2 == 0 { &a } else { &b }, &nothing),
        );
        assert_eq!(gone.status, 204);
        let (kept, perhaps_gone) = if round % 2 == 0 { (set_b, set_a) } else { (set_a, set_b) };
        assert_eq!(kept.status, 200, "{}", kept.text);
        assert!([200, 404].contains(&perhaps_gone.status.as_u16()), "{}", perhaps_gone.text);
        one_default(&app, &jane, 2, round).await;
    }
}

async fn one_default(app: &App, person: &Person<'_>, count: usize, round: usize) {
    let stored = identity::addresses::all(&app.database.pool, person.id).await.unwrap();
    let defaults = stored.iter().filter(|address| address.is_default).count();
    assert_eq!((stored.len(), defaults), (count, 1), "round {round}");
}
