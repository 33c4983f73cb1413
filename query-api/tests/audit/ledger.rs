//! The ledger over HTTP, added up from the log.

use api_contract::Role;
use axum::http::header;
use serde_json::json;

use crate::harness::{Database, test};
use crate::shop::{ANN, Sold};

async fn sold(database: &Database) {
    let sold = Sold { n: 1, number: "ORD-2010-000001", external_id: None };
    let events = vec![
        sold.placed("2010-12-01T23:30:00Z"),
        sold.paid("2010-12-01T23:30:00Z"),
        sold.confirmed("2010-12-01T23:30:00Z"),
        sold.refunded("2011-03-01T12:00:00Z"),
    ];
    database.append(events).await;
}

const CSV: &str = "date,currency,captured,refunded,balance,goods,tax,shipping\n\
                   2010-12-01,GBP,1080.00,0.00,1080.00,1000.00,80.00,0.00\n\
                   2011-03-01,GBP,0.00,108.00,-108.00,-100.00,-8.00,0.00\n";

#[tokio::test]
async fn amounts_are_exact_decimals_by_day_with_totals() {
    test(async |database| {
        sold(database).await;
        let answer = database.audit("/audit/ledger").await;
        let row = r#"{"date":"2010-12-01","currency":"GBP","captured":1080.00,"refunded":0.00,"balance":1080.00,"goods":1000.00,"tax":80.00,"shipping":0.00}"#;
        assert!(answer.text.contains(row), "{}", answer.text);
        let total = r#""totals":[{"currency":"GBP","captured":1080.00,"refunded":108.00,"balance":972.00,"goods":900.00,"tax":72.00,"shipping":0.00}]"#;
        assert!(answer.text.contains(total), "{}", answer.text);
        let data = &answer.json()["data"];
        assert_eq!(data["timeZone"], "UTC");
        assert_eq!(data["head"], database.data("/audit/head").await);
    })
    .await;
}

#[tokio::test]
async fn csv_and_ndjson_come_by_format_or_by_accept() {
    test(async |database| {
        sold(database).await;
        let by_format = database.audit("/audit/ledger?format=csv").await;
        let by_accept = database.ask(Some(Role::Auditor), "/audit/ledger", "text/csv, */*;q=0.1").await;
        for answer in [by_format, by_accept] {
            assert_eq!(answer.text, CSV);
            let media_type = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
            assert!(media_type.starts_with("text/csv"), "{media_type}");
        }
        let lines = database.ask(Some(Role::Auditor), "/audit/ledger", "application/x-ndjson").await;
        assert_eq!(lines.headers[header::CONTENT_TYPE], "application/x-ndjson");
        assert_eq!(lines.text.lines().count(), 2);
        assert!(lines.text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    })
    .await;
}

#[tokio::test]
async fn days_are_those_of_the_time_zone_and_within_the_bounds() {
    test(async |database| {
        sold(database).await;
        let dates = async |query: &str| {
            let data = database.data(&format!("/audit/ledger{query}")).await;
            data["rows"].as_array().unwrap().iter().map(|row| row["date"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(dates("?tz=Europe/Berlin").await, ["2010-12-02", "2011-03-01"]);
        assert_eq!(dates("?to=2010-12-01").await, ["2010-12-01"]);
        assert_eq!(dates("?from=2010-12-02").await, ["2011-03-01"]);
        assert_eq!(dates("?from=2011-03-02").await, Vec::<serde_json::Value>::new());
    })
    .await;
}

#[tokio::test]
async fn a_sellers_ledger_is_his_goods() {
    test(async |database| {
        sold(database).await;
        let data = database.data(&format!("/audit/ledger?sellerId={ANN}")).await;
        let total = &data["totals"][0];
        assert_eq!((&total["captured"], &total["refunded"]), (&json!(600.00), &json!(60.00)));
        assert_eq!((&total["goods"], &total["tax"]), (&json!(540.00), &json!(0.00)));
    })
    .await;
}

#[tokio::test]
async fn more_captures_than_a_page_are_all_counted() {
    test(async |database| {
        for start in [0, 700, 1400] {
            let events = (start..start + 700).map(|n| {
                Sold { n, number: "ORD-2010-000001", external_id: None }.paid("2010-12-01T10:00:00Z")
            });
            database.append(events.collect()).await;
        }
        let data = database.data("/audit/ledger").await;
        assert_eq!(data["totals"][0]["captured"], json!(2_268_000.00));
    })
    .await;
}

#[tokio::test]
async fn a_query_that_breaks_a_rule_is_refused() {
    test(async |database| {
        for query in [
            "from=2010-13-01",
            "from=2011-01-02&to=2011-01-01",
            "tz=Middle/Earth",
            "sellerId=x",
            "format=xml",
        ] {
            assert_eq!(database.audit(&format!("/audit/ledger?{query}")).await.status, 400, "{query}");
        }
    })
    .await;
}
