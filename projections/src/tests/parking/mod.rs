//! An event that a read model can't take.

mod mixed;
mod not_ours;
mod poison;
mod refused;
mod undecodable;

use std::collections::BTreeSet;

use domain::public::PublicEvent;
use event_store::{Head, Log};
use sqlx::PgPool;
use tempfile::TempDir;

use self::poison::{history, poisons};
use super::{build, published, rows};
use crate::generation::Generation;
use crate::parked::{self, Outcome, Parked, Which};
use crate::product_search::Home;
use crate::replay::replay;
use crate::runner::start;
use crate::status::{ConsumerStatus, State, status};
use crate::testing::coupons::COUPON;
use crate::testing::log::{append, append_all, reached, source};
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 21, products: 12, orders: 40, most_lines: 4 };
const ALL: [&str; 5] = ["order_history", "seller_stats", "catalog", "coupons", "reviews"];

async fn consumer(pool: &PgPool, name: &str) -> ConsumerStatus {
    status(pool, None).await.unwrap().into_iter().find(|it| it.name == name).unwrap()
}

async fn all_parked(pool: &PgPool) -> Vec<Parked> {
    parked::list(pool, &Which::default()).await.unwrap()
}

/// Whether it, or what comes after it in its stream, is not in the read model.
fn holds_back(parked: &Parked, event: &PublicEvent) -> bool {
    event.aggregate_type == parked.aggregate_type
        && event.aggregate_id == parked.aggregate_id
        && event.sequence >= parked.sequence
}

fn aggregates(parked: &[Parked]) -> BTreeSet<(&str, String)> {
    parked.iter().map(|it| (it.aggregate_type.as_str(), it.aggregate_id.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_parked_is_retried_while_events_flow() {
    let history = history();
    let [poison, ..] = poisons(&history);
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(2), &[&published(history.clone())]).await;
    let right = rows(&database.owner, Some(Generation(2))).await;
    poison.inject(&database.owner, 1).await;
    let projectors = start(&database.app, &source(&database.app));
    let log = Log::new(database.app.clone());
    let mut head = Head::EMPTY;
    let mut mended = false;
    for group in history {
        head = append(&database.app, head, group).await;
        reached(projectors.positions(), &[poison.model], head.position).await;
        if let [found] = &all_parked(&database.app).await[..]
            && !mended
        {
            poison.mend(&database.owner).await;
            mended = true;
            let outcome = parked::retry(&database.app, &log, found).await.unwrap();
            assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
        }
    }
    assert!(mended);
    reached(projectors.positions(), &ALL, head.position).await;
    assert_eq!(rows(&database.owner, None).await, right);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_parks_for_itself_and_the_old_generations_are_forgotten() {
    let history = history();
    let [poison, ..] = poisons(&history);
    let database = TestDatabase::new().await;
    poison.inject(&database.owner, 1).await;
    let projectors = start(&database.app, &source(&database.app));
    let head = append_all(&database.app, Head::EMPTY, history).await;
    reached(projectors.positions(), &ALL, head.position).await;
    assert_eq!(all_parked(&database.app).await.len(), 1);
    // The new tables have no trigger.
    let folder = TempDir::new().unwrap();
    let log = Log::new(database.app.clone());
    replay(poison.model, &database.owner, &Home::under(folder.path()), &log, |_| {}).await.unwrap();
    assert_eq!(all_parked(&database.app).await, []);
    let it = consumer(&database.app, poison.model).await;
    assert_eq!((it.parked, it.lag_events), (0, 0));
}

#[tokio::test]
async fn what_a_replay_has_parked_is_not_retried_before_it_is_read() {
    let database = TestDatabase::new().await;
    append_all(&database.app, Head::EMPTY, SHOP.history().take(20)).await;
    let mut tx = database.owner.begin().await.unwrap();
    let model = crate::registry::find("order_history").unwrap();
    crate::generation::create_next(&mut tx, model).await.unwrap();
    tx.commit().await.unwrap();
    sqlx::query("INSERT INTO parked VALUES ('order_history@2', 'orders', $1, 1, 1, 'OrderPlaced', 'poison')")
        .bind(COUPON.to_string())
        .execute(&database.app)
        .await
        .unwrap();
    let all = all_parked(&database.app).await;
    let [found] = &all[..] else { panic!("one is parked") };
    let log = Log::new(database.app.clone());
    assert_eq!(parked::retry(&database.app, &log, found).await.unwrap(), Outcome::NotLive);
    assert_eq!(all_parked(&database.app).await.len(), 1);
}
