//! Events that a build can't read.

use super::*;
use crate::registry::READ_MODELS;
use crate::testing::{Happened, Stored};

/// One event of each kind of aggregate, in the middle of a stream, with its position.
fn one_of_each(history: &[Vec<Happened>]) -> Vec<(i64, &Happened)> {
    let events = || (1_i64..).zip(history.iter().flatten());
    ["orders", "payments", "products", "inventory", "categories", "coupons"]
        .into_iter()
        .map(|kind| {
            let second = |it: &(i64, &Happened)| it.1.event.aggregate_type() == kind && it.1.sequence == 2;
            events().find(second).unwrap()
        })
        .collect()
}

/// Who has parked what where: consumer, kind, aggregate, its place in its stream, its position.
type Place = (String, String, String, i64, i64);

/// Each that reads such a kind parks that one.
fn expected(poisoned: &[(i64, &Happened)]) -> BTreeSet<Place> {
    let mut all = BTreeSet::new();
    for (position, it) in poisoned {
        let kind = it.event.aggregate_type();
        for model in READ_MODELS.iter().filter(|model| model.aggregates().contains(&kind)) {
            let consumer = format!("{}@1", model.name());
            all.insert((consumer, kind.to_owned(), it.aggregate_id.to_string(), it.sequence, *position));
        }
    }
    all
}

/// Stores this in place of an event as soon as it is appended.
async fn garble(owner: &PgPool, poisoned: &[(i64, &Happened)]) {
    let places: Vec<String> = poisoned.iter().map(|(position, _)| position.to_string()).collect();
    sqlx::raw_sql(&format!(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.event_type = 'Nonsense';
             NEW.payload = '{{\"Nonsense\":{{}}}}'; RETURN NEW; END $$;
         CREATE TRIGGER poison BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.position IN ({}))
             EXECUTE FUNCTION poison()",
        places.join(", ")
    ))
    .execute(owner)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_parks_its_aggregate_until_it_can() {
    let history = history();
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(2), &[&published(history.clone())]).await;
    let right = rows(&database.owner, Some(Generation(2))).await;
    let poisoned = one_of_each(&history);
    garble(&database.owner, &poisoned).await;
    let projectors = start(&database.app, &source(&database.app));
    let head = append_all(&database.app, Head::EMPTY, history.clone()).await;
    reached(projectors.positions(), &ALL, head.position).await;

    let found = all_parked(&database.app).await;
    let place = |it: &Parked| {
        let (consumer, kind) = (it.consumer.clone(), it.aggregate_type.clone());
        (consumer, kind, it.aggregate_id.clone(), it.sequence, it.position)
    };
    assert_eq!(found.iter().map(place).collect::<BTreeSet<_>>(), expected(&poisoned));
    for it in &found {
        let said = format!("the event at position {} can't be decoded", it.position);
        assert!(it.error.contains(&said), "{}", it.error);
    }
    // All others of each kind are there.
    let mut taken = published(history.clone());
    taken.retain(|event| !found.iter().any(|it| holds_back(it, event)));
    build(&database.owner, Generation(3), &[&taken]).await;
    assert_eq!(rows(&database.owner, None).await, rows(&database.owner, Some(Generation(3))).await);

    // A build that can read them has come.
    for (position, it) in poisoned {
        readable(&database.owner, position, &it.event).await;
    }
    let log = Log::new(database.app.clone());
    for it in &found {
        let outcome = parked::retry(&database.app, &log, it).await.unwrap();
        assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
    }
    assert_eq!(all_parked(&database.app).await, []);
    assert_eq!(rows(&database.owner, None).await, right);
}

async fn readable(owner: &PgPool, position: i64, event: &Stored) {
    let (name, _, payload) = event.columns();
    sqlx::query("UPDATE events SET event_type = $2, payload = $3::json WHERE position = $1")
        .bind(position)
        .bind(name)
        .bind(payload)
        .execute(owner)
        .await
        .unwrap();
}
