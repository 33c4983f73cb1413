//! Tables that refuse a row, from both sources.

use std::collections::BTreeMap;
use std::slice;

use super::*;
use crate::registry::READ_MODELS;
use crate::runner::{Projectors, start_from_kafka};
use crate::testing::Relayed;

use super::poison::Poison;

/// Where the events come from.
enum Source {
    Log,
    Kafka(Relayed),
}

impl Source {
    fn start(&self, database: &TestDatabase) -> Projectors {
        match self {
            Self::Log => start(&database.app, &source(&database.app)),
            Self::Kafka(relayed) => start_from_kafka(&database.app, &relayed.config),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_in_each_read_model_parks_its_aggregate_and_nothing_else() {
    for poison in &poisons(&history()) {
        let database = TestDatabase::new().await;
        park_and_mend(&database, slice::from_ref(poison), &Source::Log).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_events_in_all_read_models_park_their_aggregates_from_kafka_too() {
    let database = TestDatabase::new().await;
    let relayed = Relayed::start(&database.app).await;
    park_and_mend(&database, &poisons(&history()), &Source::Kafka(relayed)).await;
}

async fn park_and_mend(database: &TestDatabase, poisons: &[Poison], source: &Source) {
    let history = history();
    build(&database.owner, Generation(2), &[&published(history.clone())]).await;
    let right = rows(&database.owner, Some(Generation(2))).await;
    for poison in poisons {
        poison.inject(&database.owner, 1).await;
    }
    let projectors = source.start(database);
    let (before, after) = history.split_at(history.len() - 30);
    let head = append_all(&database.app, Head::EMPTY, before.to_vec()).await;
    reached(projectors.positions(), &ALL, head.position).await;
    let head = append_all(&database.app, head, after.to_vec()).await;
    reached(projectors.positions(), &ALL, head.position).await;

    let found = of_each(all_parked(&database.app).await);
    let expected: BTreeSet<_> = poisons.iter().map(|it| it.model).collect();
    assert_eq!(found.keys().copied().collect::<BTreeSet<_>>(), expected);
    others_are_not_affected(database, &found, &right).await;
    for poison in poisons {
        let found = &found[poison.model];
        assert_eq!(aggregates(found), poison.aggregates);
        for it in found {
            assert!(it.error.contains("no row like this"), "{}", it.error);
        }
        mend(database, poison, found).await;
    }
    assert_eq!(all_parked(&database.app).await, []);
    assert_eq!(rows(&database.owner, None).await, right);

    // And a fresh replay says the same.
    drop(projectors);
    let log = Log::new(database.app.clone());
    for poison in poisons {
        let folder = TempDir::new().unwrap();
        replay(poison.model, &database.owner, &Home::under(folder.path()), &log, |_| {}).await.unwrap();
        assert_eq!(rows(&database.owner, None).await, right, "{}", poison.model);
    }
}

/// By read model.
fn of_each(found: Vec<Parked>) -> BTreeMap<&'static str, Vec<Parked>> {
    let mut all: BTreeMap<_, Vec<Parked>> = BTreeMap::new();
    for it in found {
        let model = READ_MODELS.iter().find(|model| it.consumer == format!("{}@1", model.name())).unwrap();
        all.entry(model.name()).or_default().push(it);
    }
    all
}

/// Each read model has all but what is parked of it, and has come to the end.
async fn others_are_not_affected(
    database: &TestDatabase,
    found: &BTreeMap<&'static str, Vec<Parked>>,
    right: &[(String, Vec<String>)],
) {
    let now = rows(&database.owner, None).await;
    assert_ne!(now, right);
    for (model, generation) in ALL.into_iter().zip(3..) {
        let parked = found.get(model).map_or(&[][..], Vec::as_slice);
        let mut taken = published(history());
        taken.retain(|event| !parked.iter().any(|it| holds_back(it, event)));
        build(&database.owner, Generation(generation), &[&taken]).await;
        let without = rows(&database.owner, Some(Generation(generation))).await;
        let of_model = |all: &[(String, Vec<String>)]| -> Vec<(String, Vec<String>)> {
            all.iter().filter(|(name, _)| name.starts_with(model)).cloned().collect()
        };
        assert_eq!(of_model(&now), of_model(&without), "{model}");
        let it = consumer(&database.app, model).await;
        let count = i64::try_from(parked.len()).unwrap();
        assert_eq!((it.state, it.lag_events, it.parked), (State::Following, 0, count), "{model}");
    }
}

/// In vain as long as nothing is mended: it stays parked where it was. Then all of it is taken, once.
async fn mend(database: &TestDatabase, poison: &Poison, found: &[Parked]) {
    let log = Log::new(database.app.clone());
    let again = parked::retry(&database.app, &log, &found[0]).await.unwrap();
    let Outcome::Parked(again) = again else { panic!("{again:?}") };
    assert_eq!((again.sequence, again.position), (found[0].sequence, found[0].position));
    poison.mend(&database.owner).await;
    for it in found {
        let outcome = parked::retry(&database.app, &log, it).await.unwrap();
        assert!(matches!(outcome, Outcome::Applied(events) if events > 0), "{outcome:?}");
        assert_eq!(parked::retry(&database.app, &log, it).await.unwrap(), Outcome::Gone);
    }
}
