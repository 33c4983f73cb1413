//! Everything that is served is described, and everything that is described is described whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Pages for people, beside the API.
const BESIDE: [&str; 1] = ["command-api/src/gateway/"];

/// Each operation of a document: path, method, operation.
pub fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        let known = |(method, _): &(String, Value)| {
            ["get", "post", "put", "patch", "delete"].contains(&method.as_str())
        };
        let path = path.clone();
        item.into_iter().filter(known).map(move |(method, it)| (path.clone(), method, it))
    };
    paths.iter().flat_map(methods).collect()
}

/// A route that is collected with `routes!` is in the document; one that was added with `route` would be served and not
/// described.
#[test]
fn every_route_is_collected_with_its_description() {
    let mut bare = Vec::new();
    for crate_name in ["command-api/src", "query-api/src"] {
        for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(crate_name)) {
            let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
            let source = std::fs::read_to_string(&file).unwrap();
            let routed = source.contains(".route(\"") || source.contains(".route(&format!");
            if routed && !BESIDE.iter().any(|beside| name.starts_with(beside)) {
                bare.push(name);
            }
        }
    }
    assert!(bare.is_empty(), "these add routes without a description: {bare:?}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_operation_says_what_it_is() {
    let document = super::read("openapi.json");
    let described: BTreeSet<_> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|tag| tag["description"].is_string())
        .map(|tag| super::text(&tag["name"]))
        .collect();
    let (mut ids, mut wrong) = (BTreeSet::new(), Vec::new());
    for (path, method, operation) in operations(&document) {
        let mut say = |what: &str| wrong.push(format!("{method} {path}: {what}"));
        match operation["operationId"].as_str() {
            Some(id) if ids.insert(id.to_owned()) => {}
            Some(_) => say("its operationId is another one's"),
            None => say("it has no operationId"),
        }
        if operation["summary"].as_str().is_none_or(str::is_empty) {
            say("it has no summary");
        }
        match operation["tags"].as_array().map(Vec::as_slice) {
            Some([tag]) if described.contains(tag.as_str().unwrap()) => {}
            Some([_]) => say("its tag is not described"),
            _ => say("it has not one tag"),
        }
        let answers = operation["responses"].as_object().unwrap();
        if !answers.keys().any(|status| status.starts_with('2') || status.starts_with('3')) {
            say("it has no success");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["schema"].is_null() {
                say("a parameter has no schema");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two schemas of one name are one in the document: whichever came last. The words of a status are told in both crates
/// alike.
#[test]
fn every_schema_has_a_name_of_its_own() {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for crate_name in ["api-contract/src", "identity/src", "command-api/src", "query-api/src"] {
        for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(crate_name)) {
            let source = std::fs::read_to_string(&file).unwrap();
            for attribute in source.split("#[schema(").skip(1).filter_map(|rest| rest.split(")]").next()) {
                let Some((_, name)) = attribute.split_once("as = ") else { continue };
                let name = name.split(',').next().unwrap().trim().to_owned();
                names.entry(name).or_default().push(file.display().to_string());
            }
        }
    }
    names.retain(|name, files| files.len() > 1 && name != "OrderStatusOrPaid");
    assert!(names.is_empty(), "{names:?}");
}

/// A reference that leads nowhere makes a document that no tool reads.
#[test]
fn every_reference_leads_somewhere() {
    let document = super::read("openapi.json");
    let mut lost = BTreeSet::new();
    look(&document, &document, &mut lost);
    assert!(lost.is_empty(), "{lost:?}");
}

fn look(document: &Value, at: &Value, lost: &mut BTreeSet<String>) {
    match at {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                if found.is_none() {
                    lost.insert(reference.to_owned());
                }
            }
            fields.values().for_each(|it| look(document, it, lost));
        }
        Value::Array(items) => items.iter().for_each(|it| look(document, it, lost)),
        _ => {}
    }
}
