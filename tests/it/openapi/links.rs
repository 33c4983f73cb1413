//! Each link leads from something that an answer has to something that an operation takes, and no operation is left out.

use serde_json::Value;

use super::described::operations;
use super::{read, text};

/// What ends a story, or begins and ends one: nothing of it is wanted by another operation.
const ENDS: [&str; 12] = [
    "changePassword",
    "changePasswordOfUser",
    "getAuditHead",
    "getHealth",
    "getKeys",
    "getLedger",
    "getLiveness",
    "getMetrics",
    "getOrderInvoice",
    "getReadiness",
    "logout",
    "receivePaymentWebhook",
];

/// An operation of the document.
#[derive(Debug)]
struct Described {
    path: String,
    method: String,
    operation: Value,
}

impl Described {
    fn name(&self) -> String {
        text(&self.operation["operationId"])
    }

    fn parameters(&self) -> &[Value] {
        self.operation["parameters"].as_array().map_or(&[], Vec::as_slice)
    }

    fn parameter(&self, place: &str, name: &str) -> Option<&Value> {
        self.parameters().iter().find(|it| it["in"] == place && it["name"] == name)
    }

    fn takes(&self, name: &str) -> bool {
        self.parameters().iter().any(|it| it["name"] == name)
    }

    fn body(&self) -> &Value {
        &self.operation["requestBody"]["content"]["application/json"]["schema"]
    }
}

/// A link, and the answer that it starts from.
struct Link<'d> {
    from: &'d Described,
    answer: &'d Value,
    name: &'d str,
    said: &'d Value,
}

impl Link<'_> {
    /// Whether it carries a parameter: `path.id`.
    fn carries(&self, parameter: &str) -> bool {
        !self.said["parameters"][parameter].is_null()
    }

    /// Whether it leads to a list's next page.
    fn turns_the_page(&self) -> bool {
        self.said["parameters"]["query.cursor"] == "$response.body#/data/nextCursor"
    }

    fn leads_to(&self, operation: &Described) -> bool {
        self.said["operationId"] == operation.name()
    }

    /// All that is wrong with it.
    fn faults(&self, document: &Value, all: &[Described]) -> Vec<String> {
        let Some(to) = all.iter().find(|it| self.leads_to(it)) else {
            return vec![format!("there is no operation {}", self.said["operationId"])];
        };
        let mut faults = Vec::new();
        for (parameter, value) in self.said["parameters"].as_object().into_iter().flatten() {
            let (place, name) = parameter.split_once('.').expect("a place and a name");
            match to.parameter(place, name) {
                Some(taken) => faults.extend(self.unsaid(document, value, Some(taken))),
                None => faults.push(format!("there is no parameter {parameter}")),
            }
        }
        for it in to.parameters().iter().filter(|it| it["in"] == "path") {
            if !self.carries(&format!("path.{}", text(&it["name"]))) {
                faults.push(format!("it doesn't say the path's {}", it["name"]));
            }
        }
        let mut fields = Vec::new();
        values(&self.said["requestBody"], String::new(), &mut fields);
        for (field, value) in fields {
            if found(document, to.body(), &field).is_none() {
                faults.push(format!("there is no field {field}"));
            }
            faults.extend(self.unsaid(document, &value, None));
        }
        faults
    }

    /// Why there is no such value, if there isn't: it stands nowhere in the answer or the request, or is a word that the
    /// parameter doesn't take. What may be missing in the request is told only to a parameter that may be missing too.
    fn unsaid(&self, document: &Value, value: &Value, taken: Option<&Value>) -> Option<String> {
        let value = value.as_str().expect("an expression or a word");
        let is_said = if let Some(pointer) = value.strip_prefix("$response.body#") {
            let answered = &self.answer["content"]["application/json"]["schema"];
            found(document, answered, pointer).is_some()
        } else if let Some(header) = value.strip_prefix("$response.header.") {
            self.answer["headers"][header]["required"] == true
        } else if let Some(pointer) = value.strip_prefix("$request.body#") {
            found(document, self.from.body(), pointer).is_some()
        } else if value == "$request.body" {
            !self.from.body().is_null()
        } else if let Some((place, name)) = value.strip_prefix("$request.").and_then(|it| it.split_once('.'))
        {
            let may_be_missing = taken.is_some_and(|taken| taken["required"] != true);
            self.from.parameter(place, name).is_some_and(|it| it["required"] == true || may_be_missing)
        } else {
            let words = taken.and_then(|taken| taken["schema"]["enum"].as_array());
            !value.starts_with('$') && words.is_none_or(|words| words.iter().any(|word| word == value))
        };
        (!is_said).then(|| format!("there is no {value}"))
    }
}

fn described(document: &Value) -> Vec<Described> {
    let all = operations(document).into_iter();
    all.map(|(path, method, operation)| Described { path, method, operation }).collect()
}

fn links(all: &[Described]) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    for from in all {
        for answer in from.operation["responses"].as_object().unwrap().values() {
            let of_answer = answer["links"].as_object().into_iter().flatten();
            links.extend(of_answer.map(|(name, said)| Link { from, answer, name, said }));
        }
    }
    links
}

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
    let schema = (!schema.is_null()).then_some(schema)?;
    pointer.split('/').filter(|field| !field.is_empty()).try_fold(schema, step)
}

/// Everything in a link's body, with where it stands.
fn values(body: &Value, at: String, into: &mut Vec<(String, Value)>) {
    match body {
        Value::Null => {}
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| values(value, format!("{at}/{name}"), into));
        }
        Value::Array(items) => items.iter().for_each(|value| values(value, format!("{at}/0"), into)),
        value => into.push((at, value.clone())),
    }
}

#[test]
fn every_link_leads_from_what_is_said_to_what_is_taken() {
    let document = read("openapi.json");
    let all = described(&document);
    let wrong: Vec<_> = links(&all)
        .iter()
        .flat_map(|link| {
            let of_link = format!("{} {}", link.from.name(), link.name);
            link.faults(&document, &all).into_iter().map(move |fault| format!("{of_link}: {fault}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn everything_leads_on_but_what_ends_a_story() {
    let document = read("openapi.json");
    let all = described(&document);
    let links = links(&all);
    let leads_on = |it: &&Described| links.iter().any(|link| std::ptr::eq(link.from, *it));
    let mut ends: Vec<_> = all.iter().filter(|it| !leads_on(it)).map(Described::name).collect();
    ends.sort();
    assert_eq!(ends, ENDS);
}

#[test]
fn what_is_created_leads_to_where_it_is_read() {
    let document = read("openapi.json");
    let all = described(&document);
    let links = links(&all);
    for made in all.iter().filter(|it| !it.operation["responses"]["201"].is_null()) {
        let reads = reads_of(made, &all);
        let leads_there =
            |link: &Link<'_>| std::ptr::eq(link.from, made) && reads.iter().any(|to| link.leads_to(to));
        let names: Vec<_> = reads.iter().map(|it| it.name()).collect();
        assert!(links.iter().any(leads_there), "{} leads to none of {names:?}", made.name());
    }
}

/// What reads a thing that was created: by its own path, else where such things are listed, else what it has become a part
/// of, else whatever reads something of the kind.
fn reads_of<'d>(made: &Described, all: &'d [Described]) -> Vec<&'d Described> {
    let below = format!("{}/{{", made.path);
    let above = made.path.rsplit_once('/').expect("a path").0;
    let kinds: [&dyn Fn(&Described) -> bool; 4] = [
        &|it| it.path.starts_with(&below) && it.path.ends_with('}'),
        &|it| it.path == made.path,
        &|it| it.path == above,
        &|it| it.operation["tags"] == made.operation["tags"],
    ];
    let reads =
        kinds.map(|is_it| all.iter().filter(|it| it.method == "get" && is_it(it)).collect::<Vec<_>>());
    reads.into_iter().find(|some| !some.is_empty()).unwrap_or_default()
}

/// A place in a list is one of its filters and its order: whoever goes on from it without them is refused.
#[test]
fn the_next_page_is_of_the_same_list() {
    let document = read("openapi.json");
    let all = described(&document);
    let links = links(&all);
    let next: Vec<_> = links.iter().filter(|link| link.turns_the_page()).collect();
    assert!(!next.is_empty());
    for link in next {
        let asked =
            link.from.parameters().iter().filter(|it| it["in"] == "query" && it["name"] != "pageNumber");
        let left_out: Vec<_> = asked
            .map(|it| text(&it["name"]))
            .filter(|name| !link.carries(&format!("query.{name}")))
            .collect();
        assert!(left_out.is_empty(), "{} {} leaves out {left_out:?}", link.from.name(), link.name);
    }
}

/// What must be known to ask is answered somewhere: the ids of a path, the version that a change is made on. A list leads to
/// its next page, and what has an `ETag` may be asked for again.
#[test]
fn what_has_to_be_known_is_told() {
    let document = read("openapi.json");
    let all = described(&document);
    let links = links(&all);
    for to in all.iter().filter(|it| it.name() != "receivePaymentWebhook") {
        let named = to.parameters().iter().filter(|it| it["in"] == "path");
        let mut wanted: Vec<_> = named.map(|it| format!("path.{}", text(&it["name"]))).collect();
        wanted.extend(to.takes("If-Match").then(|| "header.If-Match".to_owned()));
        let told = |link: &Link<'_>| link.leads_to(to) && wanted.iter().all(|it| link.carries(it));
        assert!(wanted.is_empty() || links.iter().any(told), "no link to {} tells {wanted:?}", to.name());
        let itself: Vec<_> =
            links.iter().filter(|link| std::ptr::eq(link.from, to) && link.leads_to(to)).collect();
        let has_next = itself.iter().any(|link| link.turns_the_page());
        assert!(!to.takes("cursor") || has_next, "{}: its next page", to.name());
        let asks_again = itself.iter().any(|link| link.carries("header.If-None-Match"));
        assert!(!to.takes("If-None-Match") || asks_again, "{}: whether it is the same", to.name());
    }
}
