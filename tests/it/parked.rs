//! `daybook parked retry`.

use uuid::Uuid;

use crate::harness::{Database, Place};

/// Guards against one that can't be tried again and keeps all behind it from being tried.
#[tokio::test]
async fn one_that_cannot_be_tried_again_keeps_nobody_from_it() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let order = Uuid::now_v7();
    // Of a read model that this build doesn't know, and of one that it does.
    for consumer in ["a_read_model@1", "order_history@1"] {
        sqlx::query("INSERT INTO parked VALUES ($1, 'orders', $2, 1, 1, 'OrderPlaced', 'poison')")
            .bind(consumer)
            .bind(order.to_string())
            .execute(&database.pool)
            .await
            .unwrap();
    }
    let place = Place::new("up", &database, home.path());
    let tried = place.output(&["parked", "retry"]).await;
    let (said, failed) = (String::from_utf8_lossy(&tried.stdout), String::from_utf8_lossy(&tried.stderr));
    assert!(said.contains(&format!("a_read_model@1 orders/{order}: can't be tried again")), "{said}");
    assert!(said.contains("this build has no read model a_read_model@1"), "{said}");
    assert!(said.contains(&format!("order_history@1 orders/{order}: 0 events applied")), "{said}");
    assert!(!tried.status.success() && failed.contains("1 of 2 are still parked"), "{failed}");

    let left: Vec<String> =
        sqlx::query_scalar("SELECT consumer FROM parked").fetch_all(&database.pool).await.unwrap();
    assert_eq!(left, ["a_read_model@1"]);
}

/// Guards against a slip in an id that is taken for an all-clear.
#[tokio::test]
async fn an_aggregate_that_is_not_parked_is_neither_shown_nor_tried_again_and_that_is_an_error() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let (parked, other) = (Uuid::now_v7().to_string(), format!("orders/{}", Uuid::now_v7()));
    sqlx::query("INSERT INTO parked VALUES ('order_history@1', 'orders', $1, 1, 1, 'OrderPlaced', 'poison')")
        .bind(&parked)
        .execute(&database.pool)
        .await
        .unwrap();
    let place = Place::new("up", &database, home.path());
    for (model, aggregate) in [("order_history", &other), ("order_history@2", &parked), ("catalog", &parked)]
    {
        for action in ["show", "retry"] {
            let (said, why) = place.refused(&["parked", action, model, aggregate]).await;
            assert!(why.contains(&format!("{model} has not parked {aggregate}")), "{action}: {why}");
            assert_eq!(said, "", "{action} {model} {aggregate}");
        }
        let (said, _) = place.refused(&["parked", "show", model, aggregate, "--json"]).await;
        assert_eq!(said, "", "{model} {aggregate}");
    }
    let shown = place.done(&["parked", "show", "order_history", &parked]).await;
    assert!(shown.contains(&parked) && shown.contains("poison"), "{shown}");
}

/// Guards against a slip in a name that is taken for an all-clear.
#[tokio::test]
async fn what_is_no_read_model_has_nothing_parked_and_that_is_an_error() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    for action in ["show", "retry"] {
        for slip in ["order-history", "order_histroy@2", "orders"] {
            let asked = place.output(&["parked", action, slip]).await;
            let said = String::from_utf8_lossy(&asked.stderr);
            let names = "order_history, seller_stats, catalog, coupons, reviews, product_search";
            assert!(!asked.status.success() && said.contains(names), "{action} {slip}: {said}");
            assert!(said.contains(&format!("there is no read model {slip}")), "{said}");
        }
        for known in ["order_history", "order_history@1", "product_search", "product_search@1f3a90c2"] {
            let asked = place.output(&["parked", action, known]).await;
            let said = String::from_utf8_lossy(&asked.stdout);
            assert!(asked.status.success() && said.contains("nothing of that is parked"), "{known}: {said}");
        }
    }
}
