//! The documents' own sums, to the cent: in cart, preview, order, payment, event and invoice.

use api_contract::Role;
use domain::order::OrderEvent;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Options, Person};
use crate::invoice;

const RATES: &str = r#"{"default":"0.05","US-NY":"0.08"}"#;

/// One document's example.
struct Example {
    prices: &'static [(&'static str, u64)],
    coupon: Option<&'static str>,
    address: Value,
    /// As they stand in an answer.
    subtotal: &'static str,
    discount: &'static str,
    /// In percent, as it is printed.
    rate: &'static str,
    tax: &'static str,
    total: &'static str,
    /// In cents: subtotal, discount, tax, total.
    cents: [i64; 4],
}

/// 199.98, 5 %.
fn s3() -> Example {
    Example {
        prices: &[("99.99", 2)],
        coupon: None,
        address: json!({ "full_name": "John Doe", "address_line1": "123 Main St", "city": "Karachi",
                         "postal_code": "75500", "country": "PK", "phone": "+92 300 1234567" }),
        subtotal: "199.98",
        discount: "0.00",
        rate: "5",
        tax: "10.00",
        total: "209.98",
        cents: [19_998, 0, 1_000, 20_998],
    }
}

/// 999.97, SAVE20, 8 %.
fn s4() -> Example {
    Example {
        prices: &[("299.99", 2), ("399.99", 1)],
        coupon: Some("SAVE20"),
        address: json!({ "street": "123 Main St", "city": "New York", "state": "NY", "zipCode": "10001",
                         "country": "USA" }),
        subtotal: "999.97",
        discount: "199.99",
        rate: "8",
        tax: "64.00",
        total: "863.98",
        cents: [99_997, 19_999, 6_400, 86_398],
    }
}

impl Example {
    /// The answer has all four, in this order, whatever stands between.
    fn is_in(&self, answer: &Answer) {
        let mut rest = answer.text.as_str();
        for (field, amount) in [
            ("subtotal", self.subtotal),
            ("discount", self.discount),
            ("tax", self.tax),
            ("total", self.total),
        ] {
            let written = format!(r#""{field}":{amount},"#);
            let at = rest.rfind(&written).unwrap_or_else(|| panic!("no {written} in {}", answer.text));
            rest = if field == "subtotal" { &rest[at..] } else { rest };
        }
    }

    /// The invoice's text has each sum behind its label, and each line's.
    fn is_printed_in(&self, invoice: &str) {
        let discount = match self.coupon {
            Some(code) => format!("Discount ({code}) −{}", self.discount),
            None => String::new(),
        };
        let mut sums: Vec<_> =
            self.prices.iter().map(|(price, quantity)| format!("{quantity} {price} ")).collect();
        sums.extend([
            format!("Subtotal {} {discount}", self.subtotal),
            format!("Tax ({} %) {}", self.rate, self.tax),
            format!("Total {} USD", self.total),
            format!("Paid {}", self.total),
        ]);
        for sum in sums {
            assert!(invoice.contains(sum.trim_end()), "no {sum:?} in {invoice}");
        }
        assert_eq!(self.coupon.is_some(), invoice.contains("Discount"), "{invoice}");
    }

    async fn fill_cart(&self, buyer: &Person<'_>, seller: &Person<'_>) {
        for (price, quantity) in self.prices {
            let product = seller.product(price, 10).await;
            let item = json!({ "productId": product.id, "quantity": quantity });
            assert_eq!(buyer.post("/cart/items", &item).await.status, 201);
        }
        if let Some(code) = self.coupon {
            let applied = buyer.post("/cart/apply-coupon", &json!({ "couponCode": code })).await;
            assert_eq!(applied.status, 200, "{}", applied.text);
            self.is_in(&applied);
        }
    }
}

/// The cart is taxed where the default address is.
async fn lives_at(app: &App, person: &Person<'_>, address: &Value) {
    let address = api_contract::JsonBody::from_text(address.to_string())
        .read(identity::addresses::Address::read)
        .unwrap();
    let mut db = app.database.pool.begin().await.unwrap();
    identity::addresses::add(&mut db, person.id, uuid::Uuid::now_v7(), &address, true).await.unwrap();
    db.commit().await.unwrap();
}

#[tokio::test]
async fn every_sum_of_the_documents_comes_out_to_the_cent_everywhere() {
    let app = App::start_with(Options { queries: true, tax_rates: RATES, ..Options::default() }).await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let save20 = json!({ "code": "SAVE20", "discountType": "percentage", "discountValue": 20 });
    assert_eq!(admin.post("/coupons", &save20).await.status, 201);
    for example in [s3(), s4()] {
        let buyer = app.person(Role::Customer).await;
        lives_at(&app, &buyer, &example.address).await;
        example.fill_cart(&buyer, &seller).await;
        example.is_in(&buyer.get("/cart").await);
        let body = json!({ "shipping_address": example.address });
        example.is_in(&buyer.post("/orders/checkout", &body).await);
        let order = buyer.post("/orders", &body).await;
        assert_eq!(order.status, 201, "{}", order.text);
        example.is_in(&order);
        assert_eq!(order.json()["data"]["couponCode"], json!(example.coupon));

        let id = order.json()["data"]["id"].as_str().unwrap().to_owned();
        let read = buyer.get(&format!("/orders/{id}")).await;
        example.is_in(&read);
        assert_eq!(read.json()["data"]["couponCode"], json!(example.coupon));
        let log = event_store::Log::new(app.database.pool.clone());
        let events = log.events_of::<domain::order::Order>(&id, None).await.unwrap();
        let OrderEvent::OrderPlaced(placed) = &events[0].1 else { panic!("another event") };
        assert_eq!([placed.subtotal, placed.discount, placed.tax, placed.total], example.cents);

        let paid = buyer.pay(&order.json(), "tok_visa").await;
        assert_eq!(paid.status, 200, "{}", paid.text);
        assert!(paid.text.contains(&format!(r#""amount":{}"#, example.total)), "{}", paid.text);
        example.is_printed_in(&invoice::text_of(&buyer, &id).await);
    }
}

#[tokio::test]
async fn s4_s_cart_without_its_coupon_is_taxed_by_the_same_rule() {
    let app = App::start_with(Options { queries: true, tax_rates: RATES, ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    lives_at(&app, &buyer, &s4().address).await;
    Example { coupon: None, ..s4() }.fill_cart(&buyer, &seller).await;
    let cart = buyer.get("/cart").await;
    assert!(
        cart.text.contains(r#""subtotal":999.97,"discount":0.00,"tax":80.00,"total":1079.97"#),
        "{}",
        cart.text
    );
    let coupon = buyer.send(Method::DELETE, "/cart/coupon", &json!({})).await;
    assert!(coupon.text.contains(r#""total":1079.97"#));
}
