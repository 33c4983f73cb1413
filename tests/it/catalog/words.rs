//! The language of the search and its synonyms, as an operator sets them.

use event_store::Log;
use reqwest::Client;
use serde_json::{Value, json};

use crate::harness::{Answer, Database, Place};

/// A token of the sample shop's seller.
async fn seller(http: &Client, place: &Place) -> String {
    let people = std::fs::read(place.home().join("sample-shop.json")).unwrap();
    let people: Value = serde_json::from_slice(&people).unwrap();
    let login = http.post(place.url("/api/v1/auth/login")).json(&people["seller"]);
    Answer::of(login).await.json()["data"]["accessToken"].as_str().unwrap().to_owned()
}

/// The names of what is found, once everything of now can be.
async fn found(http: &Client, place: &Place, database: &Database, typed: &str) -> Vec<String> {
    let head = Log::new(database.pool.clone()).head().await.unwrap().position;
    let request = http.get(place.url(&format!("/api/v1/products/search?q={typed}")));
    let answer = Answer::of(request.header("X-Min-Position", head).header("Prefer", "wait=10")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.json()["data"]["items"].clone();
    items.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_shop_is_searched_in_its_language_and_with_its_synonyms() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let synonyms = home.path().join("synonyms.txt");
    std::fs::write(&synonyms, "# Garten\nzaunkram, gartenplunder\n").unwrap();
    let place = Place::new("up", &database, home.path())
        .with("DAYBOOK_SEARCH_LANGUAGE", "german")
        .with("DAYBOOK_SEARCH_SYNONYMS", synonyms.to_str().unwrap());
    let process = place.start().await;
    let http = Client::new();
    let token = seller(&http, &place).await;
    for name in ["Haus aus Holz", "Gartenplunder"] {
        let product = json!({ "name": name, "price": "9.99", "stock": 1 });
        let made = http.post(place.url("/api/v1/products")).bearer_auth(&token).json(&product);
        let made = Answer::of(made).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    assert_eq!(found(&http, &place, &database, "H%C3%A4usern").await, ["Haus aus Holz"]);
    assert_eq!(found(&http, &place, &database, "Zaunkram").await, ["Gartenplunder"]);
    process.stop().await;

    // With the settings of the box the index is another one, without a word from anybody.
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    for typed in ["H%C3%A4usern", "Zaunkram"] {
        assert_eq!(found(&http, &place, &database, typed).await, [""; 0], "{typed}");
    }
    assert_eq!(found(&http, &place, &database, "gartenplunder").await, ["Gartenplunder"]);
    process.stop().await;
}

#[tokio::test]
async fn a_language_or_a_table_that_there_is_not_is_refused_at_the_start() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let phrases = home.path().join("phrases.txt");
    std::fs::write(&phrases, "tv, television\nusb stick, drive\n").unwrap();
    for (setting, value, expected) in [
        ("DAYBOOK_SEARCH_LANGUAGE", "klingon", "must be one of english"),
        ("DAYBOOK_SEARCH_SYNONYMS", "/nowhere/at/all", "can't be read"),
        ("DAYBOOK_SEARCH_SYNONYMS", phrases.to_str().unwrap(), "line 2 of the synonyms must be single words"),
    ] {
        let place = Place::new("query-api", &database, home.path()).with(setting, value);
        let ended = place.output(&["query-api"]).await;
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && said.contains(setting) && said.contains(expected), "{said}");
    }
}
