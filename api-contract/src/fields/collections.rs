//! Getters of objects and arrays.

use std::ops::RangeInclusive;

use super::{Field, Fields, Place, Wrong};
use crate::json::{Json, join};

impl<'j> Field<'_, 'j> {
    /// An object, read by its own fields.
    pub fn object<T>(self, read: impl FnOnce(&mut Fields<'_, 'j>) -> Option<T>) -> Option<T> {
        let (json, open) = self.found()?;
        let Json::Object(members) = json else { return open.fail(Wrong::format("must be an object")) };
        open.report.read.insert(open.path.clone(), "{}".to_owned());
        read(&mut Fields::of(members, open.path, open.textual, open.report))
    }

    /// An array of objects with so many items.
    pub fn list<T>(
        self,
        length: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Fields<'_, 'j>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.each(length, |item| item.object(&mut read))
    }

    /// An array with so many items, each read by one of the getters.
    pub fn each<T>(
        self,
        length: RangeInclusive<usize>,
        mut read: impl FnMut(Field<'_, 'j>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let (json, open) = self.found()?;
        let Json::Array(items) = json else { return open.fail(Wrong::format("must be an array")) };
        if !length.contains(&items.len()) {
            let (least, most) = (length.start(), length.end());
            return open.fail(Wrong::rule(format!("must have between {least} and {most} items")));
        }
        open.report.read.insert(open.path.clone(), format!("[{}]", items.len()));
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                read(Field {
                    report: open.report,
                    place: Place::Item(item),
                    path: format!("{}[{index}]", open.path),
                    required: true,
                    textual: open.textual,
                })
            })
            .collect();
        read.into_iter().collect()
    }

    /// An object that is kept as it is, of so many bytes at most: whatever a client wants to find again. Numbers are
    /// kept as JSON's own, so money doesn't belong there.
    pub fn any_object(self, longest: usize) -> Option<serde_json::Value> {
        self.value(
            |json| match json {
                Json::Object(_) => {
                    let value = json.to_value();
                    if value.to_string().len() <= longest {
                        Ok(value)
                    } else {
                        Err(Wrong::rule(format!("must be at most {longest} bytes of JSON")))
                    }
                }
                _ => Err(Wrong::format("must be an object")),
            },
            serde_json::Value::to_string,
        )
    }

    /// An object used as a table of texts (specifications): its keys as written, numbers and booleans as their text.
    pub fn table(self, entries: RangeInclusive<usize>, longest: usize) -> Option<Vec<(String, String)>> {
        let (json, open) = self.found()?;
        let Json::Object(members) = json else { return open.fail(Wrong::format("must be an object")) };
        if !entries.contains(&members.len()) {
            return open.fail(Wrong::rule(format!("must have at most {} entries", entries.end())));
        }
        let mut table = Vec::with_capacity(members.len());
        for (key, value) in members {
            let text = match value {
                Json::String(text) => text.clone(),
                Json::Number(text) => (*text).to_owned(),
                Json::Bool(value) => value.to_string(),
                Json::Null => continue,
                Json::Array(_) | Json::Object(_) => {
                    return open.fail(Wrong::format(format!("must have a text for {key:?}")));
                }
            };
            if key.is_empty() || key.chars().count() > longest || text.chars().count() > longest {
                let message = format!("must have keys and texts of at most {longest} characters");
                return open.fail(Wrong::rule(message));
            }
            open.report.read.insert(join(&open.path, key), text.clone());
            table.push((key.clone(), text));
        }
        Some(table)
    }
}
