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
async fn until(database: &TestDatabase, here: &Process, expected: (State, State)) {
    let states = async || {
        let all = status(&database.app, Some(here.folder.path())).await.unwrap();
        let its = all.iter().find(|it| it.name == super::super::NAME)?;
        let other = all.iter().find(|it| it.name.starts_with("product_search@"))?;
        Some((its.state, other.state))
    };
    while states().await != Some(expected) {
        tokio::time::sleep(Duration::from_millis(20)).await; // asking again is how one observes it
    }
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
    until(&database, &well, (State::Following, State::Following)).await;

    // It can't read any more which index is the live one.
    let (pointer, aside) = (still.pointer(), still.folder.path().join("aside"));
    let live = fs::read(&pointer).unwrap();
    fs::write(&aside, [0xff]).unwrap();
    fs::rename(&aside, &pointer).unwrap();
    until(&database, &well, (State::Following, State::Failed)).await;
    well.start(&database);
    let head = append(&database.app, head, vec![received(1, 2, 1)]).await;
    well.reached(head.position).await;
    until(&database, &well, (State::Following, State::Failed)).await;

    fs::write(&aside, &live).unwrap();
    fs::rename(&aside, &pointer).unwrap();
    until(&database, &well, (State::Following, State::Following)).await;
    still.reached(head.position).await;
}
