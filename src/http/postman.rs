//! The API's document as a Postman collection (v2.1): a folder for each tag, a request for each operation.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Deeper than this an example is left out: a tree's branches have branches.
const DEPTH: usize = 8;

/// The collection of an OpenAPI document.
pub fn collection(document: &Value) -> Value {
    let mut folders: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let beside = item.get("servers").is_some();
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let tag = operation["tags"][0].as_str().unwrap_or("other");
            let request = Requested { document, path, method, operation, beside };
            folders.entry(tag).or_default().push(request.item());
        }
    }
    let tags = document["tags"].as_array().into_iter().flatten();
    let folder = |tag: &Value| {
        let name = tag["name"].as_str()?;
        Some(json!({ "name": name, "description": tag["description"], "item": folders.get(name)? }))
    };
    json!({
        "info": { "name": document["info"]["title"], "description": document["info"]["description"],
                  "version": document["info"]["version"], "schema": SCHEMA },
        "auth": { "type": "bearer",
                  "bearer": [{ "key": "token", "value": "{{accessToken}}", "type": "string" }] },
        "variable": [
            { "key": "baseUrl", "value": "http://127.0.0.1:8080/api/v1" },
            { "key": "rootUrl", "value": "http://127.0.0.1:8080" },
            { "key": "accessToken", "value": "" },
            { "key": "refreshToken", "value": "" },
            { "key": "userId", "value": "" },
            { "key": "productId", "value": "" },
            { "key": "orderId", "value": "" },
        ],
        "item": tags.filter_map(folder).collect::<Vec<_>>(),
    })
}

/// One operation.
struct Requested<'a> {
    document: &'a Value,
    path: &'a str,
    method: &'a str,
    operation: &'a Value,
    beside: bool,
}

impl Requested<'_> {
    fn item(&self) -> Value {
        let mut request = json!({
            "method": self.method.to_ascii_uppercase(),
            "header": self.headers(),
            "url": self.url(),
        });
        if let Some(summary) = self.operation["summary"].as_str() {
            request["description"] = json!(summary);
        }
        if self.operation.get("security").is_none() {
            request["auth"] = json!({ "type": "noauth" });
        }
        if let Some(body) = self.body() {
            request["body"] =
                json!({ "mode": "raw", "raw": body, "options": { "raw": { "language": "json" } } });
        }
        let mut item = json!({ "name": self.operation["operationId"], "request": request, "response": [] });
        if let Some(lines) = self.remembered() {
            let script = json!({ "type": "text/javascript", "exec": lines });
            item["event"] = json!([{ "listen": "test", "script": script }]);
        }
        item
    }

    fn parameters(&self, place: &str) -> impl Iterator<Item = &Value> {
        let all = self.operation["parameters"].as_array().into_iter().flatten();
        all.filter(move |parameter| parameter["in"] == place)
    }

    /// What may be sent is there and switched off.
    fn headers(&self) -> Vec<Value> {
        let content_type = self
            .operation
            .get("requestBody")
            .map(|_| json!({ "key": "Content-Type", "value": "application/json" }));
        let optional = self.parameters("header").map(|it| {
            json!({ "key": it["name"], "value": text(&it["example"]), "description": it["description"],
                    "disabled": true })
        });
        content_type.into_iter().chain(optional).collect()
    }

    fn url(&self) -> Value {
        let host = if self.beside { "{{rootUrl}}" } else { "{{baseUrl}}" };
        // Postman writes a path's variable with a colon.
        let parts: Vec<_> = self.path.trim_start_matches('/').split('/').map(colon).collect();
        let mut url = json!({ "raw": format!("{host}/{}", parts.join("/")), "host": [host], "path": parts });
        let variables: Vec<_> = self
            .parameters("path")
            .map(|it| json!({ "key": it["name"], "value": self.known(it), "description": it["description"] }))
            .collect();
        if !variables.is_empty() {
            url["variable"] = json!(variables);
        }
        let query: Vec<_> = self
            .parameters("query")
            .map(|it| {
                json!({ "key": it["name"], "value": text(&it["example"]), "description": it["description"],
                        "disabled": true })
            })
            .collect();
        if !query.is_empty() {
            url["query"] = json!(query);
        }
        url
    }

    /// The collection's variable that a path names.
    fn known(&self, parameter: &Value) -> String {
        let variable = match (parameter["name"].as_str(), self.path) {
            (Some("productId"), _) => "{{productId}}",
            (Some("id"), path) if path.starts_with("/products/") => "{{productId}}",
            (Some("id"), path) if path.starts_with("/orders/") => "{{orderId}}",
            _ => return text(&parameter["example"]),
        };
        variable.to_owned()
    }

    fn body(&self) -> Option<String> {
        let content = &self.operation["requestBody"]["content"]["application/json"];
        let body =
            content.get("example").cloned().or_else(|| example(self.document, content.get("schema")?, 0))?;
        serde_json::to_string_pretty(&body).ok()
    }

    /// What an answer leaves behind for the requests after it.
    fn remembered(&self) -> Option<Vec<String>> {
        let set = |name: &str, from: &str| {
            format!("if (data.{from}) pm.collectionVariables.set('{name}', data.{from});")
        };
        let kept = match self.operation["operationId"].as_str()? {
            "login" | "register" | "refresh" => vec![
                set("accessToken", "accessToken"),
                set("refreshToken", "refreshToken"),
                "if (data.user) pm.collectionVariables.set('userId', data.user.id);".to_owned(),
            ],
            "createProduct" => vec![set("productId", "id")],
            "placeOrder" => vec![set("orderId", "id")],
            _ => return None,
        };
        let read = "const data = pm.response.code < 300 ? pm.response.json().data : {};".to_owned();
        Some(std::iter::once(read).chain(kept).collect())
    }
}

fn colon(part: &str) -> String {
    match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(variable) => format!(":{variable}"),
        None => part.to_owned(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An example of a schema: its own, else one made of those of its parts.
fn example(document: &Value, schema: &Value, depth: usize) -> Option<Value> {
    if depth > DEPTH {
        return None;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|it| it.strip_prefix("#/components/schemas/")) {
        return example(document, &document["components"]["schemas"][name], depth + 1);
    }
    let own = ["example", "default"].into_iter().find_map(|key| schema.get(key).cloned());
    if let Some(own) =
        own.or_else(|| schema["examples"].get(0).cloned()).or_else(|| schema["enum"].get(0).cloned())
    {
        return Some(own);
    }
    for choice in ["oneOf", "anyOf"] {
        let choices = schema[choice].as_array().into_iter().flatten();
        if let Some(real) = choices.into_iter().find(|it| it["type"] != "null") {
            return example(document, real, depth + 1);
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    let made = match kind.unwrap_or("object") {
        "string" => json!(word(schema["format"].as_str())),
        "integer" => json!(1),
        "number" => json!(9.99),
        "boolean" => json!(true),
        "array" => json!([example(document, &schema["items"], depth + 1)?]),
        "null" => Value::Null,
        _ => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let made =
                properties.filter_map(|(name, of)| Some((name.clone(), example(document, of, depth + 1)?)));
            Value::Object(made.collect::<Map<_, _>>())
        }
    };
    Some(made)
}

fn word(format: Option<&str>) -> &'static str {
    match format {
        Some("uuid") => "01890000-0000-7000-8000-000000000000",
        Some("date") => "2026-01-31",
        Some("date-time") => "2026-01-31T12:00:00Z",
        Some("email") => "user@example.com",
        Some("uri") => "https://example.com",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_a_request_in_its_folder() {
        let document = json!({
            "info": { "title": "Shop", "version": "1" },
            "tags": [{ "name": "orders", "description": "Orders" }],
            "paths": { "/orders/{id}/cancel": { "post": {
                "tags": ["orders"], "operationId": "cancelOrder", "security": [{ "bearer": [] }],
                "parameters": [{ "name": "id", "in": "path" }, { "name": "Idempotency-Key", "in": "header" }],
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Cancel" } } } }
            } } },
            "components": { "schemas": { "Cancel": { "type": "object", "properties": {
                "reason": { "type": "string", "example": "Changed my mind" },
                "more": { "$ref": "#/components/schemas/Cancel" } } } } }
        });
        let made = collection(&document);
        let item = &made["item"][0]["item"][0];
        assert_eq!(item["name"], "cancelOrder");
        assert_eq!(item["request"]["url"]["raw"], "{{baseUrl}}/orders/:id/cancel");
        assert_eq!(item["request"]["url"]["variable"][0]["value"], "{{orderId}}");
        assert_eq!(item["request"]["header"][1]["key"], "Idempotency-Key");
        assert!(item["request"].get("auth").is_none(), "the collection's token is sent");
        let body: Value = serde_json::from_str(item["request"]["body"]["raw"].as_str().unwrap()).unwrap();
        assert_eq!(body["reason"], "Changed my mind");
    }
}
