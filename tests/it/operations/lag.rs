//! How far a read model is behind is said where it is watched.

use event_store::Log;
use serde_json::json;

use super::{Known, SIX};
use crate::harness::{Database, Place, seen};

/// So much happens while they are held.
const BEHIND: i64 = 5;

async fn head(database: &Database) -> i64 {
    Log::new(database.pool.clone()).head().await.unwrap().position
}

/// One event.
async fn something_happens(admin: &Known<'_>, number: i64) {
    let coupon = json!({ "code": format!("HELD{number}"), "discountType": "percentage", "discountValue": 5 });
    assert_eq!(admin.post("/coupons", &coupon).await.status, 201);
}

/// Lag in events and in seconds, by `/metrics`.
async fn watched(place: &Place, consumer: &str) -> (f64, f64) {
    let samples = place.scraped().await;
    let of = |unit: &str| samples[&format!(r#"daybook_consumer_lag_{unit}{{consumer="{consumer}"}}"#)];
    (of("events"), of("seconds"))
}

#[tokio::test]
async fn a_read_model_that_is_held_says_how_far_it_is_behind_until_it_has_caught_up() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let admin = Known::log_in(&place, "admin").await;
    place.caught_up().await;
    let from = head(&database).await;

    // Whoever feeds one writes its place: in the transaction of the rows, or beside the index once in a while.
    let mut holding = database.pool.begin().await.unwrap();
    let checkpoints =
        "SELECT c.name FROM checkpoints c JOIN read_models m ON c.name = m.name || '@' || m.generation
                       FOR UPDATE OF c";
    let held: Vec<String> = sqlx::query_scalar(checkpoints).fetch_all(&mut *holding).await.unwrap();
    let index = "SELECT name FROM search_indexes FOR UPDATE";
    let index: Vec<String> = sqlx::query_scalar(index).fetch_all(&mut *holding).await.unwrap();
    assert_eq!((held.len(), index.len()), (5, 1), "{held:?} and {index:?}");
    something_happens(&admin, 1).await;
    database.until_waiting(6).await;
    for number in 2..=BEHIND {
        something_happens(&admin, number).await;
    }
    assert_eq!(head(&database).await, from + BEHIND);

    let status = place.status().await;
    for name in SIX {
        // The index may have the first of them: it is held where it would say so.
        let positions = if name == "product_search" { from..=from + 1 } else { from..=from };
        let (events, seconds) = watched(&place, name).await;
        let lags = positions.clone().map(|position| (from + BEHIND - position).to_string());
        assert!(lags.into_iter().any(|lag| lag == events.to_string()), "{name}: {events}");
        assert!(seconds > 0.0, "{name}");
        let all = status["consumers"].as_array().unwrap();
        let it = all.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name}: {status}"));
        let position = it["position"].as_i64().unwrap();
        assert!(positions.contains(&position), "{it} of {from}");
        assert_eq!(
            (&it["lag"], &it["state"]),
            (&json!(from + BEHIND - position), &json!("following")),
            "{it}"
        );
        assert!(it["lagMs"].as_i64().unwrap() > 0, "{it}");
    }

    holding.rollback().await.unwrap();
    for name in SIX {
        seen("it has caught up", async || {
            let lag = watched(&place, name).await;
            if lag == (0.0, 0.0) { Ok(()) } else { Err(format!("{name}: {lag:?}")) }
        })
        .await;
    }
    place.caught_up().await;
    for name in SIX {
        let it = place.consumer(name).await;
        assert_eq!((&it["lag"], &it["lagMs"]), (&json!(0), &json!(0)), "{it}");
    }
    process.stop().await;
}
