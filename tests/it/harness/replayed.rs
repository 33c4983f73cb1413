//! The six read models beside what a fresh replay makes of the log.

use std::path::Path;

use event_store::Log;
use projections::fingerprint::{TableFingerprint, fingerprint};
use projections::product_search::{self, Home};
use projections::registry::READ_MODELS;
use serde_json::Value;

use super::{Answer, Database, Market, Place, seen};

/// What is searched for: a word of all goods, some of a few, and a misspelt one.
const SEARCHED: [&str; 6] = ["thing", "kettle", "silver", "17%22", "kettel", "moment"];

/// How often the comparison begins anew, because something was under way when it began.
const TRIES: usize = 5;

/// Compares each read model with what a fresh replay makes of the log, which has to have something for each of its tables:
/// row for row those in Postgres, and answer for answer the index of `searched`, a process that answers queries. Nobody
/// writes meanwhile. The position at which they are equal.
pub async fn equal_a_fresh_replay(database: &Database, searched: &Place, market: &Market) -> i64 {
    for _ in 0..TRIES {
        searched.settled().await;
        let at = head(database).await;
        let live = (rows(database).await, answers(searched, at).await);
        for model in READ_MODELS {
            searched.done(&["replay", model.name()]).await;
        }
        replay_index(searched).await;
        // The old index is fed no more: what has this is the new one.
        market.stroll().await;
        let fresh = (rows(database).await, answers(searched, head(database).await).await);
        if anything_but_carts_since(database, at).await {
            continue;
        }
        for (model, table) in &live.0 {
            assert!(
                table.rows > 0,
                "{model} has no {}: that nothing equals nothing says nothing",
                table.table
            );
        }
        assert_eq!(live.0, fresh.0, "at {at}");
        assert_eq!(live.1, fresh.1, "at {at}");
        assert_eq!(searched.done(&["parked", "--json"]).await.trim(), "[]");
        return at;
    }
    panic!("the log never stands still, though nobody writes");
}

async fn head(database: &Database) -> i64 {
    Log::new(database.pool.clone()).head().await.unwrap().position
}

async fn anything_but_carts_since(database: &Database, position: i64) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM events WHERE position > $1 AND aggregate_type <> 'carts')")
        .bind(position)
        .fetch_one(&database.pool)
        .await
        .unwrap()
}

/// What each table of each read model in Postgres has.
async fn rows(database: &Database) -> Vec<(&'static str, TableFingerprint)> {
    let mut all = Vec::new();
    for model in READ_MODELS {
        let tables = fingerprint(&database.pool, model, None).await.unwrap();
        all.extend(tables.into_iter().map(|table| (model.name(), table)));
    }
    all
}

/// Builds the index of a process that runs anew, and waits until that process has given up the old one.
async fn replay_index(place: &Place) {
    let home = Home::under(place.home());
    let folder = home.path();
    let before = live_folder(folder);
    place.done(&["replay", product_search::NAME]).await;
    assert_ne!(live_folder(folder), before, "another index is live");
    seen("the old index is given up", async || {
        if folder.join(&before).exists() { Err(format!("{before} is still there")) } else { Ok(()) }
    })
    .await;
}

/// What the live index's folder is called.
fn live_folder(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("current")).unwrap().trim().to_owned()
}

/// What an index says: all that is for sale, and what is found by some words, page after page and counted.
#[derive(Debug, PartialEq)]
struct Said {
    of: String,
    items: Vec<Value>,
    total: u64,
    facets: Value,
    corrected: Value,
}

/// Everything that an index says which has come to a position.
async fn answers(place: &Place, position: i64) -> Vec<Said> {
    let mut all = Vec::new();
    for order in ["created_asc", "price_desc", "name_asc"] {
        all.push(said(place, position, &format!("/products?sort={order}")).await);
    }
    for word in SEARCHED {
        all.push(said(place, position, &format!("/products/search?q={word}")).await);
    }
    assert!(all[3].total > 0 && all[3].total < all[0].total, "some of what is for sale is a thing");
    all
}

/// Goes through all pages of a list by its cursors.
async fn said(place: &Place, position: i64, of: &str) -> Said {
    let first = page(place, position, of).await;
    let mut said = Said {
        of: of.to_owned(),
        items: Vec::new(),
        total: first["totalCount"].as_u64().unwrap(),
        facets: first["facets"].clone(),
        corrected: first["correctedQuery"].clone(),
    };
    let mut page = first;
    loop {
        said.items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        page = self::page(place, position, &format!("{of}&cursor={cursor}")).await;
    }
    assert_eq!(u64::try_from(said.items.len()).unwrap(), said.total, "{of}: as many as were counted");
    said
}

async fn page(place: &Place, position: i64, of: &str) -> Value {
    let url = place.url(&format!("/api/v1{of}&pageSize=9"));
    seen("the index has come so far", async || {
        let read = reqwest::Client::new().get(&url).header("X-Min-Position", position);
        let answer = Answer::of(read.header("Prefer", "wait=10")).await;
        assert_eq!(answer.status, 200, "{url}: {}", answer.text);
        let at: i64 = answer.headers["x-projection-position"].to_str().unwrap().parse().unwrap();
        if at >= position { Ok(answer.json()["data"].clone()) } else { Err(format!("{at} of {position}")) }
    })
    .await
}
