//! Who may do what: for each operation of the document and each kind of caller, the status that `table.txt` says.
//!
//! The operations are read from the document that is served, so one that has no row fails here. Everything is asked anew
//! with things of its own, so no row depends on another.

mod asked;
mod once;
mod table;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::asked::Asked;
use self::table::{CALLERS, Row};
use self::world::World;
use crate::harness::{Answer, App, Options, Place};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_answers_each_caller_as_the_table_says() {
    let app = App::start_with(Options { process_managers: false, ..Options::default() }).await;
    // The people are made without a process, which serves them all the same: the keys are in one place.
    let place = Place::new("up", &app.database, app.key_folder().parent().unwrap());
    let process = place.start().await;
    let world = World::make(&app, &place).await;
    let document = Answer::of(reqwest::Client::new().get(place.url("/openapi.json"))).await.json();
    let mut rows = table::rows();
    let mut wrong = Vec::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{} {path}", method.to_ascii_uppercase());
        let found = ask(&world, &method, &path, &operation).await;
        wrong.extend(
            found.lacking.iter().map(|header| format!("{name}: a success lacks the header {header}")),
        );
        match rows.remove(&name) {
            None => wrong.push(format!("{found}\n    has no row")),
            Some(row) if row.statuses != found.statuses => {
                wrong.push(format!("{found}\n    but the table says\n{}", row.aligned(&name)));
            }
            Some(_) => {}
        }
    }
    wrong.extend(rows.into_keys().map(|name| format!("{name} has a row and is not served")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
    process.stop().await;
    app.stop().await;
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = crate::openapi::described::operations(document);
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found
}

/// What each caller is answered.
struct Found {
    name: String,
    statuses: [u16; CALLERS.len()],
    /// What was said, for whoever has to find out.
    messages: BTreeMap<&'static str, String>,
    /// Headers that a success must have, and had not.
    lacking: BTreeSet<String>,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", Row { statuses: self.statuses }.aligned(&self.name))?;
        self.messages.iter().try_for_each(|(caller, message)| write!(f, "\n    {caller}: {message}"))
    }
}

async fn ask(world: &World<'_>, method: &str, path: &str, operation: &Value) -> Found {
    let name = format!("{} {path}", method.to_ascii_uppercase());
    let mut found =
        Found { name, statuses: [0; CALLERS.len()], messages: BTreeMap::new(), lacking: BTreeSet::new() };
    for (place, caller) in CALLERS.into_iter().enumerate() {
        let asked = Asked::make(world, caller, method, path, operation).await;
        let answer = asked.send(world).await;
        found.statuses[place] = answer.status.as_u16();
        found.lacking.extend(lacking(&answer, operation));
        if !answer.status.is_success() && !matches!(answer.status.as_u16(), 401 | 403 | 404) {
            found.messages.insert(caller, answer.text.chars().take(300).collect());
        }
    }
    found
}

/// The headers that the document says an answer with this status has, and that it hasn't.
fn lacking(answer: &Answer, operation: &Value) -> Vec<String> {
    let headers = operation["responses"][answer.status.as_str()]["headers"].as_object();
    let required = headers.into_iter().flatten().filter(|(_, header)| header["required"] == true);
    required.map(|(name, _)| name.clone()).filter(|name| !answer.headers.contains_key(name)).collect()
}
