//! Orders and products by what people call them.

use domain::Money;
use domain::ids::{ProductId, SellerId};
use domain::inventory::{Inventory, InventoryEvent};
use domain::product::{Product, ProductDetails, ProductEvent};
use event_store::append::NewEvent;
use serde_json::json;
use uuid::Uuid;

use crate::harness::{event, test};
use crate::shop::{ANN, BEN, Sold};

const AT: &str = "2010-12-01T08:26:00Z";

#[tokio::test]
async fn an_order_is_found_by_its_number_and_by_an_invoices() {
    test(async |database| {
        let sold = Sold { n: 1, number: "ORD-2010-000001", external_id: Some("536365") };
        database.append(vec![sold.placed(AT)]).await;
        database.replay("order_history").await;
        for word in ["ORD-2010-000001", "536365"] {
            let data = database.data(&format!("/audit/orders/{word}")).await;
            assert_eq!(data["aggregateId"], sold.id().to_string(), "{word}");
            assert_eq!(database.data(&format!("/audit/orders/{word}/events")).await["totalCount"], 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_of_two_sellers_names_its_candidates() {
    test(async |database| {
        let first = Sold { n: 1, number: "ORD-2010-000001", external_id: Some("536365") };
        let second = Sold { n: 2, number: "ORD-2010-000002", external_id: Some("536365") };
        database.append(vec![first.placed(AT), second.placed(AT)]).await;
        database.replay("order_history").await;
        let answer = database.audit("/audit/orders/536365").await;
        assert_eq!(answer.status, 400);
        for sold in [first, second] {
            assert!(answer.text.contains(&sold.id().to_string()), "{}", answer.text);
        }
    })
    .await;
}

fn product(n: u128, seller_id: SellerId, sku: &str, external_id: Option<&str>) -> Vec<NewEvent> {
    let id = ProductId(Uuid::from_u128(0x5000 + n));
    let details: ProductDetails = serde_json::from_value(json!({
        "seller_id": seller_id, "sku": sku, "external_id": external_id, "slug": format!("heart-{n}"),
        "name": "White hanging heart", "price": Money::new(255, "GBP".parse().unwrap()),
    }))
    .unwrap();
    let received = InventoryEvent::StockReceived { quantity: 6, reason: None };
    vec![
        event::<Product>(id, 1, AT, &ProductEvent::ProductCreated(Box::new(details))),
        event::<Inventory>(id, 1, AT, &received),
    ]
}

#[tokio::test]
async fn stock_is_found_by_sku_or_outside_id_where_only_one_product_has_it() {
    test(async |database| {
        let products = [
            product(1, ANN, "85123A", Some("OUT-1")),
            product(2, ANN, "71053", None),
            product(3, BEN, "71053", None),
        ];
        database.append(products.concat()).await;
        database.replay("catalog").await;
        for word in ["85123A", "OUT-1"] {
            let data = database.data(&format!("/audit/inventory/{word}")).await;
            assert_eq!(data["state"]["on_hand"], 6, "{word}");
            assert_eq!(
                database.data(&format!("/audit/products/{word}")).await["state"]["details"]["sku"],
                "85123A"
            );
        }
        assert_eq!(database.refusal("/audit/inventory/71053").await, (400, "VALIDATION_ERROR".into()));
    })
    .await;
}
