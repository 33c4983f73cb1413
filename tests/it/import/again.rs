//! A second import adds nothing; one that was killed is completed by the next.

use std::process::Stdio;
use std::time::Duration;

use super::{Importing, RETAIL, retail};

/// A history of 1,500 invoices whose customers buy and return the same goods again and again.
fn history() -> Vec<String> {
    let mut lines = Vec::new();
    for n in 0..1500_u32 {
        let (customer, day) = (format!("{}", n % 23), 1 + n / 54);
        let code = |k: u32| format!("K{}", (n * 7 + k) % 40);
        if n % 5 == 4 {
            lines.push(retail(&format!("C{n}"), &code(0), -i64::from(n % 9 + 1), day, "1.20", &customer));
        } else {
            lines.extend(
                (0..4).map(|k| {
                    retail(&n.to_string(), &code(k), i64::from(k + n % 3 + 1), day, "1.10", &customer)
                }),
            );
        }
        if n % 50 == 0 {
            lines.push(retail(&format!("S{n}"), &code(1), -3, day, "0", ""));
        }
    }
    lines
}

#[tokio::test]
async fn an_import_that_is_killed_again_and_again_is_completed() {
    let whole = Importing::new().await;
    let expected = whole.retail(&history()).await;
    let (money, stock) = (whole.money().await, whole.stock().await);

    let it = Importing::new().await;
    let path = it.file(RETAIL, &history());
    let arguments = it.arguments(&path, &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let head = "SELECT coalesce(max(position), 0) FROM events";
    for _ in 0..6 {
        let before: i64 = it.ask(head).await;
        let mut child = it.place.command(&arguments).stdout(Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() && it.ask::<i64>(head).await < before + 700 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let _ = child.kill().await;
    }
    let rest = it.retail(&history()).await;
    assert_eq!(rest.same(), expected.same());
    assert_eq!((it.money().await, it.stock().await), (money, stock));
    let events = "SELECT count(*) FROM events";
    assert_eq!(it.ask::<i64>(events).await, whole.ask::<i64>(events).await);
    let again = it.retail(&history()).await;
    assert_eq!((again.same(), again.get("events")), (expected.same(), "0"));
}

#[tokio::test]
async fn two_imports_of_one_file_at_the_same_time_are_one() {
    let it = Importing::new().await;
    let lines: Vec<String> = history().into_iter().take(1500).collect();
    let path = it.file(RETAIL, &lines);
    let rejects = ["one", "other"].map(|name| it.folder.path().join(name));
    let (one, other) = tokio::join!(it.run_to(&rejects[0], &path, &[]), it.run_to(&rejects[1], &path, &[]));
    assert_eq!(one.same(), other.same());
    let events: i64 = it.ask("SELECT count(*) FROM events").await;
    let counted: i64 = [&one, &other].iter().map(|said| said.get("events").parse::<i64>().unwrap()).sum();
    assert_eq!(counted, events);
    it.stock().await;
}

#[tokio::test]
async fn a_longer_file_adds_what_is_new() {
    let it = Importing::new().await;
    let lines = history();
    let cut = lines.iter().position(|line| line.starts_with("700,")).unwrap();
    it.retail(&lines[..cut]).await;
    let said = it.retail(&lines).await;
    let whole = Importing::new().await;
    assert_eq!(said.same(), whole.retail(&lines).await.same());
    assert_eq!(it.money().await, whole.money().await);
}
