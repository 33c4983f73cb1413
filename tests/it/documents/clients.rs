//! The clients that document 004 prints: its Python class and its curl lines run as they stand there.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use super::lines::{Block, Piece, pieces};
use super::request::read;
use super::world::World;

/// What is put in the place of the printed host, token and ids.
async fn put_in(world: &World, script: &str) -> String {
    let order = world.ready_to_order("user@example.com", "SecurePass123!").await.unwrap();
    let api = world.place.url("");
    script
        .replace("https://api.ecommerce.com", &api)
        .replace("{access_token}", &order.token)
        .replace("addr-001", &order.address)
        .replace("pm-001", &order.method)
}

/// The first block of this language that contains `word`.
fn block<'a>(text: &'a str, language: &str, word: &str) -> Option<Block<'a>> {
    pieces(text).into_iter().find_map(|piece| match piece {
        Piece::Block(block) if block.language == language && block.text.contains(word) => Some(block),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_curl_lines_of_004_run() {
    let Some(text) = read("004") else { return };
    let world = World::open("004").await;
    let script = put_in(&world, &block(&text, "bash", "# Login").unwrap().text).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".curlrc"), "silent\nshow-error\nwrite-out = \"\\n%{http_code}\\n\"\n")
        .unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).env("CURL_HOME", folder.path()).stdin(Stdio::null());
    let output = bash.output().await.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let statuses: Vec<_> = printed.lines().skip(1).step_by(2).collect();
    assert_eq!(statuses, ["200", "200", "201"], "{printed}{}", String::from_utf8_lossy(&output.stderr));
    world.close().await;
}

/// The class needs Python's `requests`; the first Python in the path may be one without it.
async fn python_with_requests() -> &'static str {
    for python in ["python3", "/usr/bin/python3"] {
        let asked = Command::new(python).args(["-c", "import requests"]).output().await;
        if asked.is_ok_and(|it| it.status.success()) {
            return python;
        }
    }
    panic!("Python's requests is missing: apt-get install python3-requests")
}

/// Uses every method of the class, as a program would.
const PROGRAM: &str = "
import json, sys
from client import ECommerceApiClient

client = ECommerceApiClient(sys.argv[1])
user = client.login('user@example.com', 'SecurePass123!')['user']
products = client.get_products(page_number=1, page_size=5)
order = client.create_order(json.loads(sys.argv[2]))
print(json.dumps({'user': user['email'], 'products': len(products['items']), 'order': order['status']}))
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_class_of_004_runs() {
    let Some(text) = read("004") else { return };
    let world = World::open("004").await;
    let order = world.ready_to_order("user@example.com", "SecurePass123!").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let class = block(&text, "python", "class ECommerceApiClient").unwrap().text;
    std::fs::write(folder.path().join("client.py"), class).unwrap();
    let body = json!({
        "shippingAddressId": order.address, "billingAddressId": order.address, "paymentMethodId": order.method,
    });
    let mut python = Command::new(python_with_requests().await);
    python.current_dir(&folder).args(["-c", PROGRAM, &world.place.url(""), &body.to_string()]);
    let output = python.output().await.unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({ "user": "user@example.com", "products": printed["products"], "order": "pending" });
    assert_eq!(printed, expected);
    assert!(printed["products"].as_u64().unwrap() > 0, "no products: {printed}");
    world.close().await;
}
