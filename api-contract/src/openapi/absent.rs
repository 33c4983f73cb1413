//! In a request `null` is the same as nothing ([`crate::Fields`]), so each field that may be left out may be null. And no
//! body at all is one without fields ([`crate::JsonBody`]), so it may be left out where no field is wanted.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::schema::{OneOfBuilder, SchemaType};
use utoipa::openapi::{Components, Object, ObjectBuilder, OpenApi, RefOr, Required, Schema, Type};

/// Says so in the schemas of these names.
pub(super) fn take_null(api: &mut OpenApi, asked: &BTreeSet<String>) {
    let Some(components) = &mut api.components else { return };
    for (_, schema) in components.schemas.iter_mut().filter(|(name, _)| asked.contains(*name)) {
        match schema {
            RefOr::T(Schema::Object(object)) => optional_or_null(object),
            // A flattened struct: its own fields stand inline, the others in a schema of their own.
            RefOr::T(Schema::AllOf(parts)) => {
                for part in &mut parts.items {
                    if let RefOr::T(Schema::Object(object)) = part {
                        optional_or_null(object);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Says which bodies may be left out.
pub(super) fn take_nothing(api: &mut OpenApi) {
    let components = api.components.clone().unwrap_or_default();
    for operation in api.paths.paths.values_mut().flat_map(super::operations) {
        let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
        let Some(RefOr::T(content)) = body.content.get("application/json") else { continue };
        let wants_nothing = content.schema.as_ref().is_some_and(|schema| wants_nothing(schema, &components));
        body.required = Some(if wants_nothing { Required::False } else { Required::True });
    }
}

fn wants_nothing(schema: &RefOr<Schema>, components: &Components) -> bool {
    match schema {
        RefOr::Ref(reference) => {
            let found = super::closed::name_of(reference).and_then(|name| components.schemas.get(name));
            found.is_some_and(|schema| wants_nothing(schema, components))
        }
        RefOr::T(Schema::Object(object)) => !object.properties.is_empty() && object.required.is_empty(),
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter().all(|part| wants_nothing(part, components)),
        RefOr::T(_) => false,
    }
}

fn optional_or_null(object: &mut Object) {
    let required = std::mem::take(&mut object.required);
    let optional = object.properties.iter_mut().filter(|(name, _)| !required.contains(*name));
    optional.for_each(|(_, property)| or_null(property));
    object.required = required;
}

fn or_null(property: &mut RefOr<Schema>) {
    match property {
        RefOr::T(Schema::Object(object)) => {
            object.schema_type = with_null(&object.schema_type);
            if let Some(values) = &mut object.enum_values
                && !values.contains(&Value::Null)
            {
                values.push(Value::Null);
            }
        }
        RefOr::T(Schema::Array(array)) => array.schema_type = with_null(&array.schema_type),
        RefOr::T(Schema::OneOf(choice)) if !choice.items.iter().any(is_null) => choice.items.push(null()),
        RefOr::T(Schema::AnyOf(choice)) if !choice.items.iter().any(is_null) => choice.items.push(null()),
        RefOr::T(_) => {}
        RefOr::Ref(reference) => {
            let description = Some(reference.description.clone()).filter(|text| !text.is_empty());
            let choice = OneOfBuilder::new().item(null()).item(reference.clone()).description(description);
            *property = RefOr::T(Schema::OneOf(choice.build()));
        }
    }
}

fn with_null(known: &SchemaType) -> SchemaType {
    match known {
        SchemaType::Type(one) if *one != Type::Null => SchemaType::from_iter([one.clone(), Type::Null]),
        SchemaType::Array(some) if !some.contains(&Type::Null) => {
            some.iter().cloned().chain([Type::Null]).collect()
        }
        SchemaType::Type(_) | SchemaType::Array(_) | SchemaType::AnyValue => known.clone(),
    }
}

fn null() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Null).into()
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => match &object.schema_type {
            SchemaType::Type(one) => *one == Type::Null,
            SchemaType::Array(some) => some.contains(&Type::Null),
            SchemaType::AnyValue => true,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_be_left_out_may_be_null() {
        let mut api: OpenApi = serde_json::from_value(json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": {},
            "components": { "schemas": { "In": { "type": "object", "required": ["must"], "properties": {
                "must": { "type": "string" },
                "may": { "type": "string", "enum": ["a"] },
                "other": { "$ref": "#/components/schemas/In" } } } } }
        }))
        .unwrap();
        take_null(&mut api, &BTreeSet::from(["In".to_owned()]));
        let made = serde_json::to_value(&api.components.unwrap().schemas["In"]).unwrap();
        assert_eq!(made["properties"]["must"]["type"], "string");
        assert_eq!(made["properties"]["may"]["type"], json!(["string", "null"]));
        assert_eq!(made["properties"]["may"]["enum"], json!(["a", null]));
        assert_eq!(made["properties"]["other"]["oneOf"][0]["type"], "null");
    }
}
