//! A replay of the search index says where it is, for each process has its own.

use projections::product_search::{self, Home};

use crate::harness::{Database, Place, until};

/// What a replay of the index prints, and what it says besides.
async fn replayed(place: &Place) -> (String, String) {
    let output = place.output(&["replay", product_search::NAME]).await;
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    (String::from_utf8(output.stdout).unwrap(), error)
}

/// Guards against an index that was built where nobody looks, without a word of it.
#[tokio::test]
async fn a_replay_of_the_index_says_where_it_is_and_if_nobody_shows_it() {
    let (database, folder) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, folder.path());
    let home = Home::under(&folder.path().canonicalize().unwrap());
    let (printed, error) = replayed(&place).await;
    let said = format!("product_search: the index is {}", home.path().join("g1").display());
    assert_eq!(printed.lines().last(), Some(said.as_str()));
    assert!(error.contains("no running process has this DAYBOOK_HOME"), "{error}");

    let process = place.start().await;
    until("the index is fed", async || product_search::is_fed(&home).await.unwrap()).await;
    let (printed, error) = replayed(&place).await;
    assert!(printed.lines().last().is_some_and(|line| line.starts_with("product_search: the index is ")));
    assert_eq!(error, "");
    process.stop().await;
}
