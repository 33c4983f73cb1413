//! Two versions of a read model beside each other, as a deployment has them.

use std::sync::Arc;

use api_contract::Role;
use domain::public::PublicEvent;
use event_store::{Log, LogWatch};
use futures::future::BoxFuture;
use projections::coupons::Coupons;
use projections::fingerprint::fingerprint;
use projections::generation::Generation;
use projections::read_model::{ApplyError, ReadModel, Table};
use projections::runner::projector::Projector;
use projections::{LogSource, Positions};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinHandle;

use crate::harness::{App, Database, Person, Place, seen};

/// The coupons of the build before this one.
struct Before;

impl ReadModel for Before {
    fn name(&self) -> &'static str {
        Coupons.name()
    }

    fn version(&self) -> i32 {
        Coupons.version() - 1
    }

    fn tables(&self) -> &'static [Table] {
        Coupons.tables()
    }

    fn aggregates(&self) -> &'static [&'static str] {
        Coupons.aggregates()
    }

    fn apply<'a>(
        &'a self,
        events: &'a [PublicEvent],
        generation: Generation,
        db: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Coupons.apply(events, generation, db)
    }
}

/// A process of that build.
fn old_build(pool: &PgPool) -> JoinHandle<()> {
    let source = LogSource::new(Log::new(pool.clone()), LogWatch::start(pool.clone()));
    let positions = Positions::new(pool.clone());
    tokio::spawn(Projector::new(&Before, pool.clone(), Arc::new(source), positions).run())
}

/// What is live is of that build: this one has never run here.
async fn deployed_before(database: &Database) {
    let version = Before.version();
    database
        .execute_as_owner(&format!(
            "ALTER TABLE read_models DROP CONSTRAINT read_models_version_check;
             UPDATE read_models SET version = {version} WHERE name = 'coupons'"
        ))
        .await;
}

/// So many events.
async fn made(admin: &Person<'_>, from: i64, until: i64) {
    for number in from..until {
        let code = format!("C{number}");
        let coupon = json!({ "code": code, "discountType": "percentage", "discountValue": 5 });
        assert_eq!(admin.post("/coupons", &coupon).await.status, 201);
    }
}

/// Waits until a consumer is so many events behind.
async fn behind(place: &Place, name: &str, lag: i64) -> Value {
    seen("the lag is this", async || {
        let it = place.consumer(name).await;
        if it["lag"] == lag { Ok(it) } else { Err(format!("{it} instead of {lag}")) }
    })
    .await
}

/// What the table that `daybook status` prints has of a consumer.
async fn printed(place: &Place, name: &str) -> Vec<String> {
    let text = place.done(&["status"]).await;
    let row = text.lines().find(|line| line.split_whitespace().next() == Some(name));
    let row = row.unwrap_or_else(|| panic!("no {name}: {text}"));
    row.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_built_beside_the_old_one_and_status_shows_both_until_it_is_retired() {
    let app = App::start().await;
    deployed_before(&app.database).await;
    let home = tempfile::tempdir().unwrap();
    let place = Place::new("projector", &app.database, home.path()).watched();
    let admin = app.person(Role::Admin).await;
    let old = old_build(&app.database.pool);
    made(&admin, 0, 3).await;
    let (older, newer) = (Before.version(), Coupons.version());
    let from = older.to_string();
    let live = behind(&place, "coupons", 0).await;
    assert_eq!((&live["version"], &live["state"]), (&json!(older), &json!("following")));
    let before = app.head().await;

    let (_, why) = place.refused(&["replay", "coupons", "--from-version", "77"]).await;
    assert!(why.contains(&format!("the live version of it is {older}, not 77")), "{why}");
    let built = place.done(&["replay", "coupons", "--from-version", &from]).await;
    assert!(built.starts_with(&format!("coupons: {before} events in ")), "{built}");
    let (_, why) = place.refused(&["replay", "coupons", "--from-version", &from]).await;
    assert!(why.contains(&format!("the live version of it is {newer}, not {older}")), "{why}");

    // Nobody feeds either of them for now.
    old.abort();
    let _ = old.await;
    made(&admin, 3, 7).await;
    for (name, version, state) in [("coupons", newer, "unfed"), ("coupons@1", older, "superseded")] {
        let it = behind(&place, name, 4).await;
        assert_eq!((&it["version"], &it["state"]), (&json!(version), &json!(state)));
        assert_eq!(it["position"], before);
        assert!(it["lagMs"].as_i64().unwrap() > 0, "{it}");
        let row = printed(&place, name).await;
        let expected = [version.to_string(), before.to_string(), "4".to_owned(), state.to_owned()];
        assert_eq!([&row[1], &row[2], &row[3], &row[6]], expected.each_ref(), "{row:?}");
    }

    // Each is fed by processes of its own build, and by no other.
    let new = place.start().await;
    behind(&place, "coupons", 0).await;
    behind(&place, "coupons@1", 4).await;
    let old = old_build(&app.database.pool);
    behind(&place, "coupons@1", 0).await;
    let rows = async |generation| {
        fingerprint(&app.database.pool, &Coupons, Some(Generation(generation))).await.unwrap()
    };
    assert_eq!(rows(1).await, rows(2).await);

    old.abort();
    let _ = old.await;
    let retired = place.done(&["replay", "coupons", "--retire", &from]).await;
    assert_eq!(retired.trim(), format!("coupons: version {older} is gone"));
    assert_eq!(place.consumer("coupons@1").await, Value::Null);
    let it = place.consumer("coupons").await;
    assert_eq!((&it["version"], &it["lag"], &it["state"]), (&json!(newer), &json!(0), &json!("following")));
    new.stop().await;
}
