//! What is parked of a generation that this build doesn't read.

use event_store::Log;
use sqlx::PgPool;
use uuid::Uuid;

use super::all_parked;
use crate::parked::{self, Outcome};
use crate::testing::TestDatabase;

async fn park(app: &PgPool, consumer: &str) {
    sqlx::query("INSERT INTO parked VALUES ($1, 'orders', $2, 1, 1, 'OrderPlaced', 'poison')")
        .bind(consumer)
        .bind(Uuid::nil().to_string())
        .execute(app)
        .await
        .unwrap();
}

/// Guards against an operator who waits for the end of a replay that there isn't.
#[tokio::test]
async fn what_an_older_build_reads_is_not_said_to_be_of_a_replay() {
    let database = TestDatabase::new().await;
    // Generation 1 is live for the builds before this one, 2 for this one, and 3 is being filled.
    sqlx::raw_sql(
        "ALTER TABLE read_models DROP CONSTRAINT read_models_version_check;
         UPDATE read_models SET version = 0 WHERE name = 'seller_stats';
         INSERT INTO read_models (name, version, generation, rebuilding) VALUES ('seller_stats', 1, 2, 3)",
    )
    .execute(&database.owner)
    .await
    .unwrap();
    for consumer in ["seller_stats@1", "seller_stats@3"] {
        park(&database.app, consumer).await;
    }
    let log = Log::new(database.app.clone());
    let mut outcomes = Vec::new();
    for it in all_parked(&database.app).await {
        outcomes.push((it.consumer.clone(), parked::retry(&database.app, &log, &it).await.unwrap()));
    }
    let expected = [("seller_stats@1", Outcome::OtherVersion(0)), ("seller_stats@3", Outcome::NotLive)];
    assert_eq!(outcomes, expected.map(|(consumer, outcome)| (consumer.to_owned(), outcome)));
    assert_eq!(all_parked(&database.app).await.len(), 2);
}
