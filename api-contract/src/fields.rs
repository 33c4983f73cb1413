//! Reading an object's fields, whatever words they are written with, and saying everything that is wrong with them at
//! once.
//!
//! ```
//! # use api_contract::{Fields, JsonBody};
//! struct Line { product: String, quantity: i64 }
//!
//! fn line(f: &mut Fields<'_, '_>) -> Option<Line> {
//!     // First every getter, so that each can report; then the struct.
//!     let product = f.field("productId").required().text(1..=100);
//!     let quantity = f.field("quantity").or("qty").required().integer(1..=999);
//!     Some(Line { product: product?, quantity: quantity? })
//! }
//!
//! let body = JsonBody::from_text(r#"{"items": [{"product_id": "p", "quantity": 0}, {"qty": "x"}]}"#);
//! let error = body.read(|f| f.field("items").list(1..=200, line)).err().unwrap();
//! let fields: Vec<_> = error.violations().iter().filter_map(|v| v.field.as_deref()).collect();
//! assert_eq!(fields, ["items[0].quantity", "items[1].productId", "items[1].quantity"]);
//! ```

mod collections;
mod exact;
mod texts;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::{ApiError, Code, Violation};
use crate::fingerprint::Fingerprint;
use crate::json::{Json, camel_case, join};

pub use texts::is_phone;
pub(crate) use texts::uuid;

/// What has been read so far, and what was wrong.
#[derive(Debug, Default)]
pub(crate) struct Report {
    violations: Vec<Violation>,
    read: BTreeMap<String, String>,
}

/// The fields of one object. Unknown ones are ignored, and `null` is the same as nothing.
pub struct Fields<'f, 'j> {
    report: &'f mut Report,
    members: Vec<(String, &'j Json<'j>)>,
    nulls: Vec<String>,
    path: String,
    textual: bool,
}

/// Reads an object with `read`, which calls every getter and then answers the struct. A body's values have JSON types;
/// those of a query string are all text (`textual`).
pub(crate) fn read_object<T>(
    object: &Json<'_>,
    textual: bool,
    read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
) -> Result<(T, Fingerprint), ApiError> {
    let Json::Object(members) = object else {
        return Err(ApiError::new(Code::InvalidFormat, "The body must be a JSON object"));
    };
    let mut report = Report::default();
    object.each_nul("", &mut |field| {
        let message = format!("{field} must not contain a NUL character");
        report.violations.push(Violation::of(field, Code::ValidationError, message));
    });
    let value = read(&mut Fields::of(members, String::new(), textual, &mut report));
    match value {
        Some(value) if report.violations.is_empty() => Ok((value, Fingerprint::of(&report.read))),
        _ => Err(ApiError::all(report.violations)),
    }
}

impl<'f, 'j> Fields<'f, 'j> {
    fn of(members: &'j [(String, Json<'j>)], path: String, textual: bool, report: &'f mut Report) -> Self {
        let (nulls, members): (Vec<_>, Vec<_>) = members
            .iter()
            .map(|(key, value)| (camel_case(key), value))
            .partition(|(_, value)| matches!(value, Json::Null));
        let nulls = nulls.into_iter().map(|(key, _)| key).collect();
        Self { report, members, nulls, path, textual }
    }

    /// The field is given as `null`, and not otherwise: in a partial change it is to be cleared (RFC 7396).
    pub fn is_null(&self, name: &str) -> bool {
        self.nulls.iter().any(|null| null == name) && !self.members.iter().any(|(key, _)| key == name)
    }

    /// The field of this name, in camelCase; it is also known by the name in `snake_case`.
    pub fn field(&mut self, name: &'static str) -> Field<'_, 'j> {
        let path = join(&self.path, name);
        let Self { report, members, textual, .. } = self;
        Field { report, place: Place::Member(members, vec![name]), path, required: false, textual: *textual }
    }

    /// Adds a violation that no getter knows: a rule over several fields.
    pub fn violation(&mut self, name: &str, code: Code, message: impl Into<Cow<'static, str>>) {
        let path = join(&self.path, name);
        self.report.violations.push(Violation::of(path, code, message));
    }
}

/// One field, or one item of an array, that is about to be read by one of the getters. They answer nothing where
/// nothing was given or where it was wrong; what was wrong stands in the report.
pub struct Field<'f, 'j> {
    report: &'f mut Report,
    place: Place<'f, 'j>,
    path: String,
    required: bool,
    textual: bool,
}

enum Place<'f, 'j> {
    /// Under any of these names.
    Member(&'f [(String, &'j Json<'j>)], Vec<&'static str>),
    Item(&'j Json<'j>),
}

/// Why a value can't be read: a code, and a message that goes on from the field's name.
pub(crate) struct Wrong(Code, Cow<'static, str>);

impl Wrong {
    fn format(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Code::InvalidFormat, message.into())
    }

    fn rule(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Code::ValidationError, message.into())
    }
}

impl<'f, 'j> Field<'f, 'j> {
    /// Another word for it, in camelCase.
    #[must_use]
    pub fn or(mut self, name: &'static str) -> Self {
        if let Place::Member(_, names) = &mut self.place {
            names.push(name);
        }
        self
    }

    /// It must be there.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Something is given, be it right or wrong.
    pub fn is_given(&self) -> bool {
        match &self.place {
            Place::Member(members, names) => members
                .iter()
                .any(|(key, value)| names.contains(&key.as_str()) && !is_empty(value, self.textual)),
            Place::Item(item) => !matches!(item, Json::Null),
        }
    }

    /// It is given as a string.
    pub fn is_string(&self) -> bool {
        match &self.place {
            Place::Member(members, names) => members
                .iter()
                .any(|(key, value)| names.contains(&key.as_str()) && matches!(value, Json::String(_))),
            Place::Item(item) => matches!(item, Json::String(_)),
        }
    }

    /// Reads it by a rule of the caller's, which answers the value, or what is wrong: a message that goes on from the
    /// field's name (`must be …`).
    pub fn parse<T>(
        self,
        length: std::ops::RangeInclusive<usize>,
        rule: impl FnOnce(&str) -> Result<T, Cow<'static, str>>,
    ) -> Option<T> {
        self.value(
            |json| {
                let text = texts::plain(json, &length)?;
                rule(text).map(|value| (value, text.to_owned())).map_err(Wrong::rule)
            },
            |(_, text)| text.clone(),
        )
        .map(|(value, _)| value)
    }

    /// The end of every getter for a single value: finds it, reads it, keeps its canonical text for the fingerprint.
    fn value<T>(
        self,
        read: impl FnOnce(&'j Json<'j>) -> Result<T, Wrong>,
        canonical: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let sent_as = self.sent_as();
        let (json, open) = self.found()?;
        match read(json) {
            Ok(value) => {
                open.report.read.insert(open.path, canonical(&value));
                Some(value)
            }
            // What is read by its first name is called what it was sent as.
            Err(wrong) => Open { path: sent_as.unwrap_or(open.path), ..open }.fail(wrong),
        }
    }

    /// The other name that a parameter has, if it is given by that.
    fn sent_as(&self) -> Option<String> {
        let Place::Member(members, names) = &self.place else { return None };
        let (_, others) = names.split_first().filter(|_| self.textual)?;
        let is_given =
            |name: &str| members.iter().any(|(key, value)| key == name && !is_empty(value, self.textual));
        others.iter().find(|name| is_given(name)).map(|name| (*name).to_owned())
    }

    /// The value that is given, if one is, and the place that it is reported under.
    fn found(self) -> Option<(&'j Json<'j>, Open<'f>)> {
        let Self { report, place, path, required, textual } = self;
        let open = Open { report, path, textual };
        let given = match place {
            Place::Item(Json::Null) => None,
            Place::Item(item) => Some(item),
            Place::Member(members, names) => {
                let given = members.iter().filter(|(key, _)| names.contains(&key.as_str()));
                let mut found = given.map(|(_, value)| *value).filter(|value| !is_empty(value, textual));
                let first = found.next();
                let differs = |value: &Json<'_>| first.is_some_and(|f| f.canonical() != value.canonical());
                if found.any(differs) {
                    return open.fail(Wrong::rule("is given more than once, with different values"));
                }
                first
            }
        };
        match given {
            Some(json) => Some((json, open)),
            None if required => open.fail(Wrong(Code::RequiredField, "is required".into())),
            None => None,
        }
    }
}

/// An empty parameter (`?minPrice=`) is what a form sends for nothing.
fn is_empty(value: &Json<'_>, textual: bool) -> bool {
    textual && *value == Json::String(String::new())
}

/// A place in the report.
struct Open<'f> {
    report: &'f mut Report,
    path: String,
    textual: bool,
}

impl Open<'_> {
    fn fail<T>(self, Wrong(code, message): Wrong) -> Option<T> {
        let message = format!("{} {message}", self.path);
        self.report.violations.push(Violation::of(self.path, code, message));
        None
    }
}

#[cfg(test)]
mod tests;
