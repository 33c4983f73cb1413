//! Five documents describe this shop's API. Every request that one of them prints is sent as it is printed, only ids,
//! tokens and the host put in, and answered with the status and the fields that it prints; docs/documents.md is the
//! table. The documents are not in the repository: they are read when the test runs.

mod answers;
mod bullets;
mod clients;
mod exchanges;
mod flows;
mod labels;
mod lines;
mod printed;
mod request;
mod scene;
mod sections;
mod table;
mod world;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value};
use uuid::Uuid;

use answers::{Compared, camel_case};
use printed::Printed;
use request::{Request, read};
use scene::Scene;
use table::Row;
use world::World;

use crate::harness::Answer;

/// How each document prints its requests.
type Extract = fn(&'static str, &str) -> Vec<Request>;
const DOCUMENTS: [(&str, Extract); 5] = [
    ("000", sections::requests),
    ("001", bullets::requests),
    ("002", labels::requests),
    ("003", flows::requests),
    ("004", exchanges::requests),
];
/// Whose body and status a document means that prints none, for the same endpoint.
const PREFERRED: [&str; 4] = ["004", "000", "003", "002"];

/// What they print, all of it; `None` without the documents.
fn all() -> Option<Vec<Vec<Request>>> {
    DOCUMENTS.iter().map(|(number, extract)| Some(extract(number, &read(number)?))).collect()
}

/// What comes in later parts of Daybook.
fn is_later(request: &Request) -> bool {
    let route = request.route();
    let later = ["/sellers", "/streams", "/notifications", "/webhooks"];
    later.iter().any(|start| route.starts_with(start))
}

#[test]
fn every_request_is_found_in_its_document() {
    let Some(documents) = all() else { return };
    let counts: Vec<_> = documents.iter().map(Vec::len).collect();
    // Counted by hand.
    assert_eq!(counts, [20, 17, 3, 25, 46]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_printed_request_is_answered_as_its_document_says() {
    let Some(documents) = all() else { return };
    let only = std::env::var("DAYBOOK_DOCUMENT").unwrap_or_default();
    let everything: Vec<Request> = documents.concat();
    let mut rows = Vec::new();
    for requests in documents.iter().filter(|it| it.iter().any(|it| it.document.starts_with(&only))) {
        let world = World::open(requests[0].document).await;
        for request in requests {
            rows.push(row(&world, request, &everything).await);
        }
        world.close().await;
    }
    let short: Vec<_> = rows.iter().filter(|row| row.falls_short()).map(Row::to_string).collect();
    assert!(short.is_empty(), "{} of {} fall short:\n{}", short.len(), rows.len(), short.join("\n"));
    if only.is_empty() {
        table::check(&rows);
    }
}

/// Sends one request and compares what comes with what is printed.
async fn row(world: &World, request: &Request, everything: &[Request]) -> Row {
    // PUT merges like PATCH.
    let merges = |method: &Method| *method == Method::PUT || *method == Method::PATCH;
    let same = |it: &&Request| {
        let alike = it.method == request.method || (merges(&it.method) && merges(&request.method));
        alike && it.route() == request.route()
    };
    let preferred =
        PREFERRED.iter().flat_map(|number| everything.iter().filter(move |it| it.document == *number));
    let alike: Vec<&Request> = preferred.filter(same).collect();
    let mut sent = request.clone();
    let mut row = Row::new(request, is_later(request));
    if sent.body.is_none()
        && let Some(other) = alike.iter().find(|it| it.body.is_some())
    {
        sent.body.clone_from(&other.body);
        row.note(format!("body of {}", other.document));
    }
    row.expected = request.status.or_else(|| alike.iter().find_map(|it| it.status));
    let mut body = sent.body.as_ref().map(|it| put_in(it, &Scene::default()));
    match world.set(&sent, body.as_ref()).await {
        Ok(scene) => {
            body = sent.body.as_ref().map(|it| put_in(it, &scene));
            let answer = send(world, &sent, &scene, body.as_ref()).await;
            compare(&mut row, request, &answer);
        }
        Err(missing) => row.lacks(missing),
    }
    row
}

async fn send(world: &World, request: &Request, scene: &Scene, body: Option<&Value>) -> Answer {
    let path = address(&request.path, scene);
    let mut sending = world.request(request.method.clone(), &path, &scene.token, body);
    for (name, value) in &request.headers {
        sending = sending.header(name, value);
    }
    Answer::of(sending).await
}

fn compare(row: &mut Row, request: &Request, answer: &Answer) {
    row.answered = Some(answer.status.as_u16());
    if row.later {
        return;
    }
    if !row.status_is_right() {
        return row.lacks(refusal(answer));
    }
    if let Some((_, accepted)) = request.headers.iter().find(|(name, _)| name == "Accept") {
        let kind = answer.headers.get("content-type").and_then(|it| it.to_str().ok()).unwrap_or_default();
        if kind != accepted {
            row.lacks(format!("answered {kind:?}"));
        }
    }
    if let Some(printed) = &request.answer {
        let compared = Compared::of(printed, &answer.json(), request.body.as_ref(), is_worked_out(request));
        for lack in compared.lacks {
            row.lacks(lack);
        }
        for word in compared.words {
            row.note(word);
        }
    }
}

/// Documents 003 and 004 work one order out, from the cart to the payment.
fn is_worked_out(request: &Request) -> bool {
    let route = request.route();
    let first_line = request.method == Method::POST && route == "/cart/items" && request.document == "004";
    let worked = ["/cart", "/orders", "/payments"].iter().any(|start| route.starts_with(start));
    ["003", "004"].contains(&request.document) && worked && !first_line
}

/// Codes, fields and messages of a refusal, without what differs each time.
fn refusal(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let errors = errors.iter().map(|error| {
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        format!("{} {} {}", text("code"), text("field"), text("message"))
    });
    format!("answered {}: {}", answer.status.as_u16(), errors.collect::<Vec<_>>().join(", "))
}

/// The path as printed, with ids in the place of names and of `uuid`.
fn address(printed: &str, scene: &Scene) -> String {
    let (path, query) = printed.split_once('?').map_or((printed, None), |(path, query)| (path, Some(query)));
    let mut ids = scene.path.iter().cloned();
    let segments = path.split('/').map(|segment| {
        if segment.starts_with([':', '{']) {
            ids.next().unwrap_or_else(|| Uuid::now_v7().to_string())
        } else {
            segment.to_owned()
        }
    });
    let mut path = segments.collect::<Vec<_>>().join("/");
    for (index, pair) in query.iter().flat_map(|it| it.split('&')).enumerate() {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A query that ends with its `=` is completed.
        let value = match value {
            "" => "headphones",
            "uuid" => scene.fields.get(camel_case(name).as_str()).map_or(value, String::as_str),
            value => value,
        };
        path.push(if index == 0 { '?' } else { '&' });
        path.extend([name, "=", value]);
    }
    path
}

/// The body as printed, with the scene's ids and tokens in the place of the printed ones.
fn put_in(printed: &Printed, scene: &Scene) -> Value {
    match printed {
        Printed::Object(members) => Value::Object(
            members
                .iter()
                .filter_map(|(key, value)| {
                    let name = camel_case(key);
                    let stands_for_another = matches!(value, Printed::Word(_))
                        || name.ends_with("Id")
                        || matches!(name.as_str(), "token" | "refreshToken");
                    let put = scene.fields.get(name.as_str()).filter(|_| stands_for_another);
                    if let Some(put) = put {
                        return Some((key.clone(), Value::String(put.clone())));
                    }
                    let kept = !matches!(value, Printed::Word(_) | Printed::Elided);
                    kept.then(|| (key.clone(), put_in(value, scene)))
                })
                .collect::<Map<_, _>>(),
        ),
        Printed::List(items) => {
            items.iter().filter(|it| **it != Printed::Elided).map(|it| put_in(it, scene)).collect()
        }
        other => other.to_json().unwrap_or_default(),
    }
}

/// The numbers of the documents that the rows come from.
fn numbers(rows: &[Row]) -> BTreeSet<&'static str> {
    rows.iter().map(|row| row.document).collect()
}
