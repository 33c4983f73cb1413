//! Whether an answer has what a document prints: every field, of the type that is printed, what was sent as it was sent,
//! and the sums of the worked examples to the cent.

use std::collections::BTreeSet;

use serde_json::Value;

use super::printed::Printed;

/// Words of the documents that have another one in the one form of answers; `.` is the object itself.
const OTHER_WORDS: [(&str, &str); 18] = [
    ("title", "name"),
    ("name", "productName"),
    ("shipping", "shippingCost"),
    ("itemTotal", "subtotal"),
    ("totalItems", "itemCount"),
    ("totalItems", "cart.itemCount"),
    ("items", "cart.items"),
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

/// The sums of the worked examples.
const SUMS: [&str; 6] = ["subtotal", "discount", "discountAmount", "tax", "total", "amount"];
/// What is null where nobody has reviewed a product.
const OF_REVIEWS: [&str; 2] = ["rating", "reviews"];

/// What an answer lacks, and which fields have another word.
#[derive(Debug, Default)]
pub struct Compared<'a> {
    pub lacks: Vec<String>,
    pub words: BTreeSet<String>,
    /// What was sent.
    sent: Option<&'a Printed>,
    /// Whether the sums are those of a worked example.
    worked: bool,
}

impl<'a> Compared<'a> {
    /// Compares the whole answer with the printed one. What was sent has to come back as it was sent, and sums are
    /// compared where the document works them out.
    pub fn of(printed: &Printed, answer: &Value, sent: Option<&'a Printed>, worked: bool) -> Self {
        let mut compared = Self { sent, worked, ..Self::default() };
        if printed.get("success").is_some() {
            compared.value("", printed, answer);
        } else {
            // The other documents print no envelope: what they show is the data, or stands in the envelope.
            let mut envelope = answer.clone();
            let data = envelope["data"].take();
            if let Some(members) = envelope.as_object_mut() {
                members.remove("data");
            }
            compared.within("", printed, &[&data, &envelope]);
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
                self.same(&path, key, value, ours);
            } else if let Some((other, ours)) = places.iter().find_map(|place| by_other_word(&word, place)) {
                if other != "." {
                    self.words.insert(format!("`{word}` is `{other}`"));
                }
                if !matches!(word.as_str(), "role" | "status") {
                    self.value(&path, value, ours);
                }
            } else {
                self.lack(&path, format!("no `{path}`"));
            }
        }
    }

    /// What was sent comes back as it was sent, and sums are what the document works out.
    fn same(&mut self, path: &str, key: &str, printed: &Printed, ours: &Value) {
        let Some(expected) = printed.to_json().filter(|it| !it.is_object() && !it.is_array()) else { return };
        let word = camel_case(key);
        let sent = self.sent.and_then(|it| it.get(key)) == Some(printed) && !word.ends_with("Id");
        let sum = self.worked && SUMS.contains(&word.as_str());
        let differs = match (expected.as_f64(), ours.as_f64()) {
            (Some(expected), Some(ours)) => (expected - ours).abs() > 0.000_1,
            _ => expected != *ours,
        };
        if (sent || sum) && differs {
            self.lack(path, format!("`{path}` is {ours}, not {expected}"));
        }
    }

    fn lack(&mut self, path: &str, what: String) {
        if OF_REVIEWS.iter().any(|name| path.ends_with(name)) {
            self.words.insert("of a product without reviews".to_owned());
        } else {
            self.lacks.push(what);
        }
    }

    fn value(&mut self, path: &str, printed: &Printed, ours: &Value) {
        match (printed, ours) {
            (Printed::Object(_), Value::Object(_)) => self.within(path, printed, &[ours]),
            (Printed::List(items), Value::Array(all)) => {
                let Some(item) = items.iter().find(|it| **it != Printed::Elided) else { return };
                match all.first() {
                    Some(first) => self.value(&format!("{path}[]"), item, first),
                    None => self.lack(path, format!("nothing in `{path}`")),
                }
            }
            (Printed::Object(members), Value::Array(_)) if members.iter().all(|(key, _)| key != "id") => {
                self.within(path, printed, &[ours]);
            }
            (Printed::Word(_) | Printed::Elided | Printed::Null, _)
            | (Printed::Bool(_), Value::Bool(_))
            | (Printed::Number(_), Value::Number(_))
            | (Printed::Text(_), Value::String(_)) => {}
            _ => self.lack(path, format!("`{path}` is {}", kind(ours))),
        }
    }
}

fn by_other_word<'a>(word: &str, place: &'a Value) -> Option<(&'static str, &'a Value)> {
    let mut others = OTHER_WORDS.iter().filter(|(theirs, _)| *theirs == word);
    others.find_map(|(_, ours)| {
        let found =
            ours.split('.').filter(|it| !it.is_empty()).try_fold(place, |value, name| value.get(name))?;
        Some((*ours, found))
    })
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
    let printed = r#"{ "order_id": "uuid", "title": "A", "total": 1.0, "tags": ["a"], "x": true, "tax": 0.50, "y": 1 }"#;
    let printed = Printed::parse(printed).unwrap();
    let data =
        serde_json::json!({ "orderId": "1", "name": "A", "total": "1.0", "tags": [], "tax": 0.51, "y": 2 });
    let sent = Printed::parse(r#"{ "y": 1 }"#);
    let compared = Compared::of(&printed, &serde_json::json!({ "data": data }), sent.as_ref(), true);
    let lacks = [
        "`total` is a text",
        "`total` is \"1.0\", not 1.0",
        "nothing in `tags`",
        "no `x`",
        "`tax` is 0.51, not 0.5",
        "`y` is 2, not 1",
    ];
    assert_eq!(compared.lacks, lacks);
    assert_eq!(compared.words.into_iter().collect::<Vec<_>>(), ["`title` is `name`"]);
}
