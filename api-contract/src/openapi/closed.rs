//! Answers have the fields that are described and no others. Schemas that only answers are made of say so
//! (`additionalProperties: false`), so that a client, or a test, notices a field that nobody described. What a request
//! is made of stays open: fields that nobody knows are ignored.

use std::collections::BTreeSet;

use utoipa::openapi::schema::{AdditionalProperties, ArrayItems};
use utoipa::openapi::{Components, Object, OpenApi, Ref, RefOr, Schema};

const PREFIX: &str = "#/components/schemas/";

/// Closes the schemas of answers: those that no request is made of.
pub(super) fn close_answers(api: &mut OpenApi, asked: &BTreeSet<String>) {
    let Some(components) = &mut api.components else { return };
    let names: Vec<_> = components.schemas.keys().filter(|name| !asked.contains(*name)).cloned().collect();
    for name in names {
        let Some(RefOr::T(mut schema)) = components.schemas.remove(&name) else { continue };
        close(&mut schema, components);
        components.schemas.insert(name, RefOr::T(schema));
    }
}

/// The names of the schemas that a request's body or parameter is made of.
pub(super) fn asked(api: &mut OpenApi) -> BTreeSet<String> {
    let mut open = Vec::new();
    for operation in api.paths.paths.values_mut().flat_map(super::operations) {
        if let Some(RefOr::T(body)) = &operation.request_body {
            for content in body.content.values() {
                let RefOr::T(content) = content else { continue };
                content.schema.iter().for_each(|schema| named(schema, &mut open));
            }
        }
        for parameter in operation.parameters.iter().flatten() {
            let RefOr::T(parameter) = parameter else { continue };
            parameter.schema.iter().for_each(|schema| named(schema, &mut open));
        }
    }
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        let schema = api.components.as_ref().and_then(|components| components.schemas.get(&name));
        if let Some(schema) = schema
            && found.insert(name)
        {
            named(schema, &mut open);
        }
    }
    found
}

/// The name of the schema that a reference leads to.
pub(super) fn name_of(reference: &Ref) -> Option<&str> {
    reference.ref_location.strip_prefix(PREFIX)
}

/// The names that a schema refers to.
fn named(schema: &RefOr<Schema>, names: &mut Vec<String>) {
    match schema {
        RefOr::Ref(reference) => names.extend(name_of(reference).map(str::to_owned)),
        RefOr::T(Schema::Object(object)) => {
            object.properties.values().for_each(|property| named(property, names));
            if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref() {
                named(values, names);
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &array.items {
                named(items, names);
            }
        }
        RefOr::T(Schema::OneOf(choice)) => choice.items.iter().for_each(|item| named(item, names)),
        RefOr::T(Schema::AnyOf(choice)) => choice.items.iter().for_each(|item| named(item, names)),
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter().for_each(|item| named(item, names)),
        RefOr::T(_) => {}
    }
}

fn close(schema: &mut Schema, all: &Components) {
    if let Schema::AllOf(parts) = schema
        && let Some(whole) = joined(&parts.items, all)
    {
        *schema = Schema::Object(whole);
    }
    match schema {
        Schema::Object(object) => {
            // An object of which nothing is said may hold anything.
            if !object.properties.is_empty() && object.additional_properties.is_none() {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
            object.properties.values_mut().for_each(|property| close_inline(property, all));
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                close_inline(items, all);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(|item| close_inline(item, all)),
        Schema::AnyOf(choice) => choice.items.iter_mut().for_each(|item| close_inline(item, all)),
        _ => {}
    }
}

fn close_inline(schema: &mut RefOr<Schema>, all: &Components) {
    if let RefOr::T(schema) = schema {
        close(schema, all);
    }
}

/// An object that is another one and more (a flattened struct) as one: a part that is closed would refuse the rest.
fn joined(parts: &[RefOr<Schema>], all: &Components) -> Option<Object> {
    let mut whole = Object::new();
    for part in parts {
        let part = match part {
            RefOr::T(part) => part,
            RefOr::Ref(reference) => match all.schemas.get(name_of(reference)?)? {
                RefOr::T(part) => part,
                RefOr::Ref(_) => return None,
            },
        };
        let object = match part {
            Schema::Object(object) => object.clone(),
            Schema::AllOf(parts) => joined(&parts.items, all)?,
            _ => return None,
        };
        whole.properties.extend(object.properties);
        whole.required.extend(object.required);
        whole.description = whole.description.or(object.description);
        whole.schema_type = object.schema_type;
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn closed(name: &str) -> serde_json::Value {
        let mut api: OpenApi = serde_json::from_value(json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": { "/a": { "post": {
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/In" } } } },
                "responses": { "200": { "description": "", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Out" } } } } } } } },
            "components": { "schemas": {
                "In": { "type": "object", "properties": { "shared": { "$ref": "#/components/schemas/Shared" } } },
                "Shared": { "type": "object", "properties": { "a": { "type": "string" } } },
                "Out": { "type": "object", "properties": { "free": { "type": "object" } } },
                "Part": { "type": "object", "required": ["b"], "properties": { "b": { "type": "string" } } },
                "More": { "allOf": [{ "$ref": "#/components/schemas/Part" },
                    { "type": "object", "required": ["c"], "properties": { "c": { "type": "string" } } }] }
            } }
        }))
        .unwrap();
        let asked = asked(&mut api);
        close_answers(&mut api, &asked);
        serde_json::to_value(&api.components.unwrap().schemas[name]).unwrap()
    }

    #[test]
    fn answers_are_closed_and_requests_are_open() {
        assert_eq!(closed("Out")["additionalProperties"], json!(false));
        assert_eq!(closed("Out")["properties"]["free"].get("additionalProperties"), None);
        assert_eq!(closed("In").get("additionalProperties"), None);
        assert_eq!(closed("Shared").get("additionalProperties"), None);
    }

    #[test]
    fn an_object_that_is_another_and_more_is_one() {
        let more = closed("More");
        assert_eq!((&more["required"], &more["additionalProperties"]), (&json!(["b", "c"]), &json!(false)));
        assert_eq!(more["properties"]["b"]["type"], "string");
        assert_eq!(closed("Part")["additionalProperties"], json!(false));
    }
}
