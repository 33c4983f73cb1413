//! Each link leads from something that an answer has to something that an operation takes.

use serde_json::Value;

use super::described::operations;
use super::{read, text};

/// A schema, with what it refers to in its place: the first that isn't null of those that it may be.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return resolved(document, target.unwrap_or_else(|| panic!("no {reference}")));
    }
    match ["oneOf", "anyOf"].iter().find_map(|choice| schema[*choice].as_array()) {
        Some(choices) => {
            let real = choices.iter().find(|it| it["type"] != "null");
            resolved(document, real.expect("something besides null"))
        }
        None => schema,
    }
}

/// What stands in a schema where a pointer leads.
fn found<'d>(document: &'d Value, schema: &'d Value, pointer: &str) -> Option<&'d Value> {
    let step = |schema: &'d Value, field: &str| {
        let schema = resolved(document, schema);
        if field.parse::<usize>().is_ok() { schema.get("items") } else { schema["properties"].get(field) }
    };
    pointer.split('/').filter(|field| !field.is_empty()).try_fold(schema, step)
}

/// Everything in a link's body that stands for something in the answer, with where it stands in the body.
fn expressions(body: &Value, at: &str, into: &mut Vec<(String, String)>) {
    match body {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| expressions(value, &format!("{at}/{name}"), into));
        }
        Value::Array(items) => items.iter().for_each(|value| expressions(value, &format!("{at}/0"), into)),
        Value::String(expression) => into.push((at.to_owned(), expression.clone())),
        _ => {}
    }
}

#[test]
fn every_link_leads_somewhere() {
    let document = read("openapi.json");
    let operations = operations(&document);
    let (mut links, mut wrong) = (0, Vec::new());
    for (_, _, from) in &operations {
        let answers = from["responses"].as_object().unwrap().values();
        for (answer, links_of) in answers.filter_map(|it| Some((it, it["links"].as_object()?))) {
            for (name, link) in links_of {
                links += 1;
                let mut say = |what: String| wrong.push(format!("{} {name}: {what}", from["operationId"]));
                let to = operations.iter().find(|(_, _, it)| it["operationId"] == link["operationId"]);
                let Some((_, _, to)) = to else {
                    say(format!("there is no operation {}", link["operationId"]));
                    continue;
                };
                let mut expected = Vec::new();
                for (parameter, expression) in link["parameters"].as_object().into_iter().flatten() {
                    expected.push(text(expression));
                    if !to["parameters"].as_array().into_iter().flatten().any(|it| it["name"] == **parameter)
                    {
                        say(format!("there is no parameter {parameter}"));
                    }
                }
                let mut fields = Vec::new();
                expressions(&link["requestBody"], "", &mut fields);
                for (field, expression) in fields {
                    expected.push(expression);
                    let body = &to["requestBody"]["content"]["application/json"]["schema"];
                    if found(&document, body, &field).is_none() {
                        say(format!("there is no field {field}"));
                    }
                }
                assert!(!expected.is_empty(), "{name} carries something");
                for expression in expected {
                    let pointer = expression.strip_prefix("$response.body#").unwrap_or_default();
                    let schema = &answer["content"]["application/json"]["schema"];
                    if pointer.is_empty() || found(&document, schema, pointer).is_none() {
                        say(format!("the answer has no {expression}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(links >= 60, "a table that isn't looked up any more: {links}");
}

/// Whatever is created is named by an id, and something can be done with it.
#[test]
fn everything_that_is_created_leads_on() {
    let document = read("openapi.json");
    let dead_ends: Vec<_> = operations(&document)
        .into_iter()
        .filter(|(_, _, it)| !it["responses"]["201"].is_null() && it["responses"]["201"]["links"].is_null())
        .map(|(_, _, it)| text(&it["operationId"]))
        .collect();
    assert!(dead_ends.is_empty(), "{dead_ends:?}");
}
