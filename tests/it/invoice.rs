//! The invoice, over HTTP.

use std::process::Command;

use api_contract::Role;
use serde_json::json;

use crate::harness::{Answer, App, Options, Person};

/// A PDF's bytes; what else is answered is text.
async fn invoice(person: &Person<'_>, order: &str) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let request = person.request(reqwest::Method::GET, &format!("/orders/{order}/invoice"));
    let answer = request.header("accept", "application/pdf").send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.unwrap().to_vec())
}

/// What a person would copy out of an order's invoice, with single spaces.
pub async fn text_of(person: &Person<'_>, order: &str) -> String {
    let (status, _, pdf) = invoice(person, order).await;
    assert_eq!(status, 200);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("invoice.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output();
    let output = output.expect("pdftotext is missing: install poppler-utils");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn an_order_has_an_invoice_for_those_whom_it_concerns() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let (stranger, admin) = (app.person(Role::Customer).await, app.person(Role::Admin).await);
    let product = seller.product("10.00", 5).await;
    let order = buyer.order(&[(&product, 1)]).await.json();
    let (id, number) = (&order["data"]["id"], &order["data"]["orderNumber"]);
    let (id, number) = (id.as_str().unwrap(), number.as_str().unwrap());

    let (status, headers, pdf) = invoice(&buyer, id).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/pdf"));
    assert!(pdf.starts_with(b"%PDF-"));
    let named =
        |headers: &reqwest::header::HeaderMap| headers["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(named(&headers), format!("inline; filename=\"proforma-{number}.pdf\""));
    assert_eq!(headers["cache-control"], "private, no-store");

    assert_eq!(buyer.pay(&order, "tok_visa").await.status, 200);
    let paid = format!("inline; filename=\"INV-{}.pdf\"", number.strip_prefix("ORD-").unwrap());
    for reader in [&buyer, &admin] {
        assert_eq!(named(&invoice(reader, id).await.1), paid);
    }
    assert_eq!(named(&invoice(&buyer, number).await.1), paid, "by its number, too");
    assert_eq!(named(&invoice(&seller, id).await.1), paid.replace(".pdf", "-1.pdf"));
    assert_eq!(invoice(&stranger, id).await.0, 404);
    assert_eq!(
        Answer::of(app.request(reqwest::Method::GET, &format!("/api/v1/orders/{id}/invoice"))).await.status,
        401
    );
}

#[tokio::test]
async fn an_order_that_was_given_up_unpaid_has_none_and_a_refunded_one_has() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 5).await;
    let (lost, kept) =
        (buyer.order(&[(&product, 1)]).await.json(), buyer.order(&[(&product, 1)]).await.json());
    assert_eq!(buyer.pay(&kept, "tok_visa").await.status, 200);
    for (order, status) in [(&lost, 409), (&kept, 200)] {
        let id = order["data"]["id"].as_str().unwrap();
        assert_eq!(buyer.post(&format!("/orders/{id}/cancel"), &json!({})).await.status, 200);
        assert_eq!(invoice(&buyer, id).await.0, status);
    }
}
