//! Files that are not imported at all: a clear word, and nothing is written.

use super::{Importing, RETAIL, retail};

#[tokio::test]
async fn a_file_that_cannot_be_imported_is_refused_with_nothing_written() {
    let it = Importing::new().await;
    let good = retail("1", "A", 1, 1, "1", "7");
    let lacking = it.file(&RETAIL.replace("Quantity", "Amount"), &[&good]);
    let (folder, missing) = (it.folder.path().to_owned(), it.folder.path().join("missing.csv"));
    let cases = [
        (lacking.clone(), vec![], "has no column Quantity in line 1, its header"),
        (missing, vec![], "missing.csv can't be opened"),
        (folder, vec![], "is not a regular file"),
        (lacking.clone(), vec!["--shop", " "], "--shop must have 1 to 128 characters"),
    ];
    for (path, more, expected) in cases {
        let mut arguments = vec!["import", "orders", "--format", "online-retail", path.to_str().unwrap()];
        arguments.extend(more);
        let output = it.place.output(&arguments).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(expected), "{error}");
    }
    let itself = it.file(RETAIL, &[&good]);
    let path = itself.to_str().unwrap();
    let output =
        it.place.output(&["import", "orders", "--format", "online-retail", "--rejects", path, path]).await;
    assert!(!output.status.success());
    assert!(std::fs::read_to_string(&itself).unwrap().contains(&good), "the file is still there");
    assert_eq!(it.ask::<i64>("SELECT count(*) FROM events").await, 0);
    assert_eq!(it.ask::<i64>("SELECT count(*) FROM shops WHERE slug <> 'daybook'").await, 0);
}
