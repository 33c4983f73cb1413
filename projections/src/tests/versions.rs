//! A new version of a read model beside the old one.

use std::path::Path;
use std::sync::Arc;

use domain::public::PublicEvent;
use event_store::{Head, Log};
use futures::future::BoxFuture;
use sqlx::{PgConnection, PgPool};

use super::rebuild::{dropped_one_by_one, dropping, tables};
use crate::Positions;
use crate::fingerprint::dump;
use crate::generation::{Generation, live};
use crate::live::QueryError;
use crate::order_history::{OrderFilter, OrderHistory, Orders, Scope};
use crate::product_search::Home;
use crate::read_model::{ApplyError, Fold, ReadModel, Table};
use crate::replay::{ReplayError, replay_tables, require_live, retire_tables};
use crate::runner::projector::Projector;
use crate::runner::start;
use crate::status::{State, status};
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Shop, TestDatabase, until};

const SHOP: Shop = Shop { seed: 23, products: 12, orders: 40, most_lines: 4 };
const NAME: &str = "order_history";
/// What this build knows, and the next one.
const OURS: i32 = 2;
const NEWER: i32 = OURS + 1;

/// The order history of the next build.
struct Newer;

impl ReadModel for Newer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        NEWER
    }

    fn tables(&self) -> &'static [Table] {
        OrderHistory.tables()
    }

    fn aggregates(&self) -> &'static [&'static str] {
        OrderHistory.aggregates()
    }

    fn apply<'a>(
        &'a self,
        events: &'a [PublicEvent],
        generation: Generation,
        db: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        OrderHistory.apply(events, generation, db)
    }

    fn fold(&self) -> Option<Fold> {
        OrderHistory.fold()
    }
}

/// Those that are live. None is behind.
async fn versions(pool: &PgPool) -> Vec<(String, i32, State)> {
    let all = status(pool, None).await.unwrap().into_iter();
    let ours = all.filter(|it| it.name.starts_with(NAME)).inspect(|it| assert_eq!(it.lag_events, 0));
    ours.map(|it| (it.name, it.version.unwrap(), it.state)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_builds_go_on_with_their_version_until_it_is_retired() {
    let database = TestDatabase::new().await;
    let (log, source) = (Log::new(database.app.clone()), source(&database.app));
    let old = start(&database.app, &source);
    // A process of the new build waits for its version. That is no failure of the old one.
    let positions = Positions::new(database.app.clone());
    let new = Projector::new(&Newer, database.app.clone(), Arc::clone(&source), positions.clone());
    let new = tokio::spawn(new.run());
    let nowhere = Home::under(Path::new("nowhere"));
    let orders = Orders::new(database.app.clone());
    let filter = OrderFilter { limit: 1, ..OrderFilter::default() };
    let history: Vec<_> = SHOP.history().collect();
    let (before, after) = history.split_at(history.len() / 2);
    let head = append_all(&database.app, Head::EMPTY, before.to_vec()).await;
    reached(old.positions(), &[NAME], head.position).await;

    assert_eq!(versions(&database.app).await, [(NAME.to_owned(), OURS, State::Following)]);
    require_live(NAME, OURS, &database.owner, &nowhere).await.unwrap();
    replay_tables(&Newer, &database.owner, &log, |_| {}).await.unwrap();
    assert_eq!(live(&database.app, &OrderHistory).await.unwrap(), Some(Generation(1)));
    assert_eq!(live(&database.app, &Newer).await.unwrap(), Some(Generation(2)));
    let error = require_live(NAME, OURS, &database.owner, &nowhere).await.unwrap_err();
    assert!(matches!(error, ReplayError::OtherVersion { live: NEWER, expected: OURS }), "{error}");

    // The old build feeds and reads what it knows, the new one takes up its own.
    let head = append_all(&database.app, head, after.to_vec()).await;
    reached(old.positions(), &[NAME], head.position).await;
    assert!(orders.list(Scope::All, &filter).await.unwrap().position >= head.position);
    // Not asked of the database, where this build's version is long there.
    until("the new one is fed", async || positions.known(NAME), |at| *at >= head.position).await;
    let expected =
        [(NAME.to_owned(), NEWER, State::Following), (format!("{NAME}@1"), OURS, State::Superseded)];
    assert_eq!(versions(&database.app).await, expected);
    for table in Newer.tables() {
        let mut both = Vec::new();
        for generation in [Generation(1), Generation(2)] {
            both.push(dump(&database.owner, &Newer, table, Some(generation)).await.unwrap());
        }
        assert_eq!(both[0], both[1], "{}", table.suffix);
    }

    let error = replay_tables(&OrderHistory, &database.owner, &log, |_| {}).await.unwrap_err();
    assert!(matches!(error, ReplayError::Superseded { newer: NEWER, ours: OURS }), "{error}");

    drop(old);
    retire_tables(&OrderHistory, OURS, &database.owner).await.unwrap();
    let gone = orders.list(Scope::All, &filter).await.unwrap_err();
    assert!(matches!(gone, QueryError::Missing(NAME)), "{gone}");
    assert_eq!(versions(&database.app).await, [(NAME.to_owned(), NEWER, State::Following)]);
    let error = retire_tables(&OrderHistory, NEWER, &database.owner).await.unwrap_err();
    assert!(matches!(error, ReplayError::NotSuperseded(NEWER)), "{error}");
    new.abort();
}

/// Guards that no query of several tables of the old version waits in a circle with their dropping.
#[tokio::test(flavor = "multi_thread")]
async fn who_reads_a_table_of_a_retired_version_keeps_nobody_from_the_others() {
    let database = TestDatabase::new().await;
    let log = Log::new(database.app.clone());
    replay_tables(&Newer, &database.owner, &log, |_| {}).await.unwrap();
    dropped_one_by_one(&database, Generation(1), retire_tables(&OrderHistory, OURS, &database.owner)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_whose_tables_could_not_be_dropped_is_retired_once_more() {
    let database = TestDatabase::new().await;
    let log = Log::new(database.app.clone());
    replay_tables(&Newer, &database.owner, &log, |_| {}).await.unwrap();
    let mut reader = database.app.begin().await.unwrap();
    sqlx::query("SELECT FROM order_history_g1_orders").execute(&mut *reader).await.unwrap();
    let giving_up = async {
        let pid = dropping(&database).await;
        sqlx::query("SELECT pg_cancel_backend($1)").bind(pid).execute(&database.owner).await.unwrap();
    };
    let (retired, ()) = tokio::join!(retire_tables(&OrderHistory, OURS, &database.owner), giving_up);
    let error = retired.unwrap_err();
    assert!(matches!(error, ReplayError::Postgres(_)), "{error}");
    assert_eq!(live(&database.app, &OrderHistory).await.unwrap(), None);
    assert_ne!(tables(&database, Generation(1)).await, Vec::<String>::new());
    reader.rollback().await.unwrap();

    retire_tables(&OrderHistory, OURS, &database.owner).await.unwrap();
    assert_eq!(tables(&database, Generation(1)).await, Vec::<String>::new());
    assert_eq!(live(&database.app, &Newer).await.unwrap(), Some(Generation(2)));
    let error = retire_tables(&OrderHistory, OURS, &database.owner).await.unwrap_err();
    assert!(matches!(error, ReplayError::NotSuperseded(OURS)), "nothing is left of it: {error}");
}
