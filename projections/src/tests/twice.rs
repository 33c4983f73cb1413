//! Events that no decision makes: the same one once more in its stream.

use std::collections::BTreeSet;

use super::*;
use crate::read_model::ReadModel;
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 8, products: 6, orders: 25, most_lines: 3 };

/// Guards against rows that depend on where batches end, and so differ between a live read model and one made anew.
#[tokio::test]
async fn what_happens_twice_is_taken_or_refused_however_batches_fall() {
    let database = TestDatabase::new().await;
    let history = published(SHOP.with_coupons());
    let mut refused = BTreeSet::new();
    for model in READ_MODELS {
        let mut tried = BTreeSet::new();
        let concerned = history.iter().filter(|event| model.concerns(event));
        for event in concerned.filter(|event| tried.insert(event.data.event_type())) {
            let stream = (&event.aggregate_type, &event.aggregate_id);
            let before = history.iter().filter(|it| (&it.aggregate_type, &it.aggregate_id) == stream);
            let mut events: Vec<_> = before.filter(|it| it.sequence <= event.sequence).cloned().collect();
            let again = (event.sequence + 1, event.position + 1);
            events.push(PublicEvent { sequence: again.0, position: again.1, ..event.clone() });
            let (before, last) = events.split_at(events.len() - 1);
            let together = after(&database.owner, model, &[&events]).await;
            let apart = after(&database.owner, model, &[before, last]).await;
            assert_eq!(together, apart, "{} in {}", event.data.event_type(), model.name());
            if together.is_none() {
                refused.insert(format!("{} in {}", event.data.event_type(), model.name()));
            }
        }
        assert!(!tried.is_empty(), "{}", model.name());
    }
    for made in ["CouponCreated in coupons", "OrderPlaced in order_history", "ReviewWritten in reviews"] {
        assert!(refused.contains(made), "{made}: {refused:?}");
    }
}

/// The rows of a read model after these batches; nothing where one is refused.
async fn after(owner: &PgPool, model: &dyn ReadModel, batches: &[&[PublicEvent]]) -> Option<Vec<String>> {
    let mut tx = owner.begin().await.unwrap();
    for batch in batches {
        if let Err(error) = model.apply(batch, Generation(1), &mut tx).await {
            assert!(error.is_of_the_event(), "{error:?}");
            return None;
        }
    }
    let mut rows = Vec::new();
    for table in model.tables() {
        let table = Generation(1).table(model.name(), table);
        let of_table = format!("SELECT '{table} ' || to_jsonb(t)::text FROM {table} AS t ORDER BY 1");
        rows.extend(sqlx::query_scalar::<_, String>(&of_table).fetch_all(&mut *tx).await.unwrap());
    }
    Some(rows)
}
