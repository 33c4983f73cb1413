//! What differs between two states.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One place of a state that has another value than before.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Change {
    /// Where: `shipment.carrier`, `returned[0]`.
    pub path: String,
    /// What stood there; null where nothing did.
    pub before: Value,
    /// What stands there now; null where nothing does.
    pub after: Value,
}

/// Every place where two states differ, in the order of the paths. Where one side has nothing of a kind, or nothing in
/// a list, the other is given whole.
pub fn between(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", before, after, &mut changes);
    changes
}

fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            let gone = old.iter().filter(|(key, _)| !new.contains_key(*key));
            for (key, before) in gone {
                compare(&member(path, key), before, &Value::Null, changes);
            }
            for (key, after) in new {
                compare(&member(path, key), old.get(key).unwrap_or(&Value::Null), after, changes);
            }
        }
        (Value::Array(old), Value::Array(new)) if !old.is_empty() && !new.is_empty() => {
            for place in 0..old.len().max(new.len()) {
                let (before, after) = (old.get(place), new.get(place));
                let item = format!("{path}[{place}]");
                compare(&item, before.unwrap_or(&Value::Null), after.unwrap_or(&Value::Null), changes);
            }
        }
        (before, after) => {
            changes.push(Change { path: path.to_owned(), before: before.clone(), after: after.clone() });
        }
    }
}

fn member(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
        between(before, after).into_iter().map(|c| (c.path, c.before, c.after)).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"status": "pending", "paid": false, "returned": [0, 0]});
        let after = json!({"status": "confirmed", "paid": false, "returned": [0, 2]});
        let expected = [
            ("returned[1]".into(), json!(0), json!(2)),
            ("status".into(), json!("pending"), json!("confirmed")),
        ];
        assert_eq!(told(&before, &after), expected);
    }

    #[test]
    fn what_came_and_what_went_is_given_whole() {
        let before = json!({"reservations": {"a": {"quantity": 1}}, "returned": [], "shipment": null});
        let after = json!({"reservations": {}, "returned": [0, 0], "shipment": {"carrier": "UPS"}});
        let expected = [
            ("reservations.a".into(), json!({"quantity": 1}), Value::Null),
            ("returned".into(), json!([]), json!([0, 0])),
            ("shipment".into(), Value::Null, json!({"carrier": "UPS"})),
        ];
        assert_eq!(told(&before, &after), expected);
    }

    #[test]
    fn large_whole_numbers_are_exact() {
        let (before, after) = (json!({"on_hand": i64::MAX - 1}), json!({"on_hand": i64::MAX}));
        assert_eq!(told(&before, &after), [("on_hand".into(), json!(i64::MAX - 1), json!(i64::MAX))]);
    }
}
