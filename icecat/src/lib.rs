//! Icecat's catalog: one line of its file, in its words, as a product of ours.

use std::collections::BTreeMap;

use domain::ids::SellerId;
use domain::product::{Attribute, Image, ProductDetails};
use domain::{Currency, Money};
use serde_json::{Map, Value};

/// The specification that a maker's number for a model is.
pub const MODEL: &str = "Model number";
/// The specification that a number for scanners is.
const EAN: &str = "EAN";
/// A text may have so many characters.
const LONGEST: usize = 10_000;

/// A specification may have so many.
const LONGEST_SPECIFICATION: usize = 500;

/// Why a line can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// It is no JSON object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A field that every product has.
    #[error("{0} is missing or empty")]
    Missing(&'static str),
    /// A field of another type.
    #[error("{0} is not a text or a number")]
    NotWords(&'static str),
    /// A text that no product has room for.
    #[error("{0} is too long")]
    TooLong(&'static str),
    /// A price that is no whole number of cents.
    #[error("price is not a whole number of cents from 0 up")]
    NotAPrice,
    /// A character that Postgres can't keep.
    #[error("it has a NUL character")]
    Nul,
}

/// A product as a line of the file has it, for this seller.
pub fn read(line: &[u8], seller_id: SellerId, currency: Currency) -> Result<ProductDetails, BadLine> {
    let line = std::str::from_utf8(line).map_err(|_| BadLine::NotText)?;
    let record: Map<String, Value> = serde_json::from_str(line).map_err(|_| BadLine::NotAnObject)?;
    if record.iter().any(|(name, value)| name.contains('\0') || has_nul(value)) {
        return Err(BadLine::Nul);
    }
    product(&record, seller_id, currency)
}

/// Asked of what the line means: in its own words, `\\u0000` is only a backslash before some letters.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(several) => several.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A product as a line's object has it, for this seller.
pub fn product(
    record: &Map<String, Value>,
    seller_id: SellerId,
    currency: Currency,
) -> Result<ProductDetails, BadLine> {
    let id = required(record, "id", 64)?;
    let name = required(record, "title", 500)?;
    let price = price(record.get("price"), currency)?;
    Ok(ProductDetails {
        external_id: Some(id.clone()),
        description: optional(record, "short_description", LONGEST)?.unwrap_or_default(),
        long_description: optional(record, "long_description", LONGEST * 10)?,
        brand: optional(record, "supplier", 100)?,
        category: match optional(record, "category_path", 100)? {
            Some(path) => Some(path),
            None => optional(record, "category", 100)?,
        },
        images: images(record),
        attributes: attributes(record),
        specifications: specifications(record)?,
        ..ProductDetails::plain(seller_id, id, name, price)
    })
}

fn price(price: Option<&Value>, currency: Currency) -> Result<Money, BadLine> {
    let cents = match price {
        None | Some(Value::Null) => return Err(BadLine::Missing("price")),
        Some(Value::Number(number)) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Some(_) => None,
    };
    // In ten thousand years of trade nothing has cost more.
    let cents = cents.filter(|cents| (0..=1_000_000_000_000).contains(cents)).ok_or(BadLine::NotAPrice)?;
    Ok(Money::new(cents, currency))
}

/// `4995.0` is a whole number too.
#[allow(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn required(record: &Map<String, Value>, field: &'static str, longest: usize) -> Result<String, BadLine> {
    optional(record, field, longest)?.ok_or(BadLine::Missing(field))
}

fn optional(
    record: &Map<String, Value>,
    field: &'static str,
    longest: usize,
) -> Result<Option<String>, BadLine> {
    let text = match record.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => said(value).ok_or(BadLine::NotWords(field))?,
    };
    if text.chars().count() > longest {
        return Err(BadLine::TooLong(field));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A text, a number, or what holds or doesn't, in words. A whole number has no decimals.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Bool(holds) => Some(if *holds { "Yes" } else { "No" }.to_owned()),
        Value::Number(number) => Some(match number.as_f64().and_then(whole) {
            Some(whole) => whole.to_string(),
            None => number.to_string(),
        }),
        Value::Array(several) => {
            let said: Option<Vec<String>> = several.iter().map(said).collect();
            said.map(|said| said.join(", "))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// `attr_t_product_colour`: `t`, `n` and `b` say what it is, which JSON says too.
fn attributes(record: &Map<String, Value>) -> Vec<Attribute> {
    let attribute = |(field, value): (&String, &Value)| {
        let name = field.strip_prefix("attr_")?;
        let name = ["t_", "n_", "b_"].iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name);
        let words = name.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let mut letters = words.chars();
        let name: String = letters.next()?.to_uppercase().chain(letters).collect();
        let value = said(value).filter(|value| !value.is_empty())?;
        Some(Attribute { name, value })
    };
    record.iter().filter_map(attribute).collect()
}

fn specifications(record: &Map<String, Value>) -> Result<BTreeMap<String, String>, BadLine> {
    let model = optional(record, "name", LONGEST_SPECIFICATION)?.map(|model| (MODEL.to_owned(), model));
    let ean = numbers(record.get("ean")).map(|ean| (EAN.to_owned(), ean));
    Ok(model.into_iter().chain(ean).collect())
}

/// One number for scanners, or those of every package that it was ever sold in: as many as a specification holds.
fn numbers(value: Option<&Value>) -> Option<String> {
    let several = match value? {
        Value::Array(several) => several.iter().filter_map(said).collect(),
        one => vec![said(one)?],
    };
    let mut kept = String::new();
    for number in several.iter().filter(|number| !number.is_empty()) {
        let comma = if kept.is_empty() { "" } else { ", " };
        if kept.len() + comma.len() + number.len() > LONGEST_SPECIFICATION {
            break;
        }
        kept = kept + comma + number;
    }
    Some(kept).filter(|kept| !kept.is_empty())
}

/// The largest of its picture.
fn images(record: &Map<String, Value>) -> Vec<Image> {
    let url = ["img_high", "img_500x500", "img_low", "img_thumb"]
        .iter()
        .find_map(|field| record.get(*field)?.as_str());
    let url = url.filter(|url| !url.is_empty() && url.len() <= 2_000);
    url.map(|url| Image { url: url.to_owned(), alt: None, is_primary: true }).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(line: &str) -> Result<ProductDetails, BadLine> {
        read(line.as_bytes(), SellerId(uuid::Uuid::nil()), "EUR".parse().unwrap())
    }

    #[test]
    fn a_line_becomes_a_product() {
        let product = read_text(
            r#"{"id": "77", "name": "TN-2110", "title": "Brother TN-2110 toner", "ean": ["0123", "0456"],
                "short_description": "Toner, black", "img_high": "http://x/1.jpg", "supplier": "Brother", "price": 4995,
                "attr_t_product_colour": "Black", "attr_n_display_diagonal": 17.0, "attr_n_width": 33.6,
                "attr_b_touchscreen": false, "attr_t_empty": "", "date_released": null}"#,
        )
        .unwrap();
        assert_eq!((product.sku.as_str(), product.external_id.as_deref()), ("77", Some("77")));
        assert_eq!(
            (product.name.as_str(), product.brand.as_deref()),
            ("Brother TN-2110 toner", Some("Brother"))
        );
        assert_eq!(product.price, Money::new(4995, "EUR".parse().unwrap()));
        assert_eq!(product.images[0].url, "http://x/1.jpg");
        let told: Vec<_> =
            product.attributes.iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
        let expected = [
            ("Product colour", "Black"),
            ("Display diagonal", "17"),
            ("Width", "33.6"),
            ("Touchscreen", "No"),
        ];
        let (mut told, mut expected) = (told, expected.to_vec());
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected);
        assert_eq!(product.specifications["Model number"], "TN-2110");
        assert_eq!(product.specifications["EAN"], "0123, 0456");
    }

    #[test]
    fn of_many_numbers_as_many_are_kept_as_there_is_room_for() {
        let numbers = vec![r#""0123456789012""#; 200].join(",");
        let product =
            read_text(&format!(r#"{{"id": 1, "title": "T", "price": 1, "ean": [{numbers}]}}"#)).unwrap();
        assert_eq!(product.specifications["EAN"].split(", ").count(), 33);
        let none = read_text(r#"{"id": 1, "title": "T", "price": 1, "ean": []}"#).unwrap();
        assert!(!none.specifications.contains_key("EAN"));
    }

    #[test]
    fn a_bad_line_says_what_is_wrong() {
        let long = format!(r#"{{"id": "1", "title": "{}", "price": 1}}"#, "x".repeat(501));
        for (line, expected) in [
            ("", BadLine::NotAnObject),
            ("[1]", BadLine::NotAnObject),
            (r#"{"title": "T", "price": 1}"#, BadLine::Missing("id")),
            (r#"{"id": " ", "title": "T", "price": 1}"#, BadLine::Missing("id")),
            (r#"{"id": "1", "title": {}, "price": 1}"#, BadLine::NotWords("title")),
            (r#"{"id": "1", "title": "T"}"#, BadLine::Missing("price")),
            (r#"{"id": "1", "title": "T", "price": 1.5}"#, BadLine::NotAPrice),
            (r#"{"id": "1", "title": "T", "price": -1}"#, BadLine::NotAPrice),
            (r#"{"id": "1", "title": "T", "price": "1"}"#, BadLine::NotAPrice),
            (r#"{"id": "1", "title": "T\u0000", "price": 1}"#, BadLine::Nul),
            (r#"{"id": "1", "title": "T", "price": 1, "ean": ["\\\u0000"]}"#, BadLine::Nul),
            (r#"{"id": "1", "title": "T", "price": 1, "attr_t_\u0000": "x"}"#, BadLine::Nul),
            (&long, BadLine::TooLong("title")),
        ] {
            assert_eq!(read_text(line), Err(expected), "{line}");
        }
        assert_eq!(read(b"\xff", SellerId(uuid::Uuid::nil()), "EUR".parse().unwrap()), Err(BadLine::NotText));
        assert_eq!(read_text(r#"{"id": 7, "title": "T", "price": 100.0}"#).unwrap().sku, "7");
        let backslash = read_text(r#"{"id": 7, "title": "C:\\u0000", "price": 1}"#).unwrap();
        assert_eq!(backslash.name, r"C:\u0000", "no NUL, but how one would be written");
    }
}
