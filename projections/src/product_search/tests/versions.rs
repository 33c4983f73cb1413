//! The index of a new build beside that of the old one, in the same `DAYBOOK_HOME`.

use super::*;
use crate::product_search::{NAME, VERSION};
use crate::replay::{ReplayError, require_live, retire};
use crate::status::{State, status};

/// What the build before this one knew.
const OLD: i32 = VERSION - 1;

/// What is said of each index that is there: its version, and how far it is behind.
async fn said(database: &TestDatabase, home: &TempDir) -> Vec<(i32, State, i64)> {
    let all = status(&database.app, Some(home.path())).await.unwrap().into_iter();
    let ours = all.filter(|it| it.name.starts_with(NAME));
    // The newest one has the plain name.
    let numbered = ours.inspect(|it| assert_eq!(it.name == NAME, it.version == Some(VERSION), "{}", it.name));
    numbered.map(|it| (it.version.unwrap(), it.state, it.lag_events)).collect()
}

/// Guards against a new build that takes the old one's index away, and has none of its own for as long as it is built.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_build_goes_on_with_its_index_while_and_after_a_new_one_is_built() {
    let (database, folder) = (TestDatabase::new().await, TempDir::new().unwrap());
    let (home, log, source) =
        (Home::under(folder.path()), Log::new(database.app.clone()), source(&database.app));
    let head = append(&database.app, Head::EMPTY, shop()).await;
    let old = start(home.of_version(OLD), &database.app, &source, &Positions::new(database.app.clone()));
    shown(&old, head.position).await;
    until("it is committed", async || on_disk(folder.path()), |found| found.len() == 1).await;

    let error = require_live(NAME, VERSION, &database.owner, &home).await.unwrap_err();
    assert!(matches!(error, ReplayError::OtherVersion { live: OLD, expected: VERSION }), "{error}");
    require_live(NAME, OLD, &database.owner, &home).await.unwrap();
    replay(NAME, &database.owner, &home, &log, |_| {}).await.unwrap();
    require_live(NAME, VERSION, &database.owner, &home).await.unwrap();
    // For half a minute nobody can tell that nobody feeds it yet.
    let both = [(VERSION, State::Following, 0), (OLD, State::Superseded, 0)];
    assert_eq!(said(&database, &folder).await, both);

    // Both are fed, each by processes of its own build, and the new one begins with what was built for it.
    let new = start(home.clone(), &database.app, &source, &Positions::new(database.app.clone()));
    shown(&new, head.position).await;
    assert_eq!((home.current().unwrap(), home.of_version(OLD).current().unwrap()), (Some(1), Some(1)));
    let head = append(&database.app, head, vec![created(4, details("Blue lamp", "", 1))]).await;
    for search in [&old, &new] {
        shown(search, head.position).await;
        let lamps = search.search(SearchQuery { limit: 9, ..text("lamp") }).await.unwrap();
        assert_eq!(lamps.value.total, 4);
    }
    until("both are fed", async || said(&database, &folder).await, |said| *said == both).await;

    let error = retire(NAME, OLD, &database.owner, &home).await.unwrap_err();
    assert!(matches!(error, ReplayError::StillFed(OLD)), "{error}");
    shown(&old, head.position).await;
    drop(old);
    let retired = async || retire(NAME, OLD, &database.owner, &home).await;
    until("the old process has let go of it", retired, Result::is_ok).await.unwrap();
    assert_eq!(said(&database, &folder).await, both[..1]);
    let known = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM search_indexes");
    assert_eq!(known.fetch_one(&database.app).await.unwrap(), 1);
    assert!(!home.of_version(OLD).folder(1).exists());
    shown(&new, head.position).await;
    for version in [OLD, VERSION, VERSION + 1] {
        let error = retire(NAME, version, &database.owner, &home).await.unwrap_err();
        assert!(matches!(error, ReplayError::NotSuperseded(it) if it == version), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_build_replays_no_index_of_which_a_newer_one_is_there() {
    let (database, folder) = (TestDatabase::new().await, TempDir::new().unwrap());
    let home = Home::under(folder.path());
    home.of_version(VERSION + 1).start_over().unwrap();
    let log = Log::new(database.app.clone());
    let error = replay(NAME, &database.owner, &home, &log, |_| {}).await.unwrap_err();
    assert!(
        matches!(error, ReplayError::Superseded { newer, ours: VERSION } if newer == VERSION + 1),
        "{error}"
    );
    assert!(!home.path().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_elsewhere_of_an_older_version_is_superseded_too() {
    let (database, folder) = (TestDatabase::new().await, TempDir::new().unwrap());
    let log = Log::new(database.app.clone());
    replay(NAME, &database.owner, &Home::under(folder.path()), &log, |_| {}).await.unwrap();
    // A build of before that column says nothing.
    let elsewhere = "INSERT INTO search_indexes (name, position, version) VALUES
        ('product_search@older', 0, 4), ('product_search@oldest', 0, NULL)";
    sqlx::query(elsewhere).execute(&database.app).await.unwrap();
    let all = status(&database.app, Some(folder.path())).await.unwrap();
    let state = |name: &str| all.iter().find(|it| it.name == name).map(|it| (it.version, it.state)).unwrap();
    assert_eq!(state("product_search@older"), (Some(4), State::Superseded));
    assert_eq!(state("product_search@oldest"), (None, State::Following));
}

/// Guards against an old index that is deleted while the new one is still empty.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_index_stays_until_the_new_one_is_as_far() {
    let (database, folder) = (TestDatabase::new().await, TempDir::new().unwrap());
    let (home, log) = (Home::under(folder.path()), Log::new(database.app.clone()));
    append(&database.app, Head::EMPTY, shop()).await;
    replay(NAME, &database.owner, &home.of_version(OLD), &log, |_| {}).await.unwrap();
    home.start_over().unwrap();
    let error = retire(NAME, OLD, &database.owner, &home).await.unwrap_err();
    assert!(matches!(error, ReplayError::Behind(VERSION)), "{error}");
    assert!(home.of_version(OLD).folder(1).exists());
    replay(NAME, &database.owner, &home, &log, |_| {}).await.unwrap();
    retire(NAME, OLD, &database.owner, &home).await.unwrap();
    assert!(!home.of_version(OLD).folder(1).exists());
}
