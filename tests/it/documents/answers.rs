//! Whether an answer has what a document prints: every field, of the type that is printed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::printed::Printed;

/// Words of the documents that have another one in the one form of answers; `.` is the object itself.
const OTHER_WORDS: [(&str, &str); 16] = [
    ("title", "name"),
    ("name", "productName"),
    ("shipping", "shippingCost"),
    ("itemTotal", "subtotal"),
    ("totalItems", "itemCount"),
    ("total", "totalCount"),
    ("page", "pageNumber"),
    ("limit", "pageSize"),
    ("hasNext", "hasNextPage"),
    ("categoryId", "id"),
    ("addressLine1", "street"),
    ("role", "roles"),
    ("status", "success"),
    ("data", "items"),
    ("pagination", "."),
    ("categories", "."),
];

/// What an answer lacks, and which fields have another word.
#[derive(Debug, Default)]
pub struct Compared {
    pub lacks: Vec<String>,
    pub words: BTreeSet<String>,
}

impl Compared {
    /// Compares the whole answer with the printed one.
    pub fn of(printed: &Printed, answer: &Value) -> Self {
        let mut compared = Self::default();
        if printed.get("success").is_some() {
            compared.value("", printed, answer);
        } else {
            // The other documents print no envelope: what they show is the data, or stands in the envelope.
            compared.within("", printed, &[&answer["data"], answer]);
        }
        compared
    }

    fn within(&mut self, path: &str, printed: &Printed, places: &[&Value]) {
        if !matches!(printed, Printed::Object(_)) {
            return self.value(path, printed, places[0]);
        }
        for (key, value) in printed.members() {
            let word = camel_case(key);
            let path = if path.is_empty() { word.clone() } else { format!("{path}.{word}") };
            if let Some(ours) = places.iter().find_map(|place| place.get(&word)) {
                self.value(&path, value, ours);
            } else if let Some((other, ours)) = places.iter().find_map(|place| by_other_word(&word, place)) {
                if other != "." {
                    self.words.insert(format!("`{word}` is `{other}`"));
                }
                if !matches!(word.as_str(), "role" | "status") {
                    self.value(&path, value, ours);
                }
            } else {
                self.lacks.push(format!("`{path}`"));
            }
        }
    }

    fn value(&mut self, path: &str, printed: &Printed, ours: &Value) {
        match (printed, ours) {
            (Printed::Object(_), Value::Object(_)) => self.within(path, printed, &[ours]),
            (Printed::List(items), Value::Array(all)) => {
                let Some(item) = items.iter().find(|it| **it != Printed::Elided) else { return };
                match all.first() {
                    Some(first) => self.value(&format!("{path}[]"), item, first),
                    None => self.lacks.push(format!("anything in `{path}`")),
                }
            }
            (Printed::Object(members), Value::Array(_)) if members.iter().all(|(key, _)| key != "id") => {
                self.within(path, printed, &[ours]);
            }
            (Printed::Word(_) | Printed::Elided | Printed::Null, _)
            | (Printed::Bool(_), Value::Bool(_))
            | (Printed::Number(_), Value::Number(_))
            | (Printed::Text(_), Value::String(_)) => {}
            _ => self.lacks.push(format!("`{path}` as printed: it is {}", kind(ours))),
        }
    }
}

fn by_other_word<'a>(word: &str, place: &'a Value) -> Option<(&'static str, &'a Value)> {
    let others = OTHER_WORDS.iter().filter(|(theirs, _)| *theirs == word);
    others.filter_map(|(_, ours)| Some((*ours, if *ours == "." { place } else { place.get(ours)? }))).next()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `avatar_url` is `avatarUrl`.
pub fn camel_case(name: &str) -> String {
    let mut words = name.split('_').filter(|word| !word.is_empty());
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        camel.push_str(&first.to_uppercase());
        camel.push_str(rest);
    }
    camel
}

#[test]
fn what_is_missing_or_of_another_type_is_named() {
    let printed =
        Printed::parse(r#"{ "order_id": "uuid", "title": "A", "total": 1.0, "tags": ["a"], "x": true }"#);
    let answer = serde_json::json!({ "data": { "orderId": "1", "name": "A", "total": "1.0", "tags": [] } });
    let compared = Compared::of(&printed.unwrap(), &answer);
    assert_eq!(compared.lacks, ["`total` as printed: it is a text", "anything in `tags`", "`x`"]);
    assert_eq!(compared.words.into_iter().collect::<Vec<_>>(), ["`title` is `name`"]);
}
