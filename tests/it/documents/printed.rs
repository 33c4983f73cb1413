//! JSON as people print it in documents: with comments, `...`, keys without quotes, and names in the place of values.

use serde_json::{Map, Value};

/// A printed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Printed {
    Null,
    Bool(bool),
    /// As it was written: `64.00`.
    Number(String),
    Text(String),
    List(Vec<Printed>),
    Object(Vec<(String, Printed)>),
    /// A name in the place of a value: `ISODate`, or the key itself where only that is printed.
    Word(String),
    /// `...`
    Elided,
}

impl Printed {
    /// The first value of a text; `None` where there is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let value = reader.value()?;
        let Self::Object(mut members) = value else { return Some(value) };
        // What a page break tore off an object stands after it, without the beginning.
        if reader.skip().is_some_and(|next| next == '"') {
            members.extend(reader.members());
        }
        Some(Self::Object(members))
    }

    /// As a body to send. Names in the place of values, and what is elided, stay away.
    pub fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(is) => Value::Bool(*is),
            Self::Number(digits) => serde_json::from_str(digits).ok()?,
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().filter_map(Self::to_json).collect()),
            Self::Object(members) => {
                let members = members.iter().filter_map(|(key, value)| Some((key.clone(), value.to_json()?)));
                Value::Object(members.collect::<Map<_, _>>())
            }
            Self::Word(_) | Self::Elided => return None,
        })
    }

    /// The members of an object.
    pub fn members(&self) -> &[(String, Printed)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Printed> {
        self.members().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// The next character that says something.
    fn skip(&mut self) -> Option<char> {
        loop {
            self.rest = self.rest.trim_start_matches(|it: char| it.is_whitespace() || it == ',');
            let Some(comment) = self.rest.strip_prefix("//") else { return self.rest.chars().next() };
            self.rest = comment.split_once('\n').map_or("", |(_, after)| after);
        }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn value(&mut self) -> Option<Printed> {
        Some(match self.skip()? {
            '{' => {
                self.take(1);
                Printed::Object(self.members())
            }
            '[' => {
                self.take(1);
                Printed::List(self.items())
            }
            '"' => Printed::Text(self.text()?),
            '.' if self.rest.starts_with("...") => {
                self.take(3);
                Printed::Elided
            }
            digit if digit.is_ascii_digit() || digit == '-' => {
                let end = self.rest.find(|it: char| !it.is_ascii_digit() && !"-.eE+".contains(it));
                Printed::Number(self.take(end.unwrap_or(self.rest.len())).to_owned())
            }
            letter if letter.is_alphabetic() || letter == '_' => self.word()?,
            _ => return None,
        })
    }

    fn items(&mut self) -> Vec<Printed> {
        let mut items = Vec::new();
        while let Some(next) = self.skip() {
            if next == ']' {
                self.take(1);
                break;
            }
            let Some(item) = self.value() else { break };
            items.push(item);
        }
        items
    }

    /// Up to the closing brace. A key alone stands for a value of its name.
    fn members(&mut self) -> Vec<(String, Printed)> {
        let mut members = Vec::new();
        while let Some(next) = self.skip() {
            if next == '}' {
                self.take(1);
                break;
            }
            match self.value() {
                Some(Printed::Text(key) | Printed::Word(key)) => {
                    let value = if self.skip() == Some(':') {
                        self.take(1);
                        self.value()
                    } else {
                        Some(Printed::Word(key.clone()))
                    };
                    members.push((key, value.unwrap_or(Printed::Elided)));
                }
                Some(Printed::Elided) => {}
                _ => break,
            }
        }
        members
    }

    fn text(&mut self) -> Option<String> {
        let mut escaped = false;
        let end = self.rest[1..].find(|it| {
            let ends = it == '"' && !escaped;
            escaped = it == '\\' && !escaped;
            ends
        })?;
        serde_json::from_str(self.take(end + 2)).ok()
    }

    /// A name, or what a function of that name is given: `Decimal128("99.99")` is `"99.99"`.
    fn word(&mut self) -> Option<Printed> {
        let end = self.rest.find(|it: char| !it.is_alphanumeric() && it != '_');
        let name = self.take(end.unwrap_or(self.rest.len()));
        if self.rest.starts_with('(') {
            self.take(1);
            let given = self.value();
            self.rest = self.rest.split_once(')')?.1;
            return given;
        }
        Some(match name {
            "null" => Printed::Null,
            "true" => Printed::Bool(true),
            "false" => Printed::Bool(false),
            name => Printed::Word(name.to_owned()),
        })
    }
}

#[test]
fn what_people_print_is_read() {
    let printed = Printed::parse(
        r#"{ product_id, quantity: 2, // how many
            "price": Decimal128("99.99"), items: [...], address: { ... }, "tax": 10.00, ..., made: ISODate, }"#,
    )
    .unwrap();
    let json =
        serde_json::json!({ "quantity": 2, "price": "99.99", "items": [], "address": {}, "tax": 10.0 });
    assert_eq!(printed.to_json().unwrap(), json);
    assert_eq!(printed.get("product_id"), Some(&Printed::Word("product_id".to_owned())));
    assert_eq!(printed.get("made"), Some(&Printed::Word("ISODate".to_owned())));
}

#[test]
fn what_a_page_break_tore_off_belongs_to_the_object() {
    let printed = Printed::parse("{ \"token\": \"T\",\n}\n    \"expires_in\": 3600\n  }\n}").unwrap();
    assert_eq!(printed.get("expires_in"), Some(&Printed::Number("3600".to_owned())));
}
