//! An event that a read model can't take.

mod mixed;
mod not_ours;
mod poison;

use std::collections::BTreeSet;

use domain::public::PublicEvent;
use event_store::{Head, Log};
use sqlx::PgPool;
use tempfile::TempDir;

use self::poison::{COUPON, history, poisons};
use super::{build, published, rows};
use crate::generation::Generation;
use crate::parked::{self, Outcome, Parked, Which};
use crate::product_search::Home;
use crate::replay::replay;
use crate::runner::start;
use crate::status::{ConsumerStatus, State, status};
use crate::testing::log::{append, append_all, reached, source};
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 21, products: 12, orders: 40, most_lines: 4 };
const ALL: [&str; 4] = ["order_history", "seller_stats", "catalog", "coupons"];

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
async fn a_poison_event_in_each_read_model_parks_its_aggregate_and_nothing_else() {
    let history = history();
    for poison in poisons(&history) {
        let database = TestDatabase::new().await;
        build(&database.owner, Generation(2), &[&published(history.clone())]).await;
        let right = rows(&database.owner, Some(Generation(2))).await;
        poison.inject(&database.owner, 1).await;
        let projectors = start(&database.app, &source(&database.app));
        let (before, after) = history.split_at(history.len() - 30);
        let head = append_all(&database.app, Head::EMPTY, before.to_vec()).await;
        reached(projectors.positions(), &ALL, head.position).await;
        let head = append_all(&database.app, head, after.to_vec()).await;
        reached(projectors.positions(), &ALL, head.position).await;

        // The others are not affected: other read models, and all but what is parked of this one.
        let now = rows(&database.owner, None).await;
        let found = all_parked(&database.app).await;
        assert_eq!(aggregates(&found), poison.aggregates);
        let mut taken = published(history.clone());
        taken.retain(|event| !found.iter().any(|it| holds_back(it, event)));
        build(&database.owner, Generation(3), &[&taken]).await;
        let without = rows(&database.owner, Some(Generation(3))).await;
        for (((name, is), (_, whole)), (_, without)) in now.iter().zip(&right).zip(&without) {
            assert_eq!(is, if name.starts_with(poison.model) { without } else { whole }, "{name}");
        }
        assert_ne!(now, right);
        for it in &found {
            assert_eq!(it.consumer, format!("{}@1", poison.model));
            assert!(it.error.contains("no row like this"), "{}", it.error);
        }
        for name in ALL {
            let it = consumer(&database.app, name).await;
            let parked = if name == poison.model { found.len() } else { 0 };
            assert_eq!(
                (it.state, it.lag_events, it.parked),
                (State::Following, 0, parked.try_into().unwrap())
            );
        }

        // In vain as long as nothing is mended: it stays parked where it was.
        let log = Log::new(database.app.clone());
        let again = parked::retry(&database.app, &log, &found[0]).await.unwrap();
        let Outcome::Parked(again) = again else { panic!("{again:?}") };
        assert_eq!((again.sequence, again.position), (found[0].sequence, found[0].position));

        poison.mend(&database.owner).await;
        for it in &found {
            let outcome = parked::retry(&database.app, &log, it).await.unwrap();
            assert!(matches!(outcome, Outcome::Applied(events) if events > 0), "{outcome:?}");
            assert_eq!(parked::retry(&database.app, &log, it).await.unwrap(), Outcome::Gone);
        }
        assert_eq!(all_parked(&database.app).await, []);
        assert_eq!(rows(&database.owner, None).await, right, "{}", poison.model);

        // And a fresh replay says the same.
        drop(projectors);
        let folder = TempDir::new().unwrap();
        replay(poison.model, &database.owner, &Home::under(folder.path()), &log, |_| {}).await.unwrap();
        assert_eq!(rows(&database.owner, None).await, right, "{}", poison.model);
    }
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
async fn an_event_that_cannot_be_read_parks_its_aggregate_until_it_can() {
    let history = history();
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(2), &[&published(history.clone())]).await;
    let right = rows(&database.owner, Some(Generation(2))).await;
    let (place, poison) = (1_i64..)
        .zip(history.iter().flatten())
        .find(|(_, event)| event.event.aggregate_type() == "orders" && event.sequence == 2)
        .unwrap();
    let order = poison.aggregate_id.to_string();
    let (name, _, payload) = poison.event.columns();
    sqlx::raw_sql(&format!(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.event_type = 'Nonsense';
             NEW.payload = '{{\"Nonsense\":{{}}}}'; RETURN NEW; END $$;
         CREATE TRIGGER poison BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.position = {place})
             EXECUTE FUNCTION poison()"
    ))
    .execute(&database.owner)
    .await
    .unwrap();
    let projectors = start(&database.app, &source(&database.app));
    let head = append_all(&database.app, Head::EMPTY, history).await;
    reached(projectors.positions(), &ALL, head.position).await;
    // Each that reads orders has parked this one.
    let found = all_parked(&database.app).await;
    assert_eq!(
        found.iter().map(|it| it.consumer.as_str()).collect::<Vec<_>>(),
        ["order_history@1", "seller_stats@1"]
    );
    for it in &found {
        assert_eq!((it.aggregate_id.as_str(), it.sequence, it.position), (order.as_str(), 2, place));
        assert!(
            it.error.contains(&format!("the event at position {place} can't be decoded")),
            "{}",
            it.error
        );
    }

    // A build that can read it has come.
    sqlx::query("UPDATE events SET event_type = $2, payload = $3::json WHERE position = $1")
        .bind(place)
        .bind(name)
        .bind(payload)
        .execute(&database.owner)
        .await
        .unwrap();
    let log = Log::new(database.app.clone());
    for it in &found {
        let outcome = parked::retry(&database.app, &log, it).await.unwrap();
        assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
    }
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
