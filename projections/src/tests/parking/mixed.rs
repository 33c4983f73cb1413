//! A stream with an event that is refused and, after it, one that can't be decoded, which is known sooner.

use event_store::{Head, Log};
use tempfile::TempDir;

use super::poison::{Poison, history, poisons};
use super::{ALL, all_parked};
use crate::generation::Generation;
use crate::parked::{self, Outcome, Parked};
use crate::product_search::Home;
use crate::replay::replay;
use crate::runner::start;
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Happened, TestDatabase};
use crate::tests::{build, published, rows};

/// Makes an event of an order such as no build can decode, and answers how to undo that.
async fn garble(database: &TestDatabase, event: &Happened) -> (String, String) {
    let (name, _, payload) = event.event.columns();
    let nonsense = ("Nonsense".to_owned(), r#"{"Nonsense":{}}"#.to_owned());
    rewrite(database, event, nonsense).await;
    (name, payload)
}

async fn rewrite(database: &TestDatabase, event: &Happened, (name, payload): (String, String)) {
    let rewritten = sqlx::query(
        "UPDATE events SET event_type = $3, payload = $4::json
         WHERE aggregate_type = 'orders' AND aggregate_id = $1 AND sequence = $2",
    )
    .bind(event.aggregate_id.to_string())
    .bind(event.sequence)
    .bind(name)
    .bind(payload)
    .execute(&database.owner)
    .await
    .unwrap();
    assert_eq!(rewritten.rows_affected(), 1);
}

/// An event of the order that the first poison is for.
fn of_poisoned<'a>(history: &'a [Vec<Happened>], poison: &Poison, sequence: i64) -> &'a Happened {
    let (_, order) = poison.aggregates.first().unwrap();
    let is_it = |event: &&Happened| {
        event.event.aggregate_type() == "orders"
            && event.aggregate_id.to_string() == *order
            && event.sequence == sequence
    };
    history.iter().flatten().find(is_it).unwrap()
}

async fn parked_of(database: &TestDatabase, consumer: &str) -> Parked {
    all_parked(&database.app).await.into_iter().find(|it| it.consumer == consumer).unwrap()
}

/// Guards against events between the two that are in no read model, and that no retry finds.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_parked_from_the_earlier_of_the_two_on() {
    let history = history();
    let [poison, ..] = poisons(&history);
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(2), &[&published(history.clone())]).await;
    let right = rows(&database.owner, Some(Generation(2))).await;
    poison.inject(&database.owner, 1).await; // from its third event on
    let head = append_all(&database.app, Head::EMPTY, history.clone()).await;
    let later = of_poisoned(&history, &poison, 5);
    let was = garble(&database, later).await;

    // One batch has both.
    let projectors = start(&database.app, &source(&database.app));
    reached(projectors.positions(), &ALL, head.position).await;
    let found = parked_of(&database, "order_history@1").await;
    assert_eq!((found.aggregate_id.clone(), found.sequence), (later.aggregate_id.to_string(), 3));
    assert!(found.error.contains("no row like this"), "{}", found.error);

    // A retry finds both again, and says the earlier one.
    let log = Log::new(database.app.clone());
    let again = parked::retry(&database.app, &log, &found).await.unwrap();
    let Outcome::Parked(again) = again else { panic!("{again:?}") };
    assert_eq!(again.sequence, 3);

    // The one is mended, then the other: nothing is lost between them.
    poison.mend(&database.owner).await;
    let again = parked::retry(&database.app, &log, &found).await.unwrap();
    let Outcome::Parked(again) = again else { panic!("{again:?}") };
    assert_eq!(again.sequence, 5);
    rewrite(&database, later, was).await;
    for it in all_parked(&database.app).await {
        let outcome = parked::retry(&database.app, &log, &it).await.unwrap();
        assert!(matches!(outcome, Outcome::Applied(events) if events > 0), "{outcome:?}");
    }
    assert_eq!(rows(&database.owner, None).await, right);
}

/// The same where whole streams are loaded.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_parks_a_stream_from_the_earlier_of_the_two_on() {
    let history = history();
    let [poison, ..] = poisons(&history);
    let database = TestDatabase::new().await;
    append_all(&database.app, Head::EMPTY, history.clone()).await;
    garble(&database, of_poisoned(&history, &poison, 2)).await;
    // Its id is none, so that its first event can't be folded.
    let order = of_poisoned(&history, &poison, 1).aggregate_id.to_string();
    sqlx::query(
        "UPDATE events SET aggregate_id = 'nobody' WHERE aggregate_type = 'orders' AND aggregate_id = $1",
    )
    .bind(&order)
    .execute(&database.owner)
    .await
    .unwrap();
    let (folder, log) = (TempDir::new().unwrap(), Log::new(database.app.clone()));
    replay(poison.model, &database.owner, &Home::under(folder.path()), &log, |_| {}).await.unwrap();
    let found = parked_of(&database, "order_history@2").await;
    assert_eq!((found.aggregate_id.as_str(), found.sequence), ("nobody", 1));
}
