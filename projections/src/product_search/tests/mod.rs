//! Searching, and an index through its life.

mod again;
mod completing;
mod counting;
mod damage;
mod facets;
mod finding;
mod guesses;
mod language;
mod narrowing;
mod parking;
mod quickly;
mod rating;
mod reading;
mod relevance;
mod showing;
mod slips;
mod standing_still;
mod together;
mod versions;

use std::path::Path;
use std::sync::Arc;

use domain::Money;
use domain::ids::{ProductId, SellerId};
use domain::inventory::InventoryEvent;
use domain::product::{ProductDetails, ProductEvent};
use event_store::{Hash, Head, Log};
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use super::answer::search;
use super::index::Feed;
use super::{Home, ProductSearch, SearchPage, SearchQuery, Sort, Weights, Words, on_disk, start};
use crate::Positions;
use crate::replay::replay;
use crate::testing::log::{append, reached, source};
use crate::testing::{Happened, Shop, Stored, TestDatabase, happened_at, until};

const SELLER: SellerId = SellerId(Uuid::from_u128(77));

fn product(n: u32) -> ProductId {
    ProductId(Uuid::from_u128(n.into()))
}

fn happened(n: u32, sequence: i64, event: Stored) -> Happened {
    Happened { aggregate_id: product(n).0, sequence, occurred_at: happened_at(n.into()), event }
}

fn details(name: &str, description: &str, price: i64) -> ProductDetails {
    let mut details = crate::testing::history::details(SELLER, 1, price);
    details.name = name.to_owned();
    details.description = description.to_owned();
    details
}

fn created(n: u32, details: ProductDetails) -> Happened {
    happened(n, 1, Stored::Product(ProductEvent::ProductCreated(Box::new(details))))
}

fn received(n: u32, sequence: i64, quantity: u64) -> Happened {
    happened(n, sequence, Stored::Inventory(InventoryEvent::StockReceived { quantity, reason: None }))
}

fn reserved(n: u32, sequence: i64, quantity: u64) -> Happened {
    let order_id = Uuid::nil().into();
    let event = InventoryEvent::StockReserved { order_id, quantity, expires_at: None };
    happened(n, sequence, Stored::Inventory(event))
}

/// A small shop: lamps, a red one of which none is left.
fn shop() -> Vec<Happened> {
    let mut red = details("Red lamp", "Shines", 3000);
    red.category = Some("Outdoor".to_owned());
    red.tags = vec!["Sale".to_owned()];
    red.featured = true;
    vec![
        created(1, details("Candle holder", "Fits under any lamp", 500)),
        created(2, details("Café lamps", "Two of them", 1500)),
        created(3, red),
        received(1, 1, 5),
        received(2, 1, 5),
        received(3, 1, 1),
        reserved(3, 2, 1),
    ]
}

fn head(position: i64) -> Head {
    Head { position, hash: Hash([7; 32]) }
}

fn feed(feed: &mut Feed, events: Vec<Happened>, until: i64) {
    let events: Vec<_> = events.into_iter().map(|event| event.publish(until)).collect();
    assert_eq!(feed.apply(&events, &[], head(until)), []);
}

fn open(folder: &Path) -> Feed {
    Feed::open(folder, Arc::new(Words::default())).unwrap()
}

fn opened(folder: &Path) -> Feed {
    let mut opened = open(folder);
    feed(&mut opened, shop(), 7);
    opened.commit().unwrap();
    opened
}

fn ask(feed: &Feed, query: &SearchQuery) -> SearchPage {
    search(&feed.snapshot(), query, &Weights::default()).unwrap()
}

fn found(feed: &Feed, query: SearchQuery) -> Vec<u128> {
    let page = ask(feed, &SearchQuery { limit: 10, ..query });
    assert_eq!(page.total, page.hits.len());
    ids(&page)
}

fn ids(page: &SearchPage) -> Vec<u128> {
    page.hits.iter().map(|hit| hit.id.0.as_u128()).collect()
}

fn text(text: &str) -> SearchQuery {
    SearchQuery { text: Some(text.to_owned()), ..SearchQuery::default() }
}

#[test]
fn changes_are_seen_at_once_and_survive_a_restart_once_they_are_committed() {
    let folder = TempDir::new().unwrap();
    let mut opened = opened(folder.path());
    let revised = details("Green lamp", "", 700);
    feed(
        &mut opened,
        vec![
            received(3, 3, 9),
            reserved(1, 2, 1),
            happened(2, 2, Stored::Product(ProductEvent::ProductWithdrawn {})),
            happened(1, 2, Stored::Product(ProductEvent::ProductRevised(Box::new(revised)))),
        ],
        11,
    );
    for committed in [false, true] {
        if committed {
            opened.commit().unwrap();
        }
        assert_eq!(found(&opened, text("lamp")).len(), 2);
        assert_eq!(found(&opened, SearchQuery { in_stock: Some(true), ..text("lamp") }).len(), 2);
        assert_eq!(found(&opened, SearchQuery { sort: Sort::Oldest, ..text("green") }), [1]);
        assert!(found(&opened, text("candle")).is_empty());
        assert!(found(&opened, text("cafe")).is_empty());
    }
    // Not committed, so gone.
    feed(&mut opened, vec![reserved(3, 4, 9)], 12);
    assert_eq!(found(&opened, SearchQuery { in_stock: Some(true), ..text("lamp") }).len(), 1);
    drop(opened);
    let mut opened = open(folder.path());
    assert_eq!(opened.head(), head(11));
    assert_eq!(found(&opened, SearchQuery { in_stock: Some(true), ..text("lamp") }).len(), 2);
    // The stock that was known is still known: what is left is exactly nine.
    feed(&mut opened, vec![reserved(3, 4, 9)], 12);
    assert_eq!(found(&opened, SearchQuery { in_stock: Some(true), ..text("lamp") }), [1]);
    feed(&mut opened, vec![received(3, 5, 1)], 13);
    assert_eq!(found(&opened, SearchQuery { in_stock: Some(true), ..text("lamp") }).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_is_an_error(typed in "\\PC{0,60}", odd in "[-+\"'(){}\\[\\]:^~*?\\\\/&|!<>=, a-c\u{0}]{0,40}") {
        let folder = TempDir::new().unwrap();
        let feed = opened(folder.path());
        ask(&feed, &SearchQuery { limit: 5, ..text(&typed) });
        ask(&feed, &SearchQuery { limit: 5, categories: Some(vec![odd.clone()]), ..text(&odd) });
    }
}

/// Waits until what is shown is of this position, or a later one.
async fn shown(search: &ProductSearch, position: i64) {
    let position_of =
        async || search.search(SearchQuery { limit: 1, ..text("lamp") }).await.map(|answer| answer.position);
    let what = format!("it shows what is at {position}");
    until(&what, position_of, |at| at.as_ref().is_ok_and(|at| *at >= position)).await.unwrap();
}

/// Waits until the index on disk is of this position.
async fn committed(daybook_home: &Path, position: i64) {
    let what = format!("the index on disk is at {position}");
    until(
        &what,
        async || on_disk(daybook_home).pop(),
        |it| it.as_ref().map(|it| it.position) == Some(position),
    )
    .await;
}

/// Waits until nobody keeps an index of before any more.
async fn deleted(home: &Home, generation: u32) {
    let folder = home.folder(generation);
    until(&format!("{} is deleted", folder.display()), async || folder.exists(), |exists| !exists).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_follows_the_log_through_a_replay_and_a_restart() {
    let database = TestDatabase::new().await;
    let folder = TempDir::new().unwrap();
    let home = Home::under(folder.path());
    let source = source(&database.app);
    let positions = Positions::new(database.app.clone());
    let head = append(&database.app, Head::EMPTY, shop()).await;
    let search = start(home.clone(), &database.app, &source, &positions);
    reached(&positions, &[super::NAME], head.position).await;

    let log = Log::new(database.app.clone());
    let report = replay(super::NAME, &database.owner, &home, &log, |_| {}).await.unwrap();
    assert_eq!(report.events, head.position);
    let head = append(&database.app, head, vec![created(4, details("Blue lamp", "", 1))]).await;
    shown(&search, head.position).await;
    let answer = search.search(SearchQuery { limit: 9, ..text("lamp") }).await.unwrap();
    assert_eq!(answer.value.total, 4);
    // The live process has gone over to the new index and deleted the old one.
    deleted(&home, 1).await;
    drop(search);
    let search = start(home.clone(), &database.app, &source, &positions);
    shown(&search, head.position).await;
    committed(folder.path(), head.position).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_another_log_is_built_again() {
    let database = TestDatabase::new().await;
    let folder = TempDir::new().unwrap();
    let home = Home::under(folder.path());
    std::fs::create_dir_all(home.path()).unwrap();
    let generation = home.start_over().unwrap();
    drop(opened(&home.folder(generation)));
    let position = append(
        &database.app,
        Head::EMPTY,
        Shop { seed: 1, products: 30, orders: 0, most_lines: 1 }.history().flatten().collect(),
    )
    .await
    .position;
    assert!(position > 7);
    let positions = Positions::new(database.app.clone());
    let search = start(home, &database.app, &source(&database.app), &positions);
    shown(&search, position).await;
    let hearts = search.search(SearchQuery { limit: 1, ..text("heart") }).await.unwrap();
    // Of 30 every seventh was withdrawn (4), and 3 are hidden.
    assert_eq!((hearts.position, hearts.value.total), (position, 23));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_folder_shows_what_the_first_commits() {
    let database = TestDatabase::new().await;
    let folder = TempDir::new().unwrap();
    let home = Home::under(folder.path());
    let source = source(&database.app);
    let positions = Positions::new(database.app.clone());
    let first = start(home.clone(), &database.app, &source, &positions);
    let head = append(&database.app, Head::EMPTY, shop()).await;
    shown(&first, head.position).await;
    let second = start(home, &database.app, &source, &Positions::new(database.app.clone()));
    shown(&second, head.position).await;
    drop(first);
    let head = append(&database.app, head, vec![created(4, details("Blue lamp", "", 1))]).await;
    shown(&second, head.position).await;
}

#[test]
fn what_is_hidden_is_not_found_and_comes_back_at_its_place() {
    let folder = TempDir::new().unwrap();
    let mut index = opened(folder.path());
    let revised = |sequence, hidden| {
        let mut candle = details("Candle holder", "Fits under any lamp", 500);
        candle.hidden = hidden;
        happened(1, sequence, Stored::Product(ProductEvent::ProductRevised(Box::new(candle))))
    };
    let oldest = || SearchQuery { sort: Sort::Oldest, ..SearchQuery::default() };
    feed(&mut index, vec![revised(2, true)], 8);
    index.commit().unwrap();
    assert_eq!(found(&index, oldest()), [2, 3]);
    feed(&mut index, vec![revised(3, false)], 9);
    index.commit().unwrap();
    assert_eq!(found(&index, oldest()), [1, 2, 3]);
}
