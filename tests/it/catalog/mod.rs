//! The catalog: products and categories, and what everybody reads of them.

mod caching;
mod categories;
mod lists;
mod products;
mod search;
mod words;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Options, Person};

/// Daybook with its read side.
async fn app() -> App {
    App::start_with(Options { queries: true, process_managers: false, ..Options::default() }).await
}

/// Makes something; its data.
async fn made(person: &Person<'_>, path: &str, body: &Value) -> Value {
    let answer = person.post(path, body).await;
    assert_eq!(answer.status, 201, "{path} {body}: {}", answer.text);
    answer.json()["data"].clone()
}

async fn category(admin: &Person<'_>, name: &str, parent: Option<&Value>) -> Value {
    made(admin, "/categories", &json!({ "name": name, "parentId": parent.map(|it| &it["id"]) })).await
}

async fn patch(person: &Person<'_>, path: &str, body: &Value) -> Answer {
    person.send(Method::PATCH, path, body).await
}

async fn delete(person: &Person<'_>, path: &str) -> Answer {
    person.send(Method::DELETE, path, &json!({})).await
}

fn refusal(answer: &Answer) -> (u16, String, String) {
    let field = answer.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), answer.code(), field)
}

fn refused(status: u16, code: &str, field: &str) -> (u16, String, String) {
    (status, code.to_owned(), field.to_owned())
}
