//! `/metrics` is what Prometheus reads, and it counts what happened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use super::{Known, SIX, order_of};
use crate::harness::{Answer, Database, Place};

/// The sum of all samples of a name.
fn sum(samples: &BTreeMap<String, f64>, name: &str) -> f64 {
    let of_name = |it: &&String| it.split('{').next() == Some(name);
    samples.iter().filter(|(it, _)| of_name(it)).map(|(_, value)| value).sum()
}

#[tokio::test]
async fn requests_decisions_and_consumers_are_counted() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let product = Known::log_in(&place, "seller").await.product(5).await;
    let customer = Known::log_in(&place, "customer").await;
    let before = place.scraped().await;
    assert_eq!(customer.post("/orders", &order_of(&product)).await.status, 201);
    let unknown = Uuid::now_v7();
    for _ in 0..3 {
        Answer::of(reqwest::Client::new().get(place.url(&format!("/api/v1/products/{unknown}")))).await;
    }
    let after = place.scraped().await;
    let grown = |name: &str| sum(&after, name) - sum(&before, name);

    let of = |method: &str, route: &str, status: u16| {
        let labels = format!(r#"method="{method}",route="{route}",status="{status}""#);
        let found = after
            .iter()
            .find(|(name, _)| name.starts_with("daybook_http_requests_total{") && name.contains(&labels));
        found.map(|(_, value)| *value)
    };
    assert_eq!(of("POST", "/api/v1/orders", 201), Some(1.0));
    let missed = after.iter().find(|(name, _)| {
        name.starts_with("daybook_http_requests_total{") && name.contains("status=\"404\"")
    });
    let (name, count) = missed.unwrap();
    assert!(*count >= 3.0 && !name.contains(&unknown.to_string()), "a path is no label: {name}");
    assert!(grown("daybook_decision_seconds_count") >= 1.0);
    assert!(grown("daybook_append_seconds_count") >= 1.0);
    assert!(grown("daybook_group_events_sum") >= 3.0, "an order is several events");
    for gauge in [
        "daybook_decider_queue",
        "daybook_http_requests_in_flight",
        "daybook_log_position",
        "daybook_database_up",
        "daybook_build_info",
        "daybook_pool_max_connections",
        "daybook_left_at_gateways",
        "daybook_left_at_gateways_seconds",
        "daybook_refunds_owed",
        "daybook_refunds_owed_seconds",
    ] {
        assert!(after.keys().any(|name| name.split('{').next() == Some(gauge)), "{gauge}");
    }
    for consumer in SIX {
        for unit in ["events", "seconds"] {
            let lag = format!(r#"daybook_consumer_lag_{unit}{{consumer="{consumer}"}}"#);
            assert!(after.contains_key(&lag), "{lag}");
        }
        let parked = format!(r#"daybook_projection_parked{{model="{consumer}"}}"#);
        assert_eq!(after.get(&parked), Some(&0.0), "{parked}");
    }
    process.stop().await;
}

/// What the dashboard in the repository asks for.
#[tokio::test]
async fn every_metric_of_the_dashboard_is_served() {
    let dashboard = include_str!("../../../deploy/grafana/daybook.json");
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let asked: BTreeSet<&str> = targets
        .flat_map(|target| {
            target["expr"].as_str().unwrap().split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        })
        .filter(|word| word.starts_with("daybook_"))
        .collect();
    assert!(asked.len() > 15, "{asked:?}");

    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let product = Known::log_in(&place, "seller").await.product(5).await;
    let customer = Known::log_in(&place, "customer").await;
    assert_eq!(customer.post("/orders", &order_of(&product)).await.status, 201);
    place.caught_up().await;
    let served = place.scraped().await;
    let served: BTreeSet<&str> = served.keys().filter_map(|sample| sample.split('{').next()).collect();
    let missing: Vec<_> = asked.difference(&served).collect();
    assert!(missing.is_empty(), "{missing:?} of {served:?}");
    process.stop().await;
}

/// Roles without an API show theirs on an address of their own.
#[tokio::test]
async fn a_projector_and_a_relay_can_be_watched() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    for (role, own) in [("projector", "daybook_projection_parked"), ("relay", "daybook_relay_active")] {
        let place = Place::new(role, &database, home.path()).watched();
        let process = place.start().await;
        let served = place.scraped().await;
        for name in ["daybook_consumer_lag_events", "daybook_consumer_lag_seconds", own] {
            assert!(served.keys().any(|sample| sample.split('{').next() == Some(name)), "{role}: {name}");
        }
        process.stop().await;
    }
}
