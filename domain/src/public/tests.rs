use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

/// The workspace's committed schemas.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}

#[test]
fn the_committed_schemas_are_todays() {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some_and(|value| value == "1");
    let mut expected = Vec::new();
    let mut differing = Vec::new();
    for (aggregate, event, schema) in schemas() {
        let path = folder().join(aggregate).join(format!("{event}.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            if update {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, text).unwrap();
            } else {
                differing.push(path.clone());
            }
        }
        expected.push(path);
    }
    for aggregate in PUBLISHED {
        for file in fs::read_dir(folder().join(aggregate)).into_iter().flatten() {
            let path = file.unwrap().path();
            if !expected.contains(&path) {
                if update {
                    fs::remove_file(&path).unwrap();
                } else {
                    differing.push(path);
                }
            }
        }
    }
    assert!(differing.is_empty(), "run with UPDATE_SCHEMAS=1 and look at the difference: {differing:?}");
}

#[test]
fn no_schema_names_personal_data_or_a_secret() {
    for (aggregate, event, schema) in schemas() {
        let text = serde_json::to_string(&schema).unwrap();
        for word in [
            "PersonalId",
            "\"reason\"",
            "\"notes\"",
            "Address\"",
            "\"last4\"",
            "\"receipt",
            "\"method\"",
            "\"url\":{\"type",
        ] {
            // A picture of a product has a URL, and nothing else has one.
            let picture = word.starts_with("\"url") && aggregate == "products";
            assert!(picture || !text.contains(word), "{aggregate}/{event} has {word}");
        }
    }
}

/// Stored JSON of every event: aggregate, event, the stored inner object, the public one.
#[allow(clippy::too_many_lines, reason = "one table of every event")]
fn every_event() -> Vec<(&'static str, &'static str, Value, Value)> {
    let id = "00000000-0000-0000-0000-000000000001";
    let split = json!({"goods": [{"line": 0, "product_id": id, "seller_id": id, "quantity": 2, "amount": 90}],
        "tax": 5, "shipping": 3});
    let public_split = json!({"goods": [{"line": 0, "productId": id, "sellerId": id, "quantity": 2, "amount": 90}],
        "tax": 5, "shipping": 3});
    let details = json!({"seller_id": id, "sku": "S", "slug": "s", "name": "N", "description": "D",
        "price": {"amount": 999, "currency": "USD"}, "images": [{"url": "u", "isPrimary": true}],
        "tags": ["t"], "attributes": [{"name": "Color", "value": "Red"}], "specifications": {"a": "b"},
        "featured": false, "category": "N", "category_id": id, "related": [id], "hidden": true});
    let public_details = json!({"sellerId": id, "sku": "S", "slug": "s", "name": "N", "description": "D",
        "price": {"amount": 999, "currency": "USD"}, "images": [{"url": "u", "isPrimary": true}],
        "tags": ["t"], "attributes": [{"name": "Color", "value": "Red"}], "specifications": {"a": "b"},
        "featured": false, "category": "N", "categoryId": id, "related": [id], "hidden": true});
    let held = json!({"order_id": id, "quantity": 2});
    let public_held = json!({"orderId": id, "quantity": 2});
    let of_order = |stored: Value, public: Value| (stored, public);
    let mut all = Vec::new();
    let mut add =
        |aggregate, event, (stored, public): (Value, Value)| all.push((aggregate, event, stored, public));
    let same = |value: Value| (value.clone(), value);

    add("inventory", "StockReceived", (json!({"quantity": 1, "reason": id}), json!({"quantity": 1})));
    add("inventory", "StockAdjusted", (json!({"delta": -1, "reason": id}), json!({"delta": -1})));
    add(
        "inventory",
        "StockReserved",
        (
            json!({"order_id": id, "quantity": 2, "expires_at": "2026-01-01T00:00:00Z"}),
            json!({"orderId": id, "quantity": 2, "expiresAt": "2026-01-01T00:00:00Z"}),
        ),
    );
    for event in ["ReservationReleased", "ReservationExpired", "ReservationCommitted", "StockReturned"] {
        add("inventory", event, (held.clone(), public_held.clone()));
    }

    let price = json!({"amount": 5, "currency": "USD"});
    add(
        "carts",
        "CartItemAdded",
        (
            json!({"product_id": id, "quantity": 1, "unit_price": price}),
            json!({"productId": id, "quantity": 1, "unitPrice": price}),
        ),
    );
    add(
        "carts",
        "CartItemQuantityChanged",
        (json!({"product_id": id, "quantity": 1}), json!({"productId": id, "quantity": 1})),
    );
    add("carts", "CartItemRemoved", (json!({"product_id": id}), json!({"productId": id})));
    add("carts", "CouponApplied", same(json!({"code": "SAVE20"})));
    add("carts", "CouponRemoved", same(json!({})));
    add("carts", "CartCleared", same(json!({})));
    add("carts", "CartCheckedOut", (json!({"order_id": id}), json!({"orderId": id})));

    add(
        "coupons",
        "CouponCreated",
        (
            json!({"discount": {"type": "fixed", "amount": 500}, "currency": "USD", "minimum_subtotal": 1000,
                "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-02-01T00:00:00Z", "total_limit": 9,
                "per_user_limit": 1}),
            json!({"discount": {"type": "fixed", "amount": 500}, "currency": "USD", "minimumSubtotal": 1000,
                "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-02-01T00:00:00Z", "totalLimit": 9,
                "perUserLimit": 1}),
        ),
    );
    add(
        "coupons",
        "CouponRedeemed",
        (
            json!({"order_id": id, "user_id": id, "discount": price}),
            json!({"orderId": id, "userId": id, "discount": price}),
        ),
    );
    add(
        "coupons",
        "CouponReleased",
        (json!({"order_id": id, "user_id": id}), json!({"orderId": id, "userId": id})),
    );
    add("coupons", "CouponWithdrawn", same(json!({})));

    add("products", "ProductCreated", (details.clone(), public_details.clone()));
    add("products", "ProductRevised", (details, public_details));
    add("products", "ProductWithdrawn", same(json!({})));
    let category = (
        json!({"name": "N", "slug": "s", "parent_id": id, "sort_order": 1}),
        json!({"name": "N", "slug": "s", "parentId": id, "sortOrder": 1}),
    );
    add("categories", "CategoryCreated", category.clone());
    add("categories", "CategoryRevised", category);
    add("categories", "CategoryRemoved", same(json!({})));

    add(
        "reviews",
        "ReviewWritten",
        (
            json!({"review_id": id, "product_id": id, "seller_id": id, "user_id": id, "rating": 4, "order_id": id, "text": id}),
            json!({"reviewId": id, "productId": id, "sellerId": id, "userId": id, "rating": 4,
                "verifiedPurchase": true}),
        ),
    );

    add(
        "orders",
        "OrderPlaced",
        (
            json!({"number": "ORD-1", "external_id": "X", "customer_id": id, "lines": [{"product_id": id,
                "seller_id": id, "sku": "S", "name": "N", "unit_price": 50, "quantity": 2}], "currency": "USD",
                "subtotal": 100, "discount": 10, "coupon_code": "SAVE20", "tax": 5, "tax_rate": "0.05", "shipping": 3, "total": 98,
                "ship_to": {"country": "US", "region": "NY"}, "shipping_address": id, "billing_address": id,
                "notes": id, "payment_id": id, "payment_method": "card", "expires_at": "2026-01-01T00:00:00Z"}),
            json!({"number": "ORD-1", "externalId": "X", "customerId": id, "lines": [{"productId": id,
                "sellerId": id, "sku": "S", "name": "N", "unitPrice": 50, "quantity": 2}], "currency": "USD",
                "subtotal": 100, "discount": 10, "couponCode": "SAVE20", "tax": 5, "taxRate": "0.05", "shipping": 3, "total": 98,
                "shipTo": {"country": "US", "region": "NY"}, "paymentId": id, "paymentMethod": "card",
                "expiresAt": "2026-01-01T00:00:00Z"}),
        ),
    );
    add(
        "orders",
        "OrderPaid",
        of_order(
            json!({"payment_id": id, "customer_id": id, "amount": 98, "currency": "USD", "split": split}),
            json!({"paymentId": id, "customerId": id, "amount": 98, "currency": "USD", "split": public_split}),
        ),
    );
    add("orders", "OrderConfirmed", same(json!({})));
    let part = json!({"lines": [1], "order_status": "processing"});
    let public_part = json!({"lines": [1], "orderStatus": "processing"});
    add("orders", "OrderProcessing", (json!({"note": id, "part": part}), json!({"part": public_part})));
    add(
        "orders",
        "OrderShipped",
        (
            json!({"tracking_number": "1Z", "carrier": "UPS", "estimated_delivery": "2026-01-02T00:00:00Z",
                "note": id, "part": part}),
            json!({"carrier": "UPS", "estimatedDelivery": "2026-01-02T00:00:00Z", "part": public_part}),
        ),
    );
    add("orders", "OrderDelivered", (json!({"note": id, "part": part}), json!({"part": public_part})));
    add("orders", "OrderCancelled", (json!({"cause": "expired", "reason": id}), json!({"cause": "expired"})));
    add(
        "orders",
        "ItemsReturned",
        (
            json!({"items": [{"line": 0, "product_id": id, "quantity": 1}]}),
            json!({"items": [{"line": 0, "productId": id, "quantity": 1}]}),
        ),
    );
    add(
        "orders",
        "OrderRefunded",
        (
            json!({"payment_id": id, "refund_id": id, "customer_id": null, "amount": 98, "currency": "USD",
                "split": split}),
            json!({"paymentId": id, "refundId": id, "amount": 98, "currency": "USD", "split": public_split}),
        ),
    );
    add(
        "orders",
        "OrderRefundReversed",
        of_order(
            json!({"payment_id": id, "refund_id": id, "customer_id": id, "amount": 98, "currency": "USD",
                "split": split}),
            json!({"paymentId": id, "refundId": id, "customerId": id, "amount": 98, "currency": "USD",
                "split": public_split}),
        ),
    );

    add(
        "payments",
        "PaymentOpened",
        (
            json!({"order_id": id, "customer_id": id, "amount": price}),
            json!({"orderId": id, "customerId": id, "amount": price}),
        ),
    );
    add(
        "payments",
        "PaymentAttempted",
        (
            json!({"attempt": 1, "gateway": "stripe", "method": "tok_visa"}),
            json!({"attempt": 1, "gateway": "stripe"}),
        ),
    );
    add(
        "payments",
        "PaymentActionRequired",
        (json!({"attempt": 1, "url": "https://secret"}), json!({"attempt": 1})),
    );
    add("payments", "PaymentDeclined", same(json!({"attempt": 1, "code": "card_declined"})));
    add(
        "payments",
        "PaymentCaptured",
        (
            json!({"order_id": id, "amount": 98, "currency": "USD", "gateway": "stripe", "reference": "ch_1",
                "brand": "visa", "last4": "4242", "receipt_id": id, "receipt": "https://secret", "split": split}),
            json!({"orderId": id, "amount": 98, "currency": "USD", "gateway": "stripe", "reference": "ch_1",
                "split": public_split}),
        ),
    );
    let refund = json!({"order_id": id, "refund_id": id, "amount": 98, "currency": "USD", "split": split,
        "reason": id, "reference": "re_1"});
    let mut public =
        json!({"orderId": id, "refundId": id, "amount": 98, "currency": "USD", "split": public_split});
    add("payments", "RefundRequested", (refund.clone(), public.clone()));
    let came_back = |mut refund: Value| {
        refund["code"] = json!("expired");
        refund
    };
    add("payments", "RefundReversed", (came_back(refund.clone()), came_back(public.clone())));
    public["reference"] = json!("re_1");
    add("payments", "PaymentRefunded", (refund, public));
    add(
        "payments",
        "RefundFailed",
        (json!({"refund_id": id, "code": "expired"}), json!({"refundId": id, "code": "expired"})),
    );
    add("payments", "PaymentCancelled", same(json!({})));
    all
}

#[test]
fn every_stored_event_is_published_as_this() {
    for (aggregate, event, stored, public) in every_event() {
        let payload = json!({ event: stored }).to_string();
        let version = if event == "OrderPlaced" { "1.1" } else { "1.0" };
        let published = publish(aggregate, event, version, &payload).unwrap().unwrap();
        assert_eq!((published.aggregate_type(), published.event_type()), (aggregate, event));
        let json = published.to_json().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), public, "{aggregate}/{event}");
        assert_eq!(PublicData::decode(aggregate, event, &json).unwrap(), published);
    }
}

#[test]
fn no_public_event_is_left_out_of_these_tests() {
    let mut tested: Vec<_> =
        every_event().into_iter().map(|(aggregate, event, ..)| (aggregate, event)).collect();
    let mut all: Vec<_> = schemas().into_iter().map(|(aggregate, event, _)| (aggregate, event)).collect();
    tested.sort_unstable();
    all.sort_unstable();
    assert_eq!(tested, all);
}

#[test]
fn a_saved_payment_method_is_not_published() {
    let (_, _, stored, _) = every_event().into_iter().find(|it| it.1 == "OrderPlaced").unwrap();
    for (method, published) in [
        (json!("credit_card"), Some("credit_card")),
        (json!("Credit Card"), Some("credit_card")),
        (json!("credit-card"), Some("credit_card")),
        (json!("invoice"), Some("invoice")),
        (json!("tok_visa"), None),
        (json!("0190b5a0-0000-7000-8000-000000000000"), None),
        (Value::Null, None),
    ] {
        let mut stored = stored.clone();
        stored["payment_method"] = method;
        let payload = json!({ "OrderPlaced": stored }).to_string();
        let event = publish("orders", "OrderPlaced", "1.1", &payload).unwrap().unwrap();
        let PublicData::Orders(OrderPublicEvent::OrderPlaced(placed)) = event else {
            panic!("another event")
        };
        assert_eq!(placed.payment_method.as_deref(), published);
    }
}

#[test]
fn an_old_event_is_published_in_todays_form() {
    let (_, _, mut stored, _) = every_event().into_iter().find(|it| it.1 == "OrderPlaced").unwrap();
    let object = stored.as_object_mut().unwrap();
    object.remove("ship_to");
    object.remove("tax_rate");
    object.insert("ship_to_country".into(), json!("DE"));
    let payload = json!({ "OrderPlaced": stored }).to_string();
    let event = publish("orders", "OrderPlaced", "1.0", &payload).unwrap().unwrap();
    let PublicData::Orders(OrderPublicEvent::OrderPlaced(placed)) = event else { panic!("another event") };
    assert_eq!((placed.ship_to.country.as_deref(), placed.tax_rate.as_str()), (Some("DE"), "0.0556"));
    assert!(publish("orders", "OrderPlaced", "1.1", &payload).is_err());
}

#[test]
fn what_cannot_be_published_or_read_says_so() {
    assert_eq!(publish("claims", "NameClaimed", "1.0", "not even JSON").unwrap(), None);
    let error = publish("carts", "CartCleared", "1.0", r#"{"CartBurnt":{}}"#).unwrap_err();
    assert_eq!(error.to_string(), "a stored event carts/CartCleared 1.0 cannot be read");
    let unknown = PublicData::decode("carts", "CartBurnt", "{}").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no public event CartBurnt of carts");
    let unknown = PublicData::decode("boats", "BoatBuilt", "{}").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no public event BoatBuilt of boats");
    let malformed = PublicData::decode("carts", "CartItemRemoved", "{}").unwrap_err();
    assert_eq!(malformed.to_string(), "a public event CartItemRemoved cannot be read");
}

#[test]
fn a_reader_of_today_takes_the_fields_of_tomorrow() {
    let json = r#"{"orderId":"00000000-0000-0000-0000-000000000001","coupon":"SAVE20"}"#;
    PublicData::decode("carts", "CartCheckedOut", json).unwrap();
}
