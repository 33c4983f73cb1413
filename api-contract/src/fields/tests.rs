use std::str::FromStr;

use super::*;
use crate::body::JsonBody;
use crate::query::Query;
use axum::extract::FromRequestParts;

fn usd() -> domain::Currency {
    domain::Currency::from_str("USD").unwrap()
}

/// What `read` says of a body: `Ok` with its value, or each violation as `code field`.
fn outcome<T>(
    body: &str,
    read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
) -> Result<T, Vec<(Code, Option<String>)>> {
    JsonBody::from_text(body)
        .read(read)
        .map_err(|error| error.violations().iter().map(|v| (v.code, v.field.clone())).collect())
}

fn wrong<T>(code: Code, field: &str) -> Result<T, Vec<(Code, Option<String>)>> {
    Err(vec![(code, Some(field.to_owned()))])
}

#[test]
fn a_field_is_known_by_any_of_its_words() {
    let name = |f: &mut Fields<'_, '_>| f.field("fullName").or("name").required().text(1..=20);
    for body in [
        r#"{"fullName": "Ann"}"#,
        r#"{"full_name": "Ann"}"#,
        r#"{"name": " Ann "}"#,
        r#"{"name": "Ann", "full_name": "Ann", "fullName": null, "other": [1]}"#,
    ] {
        assert_eq!(outcome(body, name), Ok("Ann".to_owned()), "{body}");
    }
    for body in [r#"{"name": "Ann", "full_name": "Bob"}"#, r#"{"name": "Ann", "name": "Bob"}"#] {
        assert_eq!(outcome(body, name), wrong(Code::ValidationError, "fullName"), "{body}");
    }
    for body in ["", "{}", r#"{"name": null}"#, r#"{"Name": "Ann"}"#] {
        assert_eq!(outcome(body, name), wrong(Code::RequiredField, "fullName"), "{body}");
    }
    let street = |f: &mut Fields<'_, '_>| f.field("street").or("addressLine1").text(1..=9);
    assert_eq!(outcome(r#"{"address_line_1": "a"}"#, street), Ok("a".to_owned()));
    assert_eq!(outcome(r#"{"address_line1": "a"}"#, street), Ok("a".to_owned()));
}

#[test]
fn what_is_no_object_is_refused() {
    let nothing = |_: &mut Fields<'_, '_>| Some(());
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(400_000), "]".repeat(400_000));
    for body in [
        "[]",
        "1",
        "\"{}\"",
        "null",
        "{",
        "{} {}",
        "{\"a\": 01}",
        "{\"a\": \"\\ud800\"}",
        "{\"a\": \"\0\"}",
        &deep,
    ] {
        assert_eq!(outcome(body, nothing), Err(vec![(Code::InvalidFormat, None)]));
    }
}

#[test]
fn quantities_are_whole_numbers_in_a_range() {
    let quantity = |f: &mut Fields<'_, '_>| f.field("quantity").required().integer(1..=999);
    for (given, expected) in [
        ("1", Ok(1)),
        ("999", Ok(999)),
        ("2.0", Ok(2)),
        ("2e1", Ok(20)),
        ("0", Err(Code::ValidationError)),
        ("-1", Err(Code::ValidationError)),
        ("1000000000000", Err(Code::ValidationError)),
        ("1e12", Err(Code::ValidationError)),
        ("1e999999999", Err(Code::ValidationError)),
        ("99999999999999999999999999999999999999999", Err(Code::ValidationError)),
        ("1.00000000000000000000000000000000000000001", Err(Code::ValidationError)),
        ("1.5", Err(Code::ValidationError)),
        ("\"1\"", Err(Code::InvalidFormat)),
        ("true", Err(Code::InvalidFormat)),
        ("[1]", Err(Code::InvalidFormat)),
        ("null", Err(Code::RequiredField)),
    ] {
        let body = format!("{{\"quantity\": {given}}}");
        assert_eq!(outcome(&body, quantity), expected.or_else(|code| wrong(code, "quantity")), "{given}");
    }
}

#[test]
fn money_is_read_exactly() {
    let price =
        |f: &mut Fields<'_, '_>| f.field("price").money(usd(), 0..=i64::MAX).map(|money| money.amount);
    for (given, expected) in [
        ("0.30", Ok(30)),
        ("0.3", Ok(30)),
        ("\"0.30\"", Ok(30)),
        ("299.99", Ok(29_999)),
        ("3e2", Ok(30_000)),
        ("1.100000", Ok(110)),
        // Beyond what a binary float counts.
        ("90071992547409.93", Ok(9_007_199_254_740_993)),
        ("92233720368547758.07", Ok(i64::MAX)),
        // What 0.1 + 0.2 makes in a binary float.
        ("0.30000000000000004", Err(Code::ValidationError)),
        ("0.3000000000000000000000000000000000000001", Err(Code::ValidationError)),
        ("0.3000000000000000000000000000000000000001e0", Err(Code::ValidationError)),
        ("92233720368547758.08", Err(Code::ValidationError)),
        ("1e26", Err(Code::ValidationError)),
        ("0.001", Err(Code::ValidationError)),
        ("-0.01", Err(Code::ValidationError)),
        ("\"1_000\"", Err(Code::InvalidFormat)),
        ("\"1,000\"", Err(Code::InvalidFormat)),
        ("\"$3\"", Err(Code::InvalidFormat)),
        ("\"NaN\"", Err(Code::InvalidFormat)),
        ("\"\"", Err(Code::InvalidFormat)),
        ("true", Err(Code::InvalidFormat)),
    ] {
        let body = format!("{{\"price\": {given}}}");
        assert_eq!(outcome(&body, price), expected.or_else(|code| wrong(code, "price")), "{given}");
    }
    let yen = domain::Currency::from_str("JPY").unwrap();
    let body = r#"{"price": 1.5}"#;
    assert_eq!(outcome(body, |f| f.field("price").money(yen, 0..=10)), wrong(Code::ValidationError, "price"));
}

#[test]
fn a_nul_is_refused_wherever_it_hides() {
    let nothing = |_: &mut Fields<'_, '_>| Some(());
    for (body, field) in [
        (r#"{"note": "a\u0000b"}"#, "note"),
        (r#"{"items": [{}, {"gift": {"card_text": "\u0000"}}]}"#, "items[1].gift.cardText"),
        (r#"{"tags": ["a", "\u0000"]}"#, "tags[1]"),
        (r#"{"a\u0000b": 1}"#, "ab"),
    ] {
        assert_eq!(outcome(body, nothing), wrong(Code::ValidationError, field), "{body}");
    }
    // A backslash, and then the letters.
    assert_eq!(outcome(r#"{"note": "\\u0000"}"#, nothing), Ok(()));
}

#[test]
fn all_violations_come_at_once() {
    let body = r#"{"email": "nobody", "customerId": "x", "items": [{"quantity": 0}, 7, {"productId": "y", "quantity": 1e12}],
                   "note": "\u0000", "agreed": "yes"}"#;
    let error = JsonBody::from_text(body)
        .read(|f| {
            let email = f.field("email").required().email();
            let name = f.field("name").required().text(1..=10);
            let customer = f.field("customerId").id::<domain::ids::UserId>();
            let items = f.field("items").list(1..=200, |f| {
                let product = f.field("productId").required().id::<domain::ids::ProductId>();
                let quantity = f.field("quantity").required().integer(1..=999);
                Some((product?, quantity?))
            });
            let agreed = f.field("agreed").boolean();
            f.violation("range", Code::ValidationError, "to is before from");
            Some((email?, name?, customer, items?, agreed))
        })
        .unwrap_err();
    let listed: Vec<_> = error
        .violations()
        .iter()
        .map(|v| format!("{:?} {}: {}", v.code, v.field.as_deref().unwrap_or("-"), v.message))
        .collect();
    insta::assert_snapshot!(listed.join("\n"));
}

#[test]
fn what_was_read_has_one_fingerprint() {
    let of = |body: &str| {
        JsonBody::from_text(body)
            .read_keyed(|f| {
                f.field("fullName").or("name").text(0..=20);
                f.field("price").money(usd(), 0..=1_000);
                f.field("items").list(0..=3, |f| f.field("quantity").integer(1..=9));
                Some(())
            })
            .unwrap()
            .1
    };
    let first = of(r#"{"name": "Ann", "price": 1.50, "items": [{"quantity": 1}]}"#);
    assert_eq!(first, of(r#"{"items":[{"quantity":1.0}],"price":"1.5","full_name":"Ann","unknown":1}"#));
    for other in [
        r#"{"name": "Bob", "price": 1.50, "items": [{"quantity": 1}]}"#,
        r#"{"name": "Ann", "price": 1.51, "items": [{"quantity": 1}]}"#,
        r#"{"name": "Ann", "price": 1.50, "items": [{"quantity": 1}, {"quantity": 1}]}"#,
        r#"{"name": "Ann", "price": 1.50}"#,
        r#"{"name": "Ann", "price": 1.50, "items": []}"#,
    ] {
        assert_ne!(first, of(other), "{other}");
    }
}

#[test]
fn texts_have_their_forms() {
    for good in ["a@b.example", "first.last+tag@sub.domain.example", " user@example.com "] {
        let body = format!("{{\"email\": \"{good}\"}}");
        assert!(outcome(&body, |f| f.field("email").email()).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a",
        "a@b",
        "@b.example",
        "a b@c.example",
        "a@b..example",
        "a@-b.example",
        "a@b@",
        "a@b.example.",
    ] {
        let body = format!("{{\"email\": \"{bad}\"}}");
        assert!(outcome(&body, |f| f.field("email").email()).is_err(), "{bad}");
    }
    for (phone, good) in [
        ("+1234567890", true),
        ("9876543210", true),
        ("+1 (212) 555-0100", true),
        ("1234", false),
        ("12345x", false),
    ] {
        let body = format!("{{\"phone\": \"{phone}\"}}");
        assert_eq!(outcome(&body, |f| f.field("phone").phone()).is_ok(), good, "{phone}");
    }
    let id = |f: &mut Fields<'_, '_>| f.field("id").id::<domain::ids::UserId>();
    for bad in ["x", "{0190a0b0-0000-7000-8000-000000000000}", "0190a0b0000070008000000000000000", ""] {
        assert_eq!(outcome(&format!("{{\"id\": \"{bad}\"}}"), id), wrong(Code::InvalidFormat, "id"), "{bad}");
    }
    let kind = |f: &mut Fields<'_, '_>| f.field("kind").one_of(&[("fixed", 1), ("percentage", 2)]);
    assert_eq!(outcome(r#"{"kind": "Percentage"}"#, kind), Ok(2));
    assert_eq!(outcome(r#"{"kind": "x"}"#, kind), wrong(Code::ValidationError, "kind"));
}

#[tokio::test]
async fn a_query_string_is_read_by_the_same_getters() {
    let query = |uri: &'static str| async move {
        let (mut parts, ()) = axum::http::Request::get(uri).body(()).unwrap().into_parts();
        Query::from_request_parts(&mut parts, &()).await.unwrap()
    };
    let read = |f: &mut Fields<'_, '_>| {
        let paging = crate::Paging::read(f, 20);
        let least = f.field("minPrice").money(usd(), 0..=i64::MAX);
        let in_stock = f.field("inStock").boolean();
        Some((paging?.number, paging?.size, least.map(|m| m.amount), in_stock))
    };
    let good = query("/?page=2&page_size=500&min_price=1.10&in_stock=true&x=").await;
    assert_eq!(good.read(read).unwrap(), (2, 100, Some(110), Some(true)));
    for nothing in ["/?minPrice=", "/?limit=&page=", "/?pageSize=&pageNumber="] {
        assert_eq!(query(nothing).await.read(read).unwrap(), (1, 20, None, None), "{nothing}");
    }
    for (uri, field) in [
        ("/?page=0", "page"),
        ("/?limit=-1", "limit"),
        ("/?pageSize=0&limit=", "pageSize"),
        ("/?page_size=0", "pageSize"),
        ("/?page=x", "page"),
        ("/?page=1&pageNumber=2", "pageNumber"),
        ("/?q=%00", "q"),
        ("/?minPrice=1.001", "minPrice"),
        ("/?in_stock=maybe", "inStock"),
    ] {
        let error = query(uri).await.read(read).unwrap_err();
        assert_eq!(error.violations()[0].field.as_deref(), Some(field), "{uri}");
        assert!(error.violations()[0].message.starts_with(&format!("{field} ")), "{uri}");
    }
}
