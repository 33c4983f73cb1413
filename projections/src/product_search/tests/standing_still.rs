//! An index that stands still, beside another one.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::status::{State, status};

/// A process with an index of its own on the same log as others.
struct Process {
    folder: TempDir,
    running: Option<(ProductSearch, Positions)>,
}

impl Process {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), running: None }
    }

    /// Starts it, again if it runs.
    fn start(&mut self, database: &TestDatabase) {
        self.running = None;
        let positions = Positions::new(database.app.clone());
        let home = Home::under(self.folder.path());
        let search = start(home, &database.app, &source(&database.app), &positions);
        self.running = Some((search, positions));
    }

    /// Waits until its index has come to a position.
    async fn reached(&self, position: i64) {
        let (_, positions) = self.running.as_ref().unwrap();
        reached(positions, &[super::super::NAME], position).await;
    }

    /// What says which of its indexes is the live one.
    fn pointer(&self) -> PathBuf {
        Home::under(self.folder.path()).path().join("current")
    }
}

/// Waits until this is said of the index of `here`, and of the only other one.
async fn said(database: &TestDatabase, here: &Process, expected: (State, State)) {
    let states = async || {
        let all = status(&database.app, Some(here.folder.path())).await.unwrap();
        let its = all.iter().find(|it| it.name == super::super::NAME)?;
        let other = all.iter().find(|it| it.name.starts_with("product_search@"))?;
        Some((its.state, other.state))
    };
    let what = format!("it is said of the two that they are {expected:?}");
    until(&what, states, |states| *states == Some(expected)).await;
}

/// Guards against an index that is well hiding that another one stands still.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_stands_still_says_so_until_it_goes_on_whatever_others_do() {
    let database = TestDatabase::new().await;
    let (mut well, mut still) = (Process::new(), Process::new());
    let head = append(&database.app, Head::EMPTY, shop()).await;
    well.start(&database);
    still.start(&database);
    well.reached(head.position).await;
    still.reached(head.position).await;
    said(&database, &well, (State::Following, State::Following)).await;

    // It can't read any more which index is the live one.
    let (pointer, aside) = (still.pointer(), still.folder.path().join("aside"));
    let live = fs::read(&pointer).unwrap();
    fs::write(&aside, [0xff]).unwrap();
    fs::rename(&aside, &pointer).unwrap();
    said(&database, &well, (State::Following, State::Failed)).await;
    well.start(&database);
    let head = append(&database.app, head, vec![received(1, 2, 1)]).await;
    well.reached(head.position).await;
    said(&database, &well, (State::Following, State::Failed)).await;

    fs::write(&aside, &live).unwrap();
    fs::rename(&aside, &pointer).unwrap();
    said(&database, &well, (State::Following, State::Following)).await;
    still.reached(head.position).await;
}

/// Guards against a failure from before an index had a name that stays in status for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_without_a_name_is_gone_once_the_index_is_fed() {
    let database = TestDatabase::new().await;
    let mut process = Process::new();
    let head = append(&database.app, Head::EMPTY, shop()).await;
    process.start(&database);
    process.reached(head.position).await;
    process.running = None;

    // It can't read which index is the live one, so it doesn't know its name.
    let pointer = process.pointer();
    let live = fs::read(&pointer).unwrap();
    fs::write(&pointer, [0xff]).unwrap();
    process.start(&database);
    until_failures_without_a_name(&database, 1).await;

    // Now it has the name that it had before.
    let aside = process.folder.path().join("aside");
    fs::write(&aside, &live).unwrap();
    fs::rename(&aside, &pointer).unwrap();
    until_failures_without_a_name(&database, 0).await;
}

async fn until_failures_without_a_name(database: &TestDatabase, expected: i64) {
    let failures = async || {
        let counted = sqlx::query_scalar("SELECT count(*) FROM consumer_failures WHERE name = $1");
        let counted: i64 = counted.bind(super::super::NAME).fetch_one(&database.owner).await.unwrap();
        counted
    };
    let what = format!("{expected} failures have no name");
    until(&what, failures, |failures| *failures == expected).await;
}
