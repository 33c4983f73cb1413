//! Products with their stock.

use std::collections::BTreeMap;

use domain::ids::ProductId;
use domain::inventory::InventoryEvent;
use domain::product::ProductEvent;
use domain::public::PublicEvent;
use uuid::Uuid;

use super::{Catalog, Products};
use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::testing::history::{CANDLES, LAMPS};
use crate::testing::{Shop, Stored, TestDatabase};

const SHOP: Shop = Shop { seed: 5, products: 14, orders: 30, most_lines: 4 };

async fn filled(size: usize) -> (TestDatabase, Products) {
    let database = TestDatabase::new().await;
    let events: Vec<PublicEvent> =
        (1..).zip(SHOP.history().flatten()).map(|(position, event)| event.publish(position)).collect();
    for batch in events.chunks(size) {
        let mut tx = database.app.begin().await.unwrap();
        Catalog.apply(batch, Generation(1), &mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }
    let products = Products::new(database.app.clone());
    (database, products)
}

fn ids() -> Vec<ProductId> {
    let created = SHOP.history().flatten().filter_map(|event| match event.event {
        Stored::Product(ProductEvent::ProductCreated(_)) => Some(ProductId(event.aggregate_id)),
        _ => None,
    });
    created.collect()
}

#[tokio::test]
async fn stock_is_on_hand_less_reserved() {
    let (_database, products) = filled(7).await;
    let mut expected: BTreeMap<ProductId, i64> = BTreeMap::new();
    for event in SHOP.history().flatten() {
        let id = ProductId(event.aggregate_id);
        let change = match event.event {
            Stored::Inventory(
                InventoryEvent::StockReceived { quantity, .. }
                | InventoryEvent::ReservationReleased { quantity, .. }
                | InventoryEvent::StockReturned { quantity, .. },
            ) => quantity.cast_signed(),
            Stored::Inventory(InventoryEvent::StockReserved { quantity, .. }) => -quantity.cast_signed(),
            _ => 0,
        };
        *expected.entry(id).or_default() += change;
    }
    for product in products.by_ids(&ids()).await.unwrap().value {
        assert_eq!(product.stock, expected[&product.product_id]);
        assert!(product.in_stock());
    }
}

#[tokio::test]
async fn products_come_in_the_order_that_was_asked_for() {
    let (_database, products) = filled(1000).await;
    let mut wanted = ids();
    wanted.reverse();
    wanted.insert(3, ProductId(Uuid::nil()));
    let found = products.by_ids(&wanted).await.unwrap().value;
    wanted.remove(3);
    assert_eq!(found.iter().map(|product| product.product_id).collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn a_revised_product_keeps_its_beginning_and_a_withdrawn_one_has_no_slug() {
    for size in [3, 1000] {
        let (_database, products) = filled(size).await;
        let ids = ids();
        let revised = products.detail_by_slug("white-heart-3").await.unwrap().value.unwrap().product;
        assert_eq!(revised.product_id, ids[3]);
        assert!(revised.details.name.ends_with("(new)"));
        assert_eq!(revised.version, 2);
        for word in ["SKU-3", "X3"] {
            let found = products.by_outside_id_or_sku(word).await.unwrap().value;
            assert_eq!(found, std::slice::from_ref(&revised), "{word}");
        }

        let withdrawn = products.detail_by_id(ids[6]).await.unwrap().value.unwrap().product;
        assert!(withdrawn.withdrawn);
        assert_eq!(products.detail_by_slug("white-heart-6").await.unwrap().value, None);
        assert_eq!(products.by_outside_id_or_sku("SKU-6").await.unwrap().value, [withdrawn]);
    }
}

#[tokio::test]
async fn products_are_counted_where_they_are_and_named_by_their_category() {
    for size in [2, 1000] {
        let (_database, products) = filled(size).await;
        let tree = products.tree().await.unwrap().value;
        let names: Vec<_> = tree.roots().map(|root| root.name.as_str()).collect();
        assert_eq!(names, ["Lamps"]);
        let children: Vec<_> = tree.children(LAMPS).map(|child| child.name.as_str()).collect();
        assert_eq!(children, ["Candles"], "renamed, and the one that went is gone");

        // Of 14 products 0, 3, 6, 9 and 12 are candles; 6 and 13 were withdrawn, 8 is hidden.
        let candles = products.by_ids(&ids()).await.unwrap().value;
        let candles: Vec<_> = candles.iter().filter(|it| it.details.category_id == Some(CANDLES)).collect();
        assert_eq!(candles.len(), 5);
        for candle in &candles {
            assert_eq!(candle.category.as_ref().map(|it| it.slug.as_str()), Some("candles"));
        }
        assert_eq!(tree.products().get(&CANDLES), Some(&4));
        assert_eq!(tree.products().get(&LAMPS), None);
        assert_eq!(products.bare_tree().await.unwrap().value.keys("lamps").len(), 4);
    }
}

#[tokio::test]
async fn beside_a_product_stand_the_newest_of_its_category_that_everybody_may_see() {
    let (_database, products) = filled(1000).await;
    let ids = ids();
    let detail = products.detail_by_id(ids[3]).await.unwrap().value.unwrap();
    assert_eq!(detail.beside, [ids[12], ids[9], ids[0]]);
    let by_slug = products.detail_by_slug("white-heart-3").await.unwrap().value.unwrap();
    assert_eq!(by_slug, detail);
    // The others have a word that names no category: 13 is withdrawn, 8 is hidden, and at most 8 are shown.
    let word = products.detail_by_id(ids[1]).await.unwrap().value.unwrap();
    assert_eq!(word.product.category, None);
    assert_eq!(word.beside, [11, 10, 7, 5, 4, 2].map(|n| ids[n]));
    // Asked by what is said of a product, it is the same.
    for detail in [detail, word] {
        let said = detail.product.details.into();
        assert_eq!(products.beside(detail.product.product_id, &said).await.unwrap(), detail.beside);
    }
}
