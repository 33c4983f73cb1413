//! The README's first order, line by line, as a person would paste it.

use std::process::Stdio;

use tokio::process::Command;

use crate::harness::{Database, Place};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_first_order_is_placed_paid_read_and_audited() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, after) = readme.split_once("```sh\n").unwrap();
    let (script, _) = after.split_once("```").unwrap();
    // Only the instance is another one.
    let script = script
        .replace("http://127.0.0.1:8080", &place.url(""))
        .replace(".daybook/sample-shop.json", home.path().join("sample-shop.json").to_str().unwrap())
        .replace("$(./dev kafka-bootstrap)", "$KAFKA_BROKERS")
        .replace("./dev daybook", env!("CARGO_BIN_EXE_daybook"));
    let mut bash = Command::new("bash");
    bash.env_clear().envs(std::env::vars()).args(["-euo", "pipefail", "-c", &script]).stdin(Stdio::null());
    let output = bash.envs(place.environment()).output().await.unwrap();
    let (printed, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}\n{complaints}");
    for expected in
        ["\"succeeded\"", "[\"ORD-", "\"confirmed\"", "\"grossRevenue\"", "OrderConfirmed", "head "]
    {
        assert!(printed.contains(expected), "no {expected} in\n{printed}\n{complaints}");
    }
    assert!(printed.contains("ce_type=OrderPlaced"), "no CloudEvents headers in\n{printed}");
    process.stop().await;
}
