//! What may be done next: which answer has what another operation wants. For people who read the document, and for tools
//! that follow a purchase through it.
//!
//! [`ways`] says where each operation leads and by what. Added to that is what is so by the nature of the two ends:
//!
//! - a change of a thing carries the version that was answered of it, as `If-Match`;
//! - a read after a command carries the command's position, as `X-Min-Position`, so that it sees what was done;
//! - a list leads to its next page, with the same filters and order, and what has an `ETag` may be asked for again with
//!   `If-None-Match`.

mod ways;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr, Required};

use self::ways::WAYS;
use super::versions;

/// A parameter or a field, with what it becomes: a pointer into the answer's body (`/data/id`), another runtime expression
/// (`$request.path.id`), or a word as it stands.
type Carried = (&'static str, &'static str);

/// From the success of one operation to others.
struct Way {
    from: &'static str,
    to: &'static [&'static str],
    /// Parameters of theirs.
    parameters: &'static [Carried],
    /// Fields of their bodies: `items/0/productId` is one in an array's first element, nothing is the whole body.
    body: &'static [Carried],
}

/// By a parameter.
const fn by(from: &'static str, parameters: &'static [Carried], to: &'static [&'static str]) -> Way {
    Way { from, to, parameters, body: &[] }
}

/// By what stands in a body.
const fn with(from: &'static str, body: &'static [Carried], to: &'static [&'static str]) -> Way {
    Way { from, to, parameters: &[], body }
}

/// By who the caller is: nothing has to be named.
const fn then(from: &'static str, to: &'static [&'static str]) -> Way {
    Way { from, to, parameters: &[], body: &[] }
}

/// The parameters of each operation.
type Taken = BTreeMap<String, Vec<Parameter>>;

/// Adds the links to the answers that they start from.
pub(super) fn lead_on(api: &mut OpenApi) {
    let taken = taken(api);
    for operation in api.paths.paths.values_mut().flat_map(super::operations) {
        let from = operation.operation_id.clone().unwrap_or_default();
        let ways = WAYS.iter().filter(|way| way.from == from).flat_map(|way| way.links(&taken));
        let links: Vec<_> = ways.chain(again(&from, &taken)).collect();
        let success = versions::successes(operation).find(|(status, _)| status.starts_with('2'));
        if let Some((_, success)) = success {
            success.links.extend(links.into_iter().map(|(name, link)| (name, RefOr::T(link))));
        }
    }
}

fn taken(api: &mut OpenApi) -> Taken {
    let parameters = |operation: &mut Operation| {
        let known = operation.parameters.iter().flatten();
        let inline = known.filter_map(|it| match it {
            RefOr::T(it) => Some(it.clone()),
            RefOr::Ref(_) => None,
        });
        Some((operation.operation_id.clone()?, inline.collect::<Vec<_>>()))
    };
    api.paths.paths.values_mut().flat_map(super::operations).filter_map(parameters).collect()
}

impl Way {
    fn links(&self, taken: &Taken) -> impl Iterator<Item = (String, Link)> {
        self.to.iter().map(move |to| {
            let mut parameters = self.parameters.to_vec();
            parameters.extend(carried(self.from, to, taken));
            let by = self.parameters.iter().chain(self.body).map(|(name, _)| *name).next();
            let link = link(to, &parameters, taken).request_body(self.body());
            (name(to, by.unwrap_or_default()), link.build())
        })
    }

    /// The body, as far as the answer has something for it; nothing where it hasn't.
    fn body(&self) -> Option<Value> {
        let mut body = Value::Null;
        for (field, value) in self.body {
            put(&mut body, &field.split('/').collect::<Vec<_>>(), expression(value));
        }
        (!body.is_null()).then_some(body)
    }
}

/// Two ways to one operation, by different things, are two links.
fn name(to: &str, by: &str) -> String {
    match by.rsplit('/').next() {
        None | Some("") => to.to_owned(),
        Some(by) => format!("{to}.{by}"),
    }
}

/// What is carried from one operation to another, whatever the way.
fn carried(from: &str, to: &str, taken: &Taken) -> Vec<Carried> {
    let mut carried = Vec::new();
    if versions::are_of_one_thing(from, to) && takes(taken, to, "If-Match") {
        carried.push(("If-Match", "$response.header.ETag"));
    }
    if versions::tells_position(from) && takes(taken, to, "X-Min-Position") {
        carried.push(("X-Min-Position", "$response.header.X-Event-Position"));
        carried.push(("Prefer", "wait=2"));
    }
    carried
}

/// From an operation to itself: the next page, or whether it is still the same. What else was asked for is asked for again;
/// of a parameter that was not there nothing is passed, as the specification has it of an expression that has no value.
fn again(operation: &str, taken: &Taken) -> Vec<(String, Link)> {
    let ways = [("cursor", "/data/nextCursor"), ("If-None-Match", "$response.header.ETag")];
    let ways = ways.into_iter().filter(|(parameter, _)| takes(taken, operation, parameter));
    ways.map(|way| {
        let mut link = link(operation, &[way], taken);
        for known in taken.get(operation).into_iter().flatten().filter(|it| stays(it, way.0)) {
            let place = place(&known.parameter_in);
            link =
                link.parameter(format!("{place}.{}", known.name), format!("$request.{place}.{}", known.name));
        }
        (name(operation, way.0), link.build())
    })
    .collect()
}

/// Whether a parameter says what is asked for, where an operation leads to itself by another one. A page's number counts from
/// the cursor.
fn stays(parameter: &Parameter, by: &str) -> bool {
    let is_told_anew = parameter.name == by || (by == "cursor" && parameter.name == "pageNumber");
    let asks = parameter.required == Required::True || place(&parameter.parameter_in) == "query";
    asks && !is_told_anew
}

fn link(to: &str, parameters: &[Carried], taken: &Taken) -> LinkBuilder {
    let mut link = LinkBuilder::new().operation_id(to);
    for (parameter, value) in parameters {
        let known = taken.get(to).into_iter().flatten().find(|it| it.name == *parameter);
        let place = known.map_or("path", |known| place(&known.parameter_in));
        link = link.parameter(format!("{place}.{parameter}"), expression(value));
    }
    link
}

fn takes(taken: &Taken, operation: &str, parameter: &str) -> bool {
    taken.get(operation).into_iter().flatten().any(|it| it.name == parameter)
}

fn place(parameter_in: &ParameterIn) -> &'static str {
    match parameter_in {
        ParameterIn::Path => "path",
        ParameterIn::Query | ParameterIn::QueryString => "query",
        ParameterIn::Header => "header",
        ParameterIn::Cookie => "cookie",
    }
}

/// What a tool puts in.
fn expression(value: &str) -> Value {
    Value::String(if value.starts_with('/') { format!("$response.body#{value}") } else { value.to_owned() })
}

/// Puts a value where a path of fields leads, `0` being the one element of an array.
fn put(into: &mut Value, path: &[&str], value: Value) {
    match path {
        [] | [""] => *into = value,
        ["0", rest @ ..] => {
            let mut element = Value::Null;
            put(&mut element, rest, value);
            *into = Value::Array(vec![element]);
        }
        [field, rest @ ..] => {
            if !into.is_object() {
                *into = Value::Object(Map::new());
            }
            if let Value::Object(fields) = into {
                put(fields.entry(*field).or_insert(Value::Null), rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn no_way_hides_another() {
        let mut known = BTreeSet::new();
        for way in WAYS {
            let by = way.parameters.iter().chain(way.body).map(|(name, _)| *name).next();
            for to in way.to {
                let link = (way.from, name(to, by.unwrap_or_default()));
                assert!(known.insert(link.clone()), "{link:?} is there twice");
            }
        }
    }

    fn links(from: &str) -> Value {
        let parameter = |name: &str, place: &str| json!({ "name": name, "in": place, "required": place == "path", "schema": { "type": "string" } });
        let operation = |name: &str, status: &str, parameters: Vec<Value>| {
            json!({ "operationId": name, "parameters": parameters,
                    "responses": { status: { "description": "" }, "404": { "description": "" } } })
        };
        let mut api: OpenApi = serde_json::from_value(json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": {
                "/products": { "post": operation("createProduct", "201", vec![]) },
                "/products/{id}": {
                    "get": operation("getProduct", "200", vec![parameter("id", "path"), parameter("X-Min-Position", "header")]),
                    "patch": operation("changeProduct", "200", vec![parameter("id", "path"), parameter("If-Match", "header")]),
                },
                "/sellers/{id}/products": {
                    "get": operation("listSellerProducts", "200", vec![
                        parameter("id", "path"), parameter("category", "query"), parameter("cursor", "query"),
                        parameter("pageNumber", "query"), parameter("If-None-Match", "header"), parameter("Prefer", "header"),
                    ]),
                },
            }
        }))
        .unwrap();
        lead_on(&mut api);
        let document = serde_json::to_value(&api).unwrap();
        let operations = document["paths"].as_object().unwrap().values();
        let mut all = operations.flat_map(|item| item.as_object().unwrap().values());
        let found = all.find(|it| it["operationId"] == from).unwrap();
        let success = if from.starts_with("create") { "201" } else { "200" };
        assert!(found["responses"]["404"]["links"].is_null());
        found["responses"][success]["links"].clone()
    }

    #[test]
    fn a_change_carries_the_version_and_a_read_the_position() {
        let links = links("createProduct");
        let change =
            json!({ "path.id": "$response.body#/data/id", "header.If-Match": "$response.header.ETag" });
        assert_eq!(links["changeProduct.id"]["parameters"], change);
        let read = &links["getProduct.id"]["parameters"];
        assert_eq!(read["header.X-Min-Position"], "$response.header.X-Event-Position");
        let first_line = json!({ "items": [{ "productId": "$response.body#/data/id" }] });
        assert_eq!(links["placeOrder.productId"]["requestBody"], first_line);
    }

    #[test]
    fn a_list_leads_to_its_next_page_and_to_itself_with_what_else_was_asked_for() {
        let links = links("listSellerProducts");
        let next = json!({
            "query.cursor": "$response.body#/data/nextCursor",
            "path.id": "$request.path.id",
            "query.category": "$request.query.category",
        });
        assert_eq!(links["listSellerProducts.cursor"]["parameters"], next);
        let again = json!({
            "header.If-None-Match": "$response.header.ETag",
            "path.id": "$request.path.id",
            "query.category": "$request.query.category",
            "query.cursor": "$request.query.cursor",
            "query.pageNumber": "$request.query.pageNumber",
        });
        assert_eq!(links["listSellerProducts.If-None-Match"]["parameters"], again);
    }
}
