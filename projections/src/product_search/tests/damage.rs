//! An index that can't be used any more: it is made of the log, so it is made again.

use std::fs;
use std::path::PathBuf;

use super::super::{Language, SearchError};
use super::*;

/// The largest file of a kind in an index's folder.
fn largest(folder: &Path, kind: &str) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let of_kind = files.filter(|path| path.extension().is_some_and(|extension| extension == kind));
    of_kind.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

/// Writes a file anew, beside what a process that still has the old one open sees.
fn replace(file: &Path, bytes: &[u8]) {
    let new = file.with_extension("new");
    fs::write(&new, bytes).unwrap();
    fs::rename(new, file).unwrap();
}

fn cut(file: &Path) {
    let bytes = fs::read(file).unwrap();
    replace(file, &bytes[..bytes.len() / 2]);
}

fn scratch(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[0] ^= 0xff;
    replace(file, &bytes);
}

fn stump(file: &Path) {
    replace(file, b"stump");
}

fn remove(file: &Path) {
    fs::remove_file(file).unwrap();
}

fn error_of(folder: &Path, words: Words) -> SearchError {
    Feed::open(folder, Arc::new(words)).err().unwrap()
}

#[test]
fn a_damaged_file_is_noticed_when_the_index_is_opened() {
    type Damage = fn(&Path);
    for (kind, damage) in [
        ("store", cut as Damage),
        ("store", scratch),
        ("store", remove),
        ("store", stump),
        ("idx", stump),
        ("idx", scratch),
        ("pos", scratch),
        ("term", scratch),
        ("fast", cut),
        ("json", cut),
    ] {
        let folder = TempDir::new().unwrap();
        drop(opened(folder.path()));
        damage(&largest(folder.path(), kind));
        let error = error_of(folder.path(), Words::default());
        assert!(matches!(error, SearchError::Damaged(_) | SearchError::Unusable(_)), "{kind}: {error:?}");
    }
}

#[test]
fn an_index_of_another_language_says_so() {
    let folder = TempDir::new().unwrap();
    drop(opened(folder.path()));
    let error = error_of(folder.path(), Words::of(Language::named("german").unwrap()));
    assert_eq!(
        error.to_string(),
        "the index in this folder can't be used: it is of a catalog in english, which is in german now"
    );
    // Synonyms are looked up when somebody searches.
    drop(
        Feed::open(folder.path(), Arc::new(Words::new(Language::default(), "lamp, light").unwrap())).unwrap(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_built_again() {
    let database = TestDatabase::new().await;
    let folder = TempDir::new().unwrap();
    let home = Home::under(folder.path());
    let source = source(&database.app);
    let positions = Positions::new(database.app.clone());
    let head = append(&database.app, Head::EMPTY, shop()).await;
    let search = start(home.clone(), &database.app, &source, &positions);
    shown(&search, head.position).await;
    committed(folder.path(), head.position).await;
    drop(search);
    let before = home.current().unwrap().unwrap();
    cut(&largest(&home.folder(before), "store"));
    let search = start(home.clone(), &database.app, &source, &positions);
    shown(&search, head.position).await;
    let answer = search.search(SearchQuery { limit: 9, ..text("lamp") }).await.unwrap();
    assert_eq!(answer.value.total, 3);
    assert!(home.current().unwrap().unwrap() > before);
}

/// Guards against a process that throws away what was built while it failed with the one before.
#[test]
fn only_the_live_index_is_given_up() {
    let folder = TempDir::new().unwrap();
    let home = Home::under(folder.path());
    let failed = home.start_over().unwrap();
    let swapped_in = home.start_over().unwrap();
    home.give_up(Some(failed)).unwrap();
    assert_eq!(home.current().unwrap(), Some(swapped_in));
    home.give_up(Some(swapped_in)).unwrap();
    assert!(home.current().unwrap() > Some(swapped_in));
}
