//! SIGTERM under load: what was accepted is answered, and connections that are kept end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::{Known, order_of};
use crate::harness::{Database, HANGS, Place, until};

const CLIENTS: usize = 32;

/// So many orders are placed before the signal.
const LOAD: i64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_that_was_sent_before_the_signal_is_answered() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    // In the delay the process reads what was still on its way when the signal came.
    let place = Place::new("up", &database, home.path()).with("DAYBOOK_DRAIN_DELAY", "2s");
    let process = place.start().await;
    let product = Known::log_in(&place, "seller").await.product(100_000).await;
    let token = Known::log_in(&place, "customer").await.token;
    let over = Arc::new(AtomicBool::new(false));
    let buyers: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (url, token, over) = (place.url("/api/v1/orders"), token.clone(), Arc::clone(&over));
            let body = order_of(&product);
            tokio::spawn(async move {
                let http = reqwest::Client::new();
                let mut placed = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    let request = http.post(&url).bearer_auth(&token).json(&body);
                    let answer = request.header("Idempotency-Key", Uuid::now_v7().to_string()).send().await;
                    let answer = answer.expect("a request that was sent is answered");
                    assert_eq!(answer.status(), 201);
                    let order: serde_json::Value = answer.json().await.unwrap();
                    placed.push(order["data"]["id"].as_str().unwrap().to_owned());
                }
                placed
            })
        })
        .collect();
    let in_log = "SELECT count(*) FROM events WHERE event_type = 'OrderPlaced'";
    until("there is a load", async || {
        let orders: i64 = sqlx::query_scalar(in_log).fetch_one(&database.pool).await.unwrap();
        orders >= LOAD
    })
    .await;
    over.store(true, Ordering::SeqCst);
    process.terminate().await;
    let mut placed = Vec::new();
    for buyer in buyers {
        placed.extend(buyer.await.unwrap());
    }
    process.ended().await;
    let known: Vec<String> =
        sqlx::query_scalar("SELECT aggregate_id FROM events WHERE event_type = 'OrderPlaced'")
            .fetch_all(&database.pool)
            .await
            .unwrap();
    assert!(placed.iter().all(|order| known.contains(order)), "an order was answered and is not in the log");
    assert_eq!(placed.len(), known.len(), "an order is in the log that nobody was told of");
}

#[tokio::test]
async fn a_connection_that_is_kept_ends_with_the_process() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let address = place.url("").trim_start_matches("http://").to_owned();
    let mut kept = TcpStream::connect(&address).await.unwrap();
    kept.write_all(b"GET /health/live HTTP/1.1\r\nhost: daybook\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 4096];
    let length = kept.read(&mut answer).await.unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    process.stop().await;
    let rest = tokio::time::timeout(HANGS, kept.read(&mut answer)).await;
    assert_eq!(rest.unwrap().unwrap(), 0, "it was left open");
}
