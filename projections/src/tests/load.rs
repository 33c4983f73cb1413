//! What a load makes is what event by event makes, row for row and index for index.

use domain::order::OrderEvent;
use event_store::{Head, Log};
use proptest::prelude::*;
use sqlx::PgPool;
use tempfile::TempDir;

use super::{build, published};
use crate::fingerprint::dump;
use crate::generation::{self, Generation};
use crate::order_history::OrderHistory;
use crate::parked::{Parked, Which, list};
use crate::product_search::Home;
use crate::read_model::ReadModel;
use crate::replay::load::{Load, Size};
use crate::replay::replay;
use crate::runner::connection::connect;
use crate::runner::start;
use crate::seller_stats::SellerStats;
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Happened, Shop, Stored, TestDatabase};

const SHOP: Shop = Shop { seed: 17, products: 12, orders: 40, most_lines: 4 };
/// Those that can be loaded.
static LOADED: [&dyn ReadModel; 2] = [&OrderHistory, &SellerStats];

async fn rows(pool: &PgPool, model: &dyn ReadModel, generation: Generation) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for table in model.tables() {
        all.push((table.suffix.to_owned(), dump(pool, model, table, Some(generation)).await.unwrap()));
    }
    all
}

async fn indexes(pool: &PgPool, model: &dyn ReadModel, generation: Generation) -> Vec<String> {
    let all: Vec<String> = sqlx::query_scalar(
        "SELECT indexdef FROM pg_indexes WHERE tablename LIKE $1 || '\\_g' || $2 || '\\_%' ORDER BY 1",
    )
    .bind(model.name())
    .bind(generation.to_string())
    .fetch_all(pool)
    .await
    .unwrap();
    all.into_iter().map(|index| index.replace(&format!("_g{generation}_"), "_g_")).collect()
}

/// Loads a new generation.
async fn load(database: &TestDatabase, model: &'static dyn ReadModel, size: Size) -> Generation {
    let mut db = connect(&database.owner).await.unwrap();
    let generation = generation::create_next(&mut db, model).await.unwrap();
    let log = Log::new(database.app.clone());
    let (owner, fold) = (&database.owner, model.fold().unwrap());
    let load = Load { model, generation, fold, owner, log: &log, size };
    let filled = load.run(&mut db, &|_| {}).await.unwrap();
    assert_eq!(filled.head, log.head().await.unwrap());
    assert!(!filled.any_parked);
    generation
}

#[test]
fn a_load_is_what_event_by_event_is_however_little_fits_in_memory() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    proptest!(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() },
        |(seed: u64, products in 1_usize..12, orders in 0_usize..30, most_lines in 1_usize..6,
          window in 1_i64..60, keys in prop_oneof![Just(0_usize), 1_usize..40, Just(usize::MAX)])| {
        runtime.block_on(async {
            let shop = Shop { seed, products, orders, most_lines };
            let database = TestDatabase::new().await;
            append_all(&database.app, Head::EMPTY, shop.history()).await;
            let size = Size { window, keys };
            let mut loaded = Vec::new();
            for model in LOADED {
                loaded.push((model, load(&database, model, size).await));
            }
            let reference = Generation(9);
            let events = published(shop.history());
            build(&database.owner, reference, &events.iter().map(std::slice::from_ref).collect::<Vec<_>>()).await;
            for (model, generation) in loaded {
                let expected = rows(&database.owner, model, reference).await;
                assert_eq!(rows(&database.owner, model, generation).await, expected, "{}", model.name());
                let expected = indexes(&database.owner, model, reference).await;
                assert!(!expected.is_empty());
                assert_eq!(indexes(&database.owner, model, generation).await, expected, "{}", model.name());
            }
        });
    });
}

/// What is parked, but for since when and in which generation.
async fn parked(pool: &PgPool, model: &dyn ReadModel) -> Vec<(String, i64, i64, String)> {
    let which = Which { name: Some(model.name().to_owned()), aggregate: None };
    let of = |it: Parked| (it.aggregate_id, it.sequence, it.position, it.error);
    list(pool, &which).await.unwrap().into_iter().map(of).collect()
}

/// Feeds a history, which has something that can't be taken, and replays it: the same rows, and the same is parked.
async fn replayed_alike(database: &TestDatabase, history: Vec<Vec<Happened>>) {
    let projectors = start(&database.app, &source(&database.app));
    let head = append_all(&database.app, Head::EMPTY, history).await;
    let names = LOADED.map(ReadModel::name);
    reached(projectors.positions(), &names, head.position).await;
    drop(projectors);
    for model in LOADED {
        let (before, parked_before) =
            (rows(&database.owner, model, Generation(1)).await, parked(&database.app, model).await);
        let (folder, log) = (TempDir::new().unwrap(), Log::new(database.app.clone()));
        replay(model.name(), &database.owner, &Home::under(folder.path()), &log, |_| {}).await.unwrap();
        assert_eq!(rows(&database.owner, model, Generation(2)).await, before, "{}", model.name());
        assert_eq!(parked(&database.app, model).await, parked_before, "{}", model.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decoded_is_parked_by_a_load_too() {
    let database = TestDatabase::new().await;
    let history: Vec<_> = SHOP.history().collect();
    let poisoned = (1_i64..).zip(history.iter().flatten());
    let poisoned = poisoned.filter(|(_, it)| it.event.aggregate_type() == "orders" && it.sequence == 3);
    let places: Vec<_> = poisoned.take(2).map(|(place, _)| place.to_string()).collect();
    sqlx::raw_sql(&format!(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.event_type = 'Nonsense';
             NEW.payload = '{{\"Nonsense\":{{}}}}'; RETURN NEW; END $$;
         CREATE TRIGGER poison BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.position IN ({}))
             EXECUTE FUNCTION poison()",
        places.join(", ")
    ))
    .execute(&database.owner)
    .await
    .unwrap();
    replayed_alike(&database, history).await;
    assert_eq!(parked(&database.app, &OrderHistory).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_alone_refuses_is_found_event_by_event() {
    let database = TestDatabase::new().await;
    let mut history: Vec<_> = SHOP.history().collect();
    let placed = history.iter_mut().flatten().filter_map(|it| match &mut it.event {
        Stored::Order(OrderEvent::OrderPlaced(placed)) => Some(placed),
        _ => None,
    });
    // A text of Postgres has no NUL.
    placed.take(1).for_each(|placed| placed.lines[0].name.push('\0'));
    replayed_alike(&database, history).await;
    assert_eq!(parked(&database.app, &OrderHistory).await.len(), 1);
}
