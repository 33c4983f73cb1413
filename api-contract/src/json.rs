//! A JSON text as it stands: numbers keep their digits, objects their duplicate keys.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep a text may nest. It bounds the stack, and the work: each level is scanned once more.
const MAX_DEPTH: usize = 32;

/// A JSON value; a number is its text, so that it can be read exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json<'t> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// The number's text.
    Number(&'t str),
    /// Unescaped.
    String(String),
    /// In order.
    Array(Vec<Json<'t>>),
    /// In order, each key as often as it stands there.
    Object(Vec<(String, Json<'t>)>),
}

/// Why a text is not JSON that we read.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not RFC 8259.
    #[error("the body is not valid JSON")]
    Malformed(#[from] serde_json::Error),
    /// Deeper than 32 levels.
    #[error("the body nests more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

impl<'t> Json<'t> {
    /// Reads a text.
    pub fn parse(text: &'t str) -> Result<Self, JsonError> {
        Self::read(serde_json::from_str::<&RawValue>(text)?, 0)
    }

    fn read(raw: &'t RawValue, depth: usize) -> Result<Self, JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                let read = |(key, value)| Ok((key, Self::read(value, depth + 1)?));
                Self::Object(members.into_iter().map(read).collect::<Result<_, JsonError>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::Array(
                    items.into_iter().map(|item| Self::read(item, depth + 1)).collect::<Result<_, _>>()?,
                )
            }
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            _ => Self::Number(text),
        })
    }

    /// One text for all texts that mean the same: keys in camelCase and sorted, numbers without needless digits.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write_canonical(&mut out);
        out
    }

    /// The same for serde. A number that no float holds exactly becomes the nearest; of a key that is there twice the
    /// last counts.
    pub fn to_value(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| (*text).into()),
            Self::String(text) => text.as_str().into(),
            Self::Array(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), value.to_value())).collect()
            }
        }
    }

    fn write_canonical(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => match Decimal::from_str_exact(text) {
                Ok(number) => out.push_str(&number.normalize().to_string()),
                Err(_) => out.push_str(text),
            },
            Self::String(text) => out.push_str(&quoted(text)),
            Self::Array(items) => {
                out.push('[');
                for item in items {
                    item.write_canonical(out);
                    out.push(',');
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut members: Vec<_> =
                    members.iter().map(|(key, value)| (camel_case(key), value)).collect();
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                out.push('{');
                for (key, value) in members {
                    out.push_str(&quoted(&key));
                    out.push(':');
                    value.write_canonical(out);
                    out.push(',');
                }
                out.push('}');
            }
        }
    }

    /// Calls `found` with the path of every string and key that holds a NUL: `json` columns take it, and every later
    /// reader fails on it.
    pub fn each_nul(&self, path: &str, found: &mut impl FnMut(String)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
            Self::String(text) => {
                if text.contains('\0') {
                    found(path.to_owned());
                }
            }
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.each_nul(&format!("{path}[{index}]"), found);
                }
            }
            Self::Object(members) => {
                for (key, value) in members {
                    let path = join(path, &camel_case(&key.replace('\0', "")));
                    if key.contains('\0') {
                        found(path.clone());
                    }
                    value.each_nul(&path, found);
                }
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `a` in `b` is `b.a`.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// `shipping_address_id` as `shippingAddressId`; what is camelCase already stays.
pub(crate) fn camel_case(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut boundary = false;
    for c in key.chars() {
        if c == '_' && !out.is_empty() {
            boundary = true;
        } else if std::mem::take(&mut boundary) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
