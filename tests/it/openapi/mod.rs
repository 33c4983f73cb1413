//! The API's document: it is the one that is committed, it is of every route, and people can use it.

pub mod described;
mod links;
mod page;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Answer, Database, Place};

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name)
}

async fn served(place: &Place, path: &str) -> Answer {
    Answer::of(reqwest::Client::new().get(place.url(path))).await
}

/// `UPDATE_SCHEMAS=1` writes down what is served instead.
fn compare(name: &str, served: &str) {
    let file = committed(name);
    let served = format!("{}\n", served.trim_end());
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        return std::fs::write(file, served).unwrap();
    }
    let known = std::fs::read_to_string(file).unwrap_or_default();
    if known != served {
        let line = known.lines().zip(served.lines()).position(|(known, served)| known != served);
        panic!(
            "schemas/{name} is not what is served, from line {} on: run UPDATE_SCHEMAS=1 ./dev test openapi",
            line.map_or(0, |line| line + 1)
        );
    }
}

#[tokio::test]
async fn the_committed_documents_are_what_is_served() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let document = served(&place, "/openapi.json").await;
    assert_eq!(
        (document.status.as_u16(), &document.headers["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    compare("openapi.json", &document.text);
    compare("postman.json", &served(&place, "/postman.json").await.text);
    if std::env::var_os("UPDATE_SCHEMAS").is_none() {
        let printed = place.output(&["openapi"]).await;
        let printed = String::from_utf8(printed.stdout).unwrap();
        assert!(printed.trim_end() == document.text.trim_end(), "daybook openapi prints another document");
    }
    process.stop().await;
}

#[tokio::test]
async fn a_collection_for_postman_has_each_request_and_the_variables_of_the_documents() {
    let document: Value = read("openapi.json");
    let collection: Value = read("postman.json");
    let variables: Vec<_> =
        collection["variable"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap()).collect();
    for name in ["baseUrl", "accessToken", "refreshToken", "userId", "productId", "orderId"] {
        assert!(variables.contains(&name), "{name}");
    }
    let folders = collection["item"].as_array().unwrap();
    let mut requests: Vec<_> = folders
        .iter()
        .flat_map(|folder| folder["item"].as_array().unwrap())
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect();
    let mut operations: Vec<_> =
        described::operations(&document).into_iter().map(|(_, _, it)| text(&it["operationId"])).collect();
    requests.sort();
    operations.sort();
    assert_eq!(requests, operations);
}

fn read(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(committed(name)).unwrap()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
