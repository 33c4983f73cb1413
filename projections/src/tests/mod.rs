//! What holds for every read model, on a real Postgres.

mod abandoned;
mod any_order;
mod by_key;
mod follows;
mod from_kafka;
mod leftovers;
mod load;
mod parking;
mod readers;
mod rebuild;
mod speed;
mod taken_over;
mod twice;
mod versions;

use domain::public::PublicEvent;
use sqlx::PgPool;

use crate::fingerprint::dump;
use crate::generation::Generation;
use crate::registry::READ_MODELS;
use crate::testing::Happened;

/// A history as projectors get it.
fn published(groups: impl IntoIterator<Item = Vec<Happened>>) -> Vec<PublicEvent> {
    (1..).zip(groups.into_iter().flatten()).map(|(position, event)| event.publish(position)).collect()
}

/// Makes a generation of every read model and applies batches to it, each in a transaction.
async fn build(owner: &PgPool, generation: Generation, batches: &[&[PublicEvent]]) {
    for model in READ_MODELS {
        if generation != Generation(1) {
            let create = format!("SELECT create_{}($1)", model.name());
            sqlx::query(&create).bind(generation.0).execute(owner).await.unwrap();
        }
        for batch in batches {
            let mut tx = owner.begin().await.unwrap();
            model.apply(batch, generation, &mut tx).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}

/// Every row of every read model in a generation; of the live ones where none is named.
async fn rows(pool: &PgPool, generation: Option<Generation>) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for model in READ_MODELS {
        for table in model.tables() {
            let name = format!("{}.{}", model.name(), table.suffix);
            all.push((name, dump(pool, model, table, generation).await.unwrap()));
        }
    }
    all
}
