//! `daybook import products`.

use std::path::Path;

use serde_json::Value;

use super::Importing;

impl Importing {
    /// What an import of products says.
    async fn products(&self, path: &Path, more: &[&str]) -> Value {
        let mut arguments = vec!["import", "products", path.to_str().unwrap()];
        arguments.extend(more);
        let output = self.place.output(&arguments).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(printed.lines().last().unwrap()).unwrap()
    }
}

const GOOD: &str = r#"{"id": "77", "name": "TN-2110", "title": "Brother TN-2110 toner", "supplier": "Brother", "price": 4995,
 "short_description": "Toner", "attr_t_product_colour": "Black", "attr_n_width": 17.0}"#;

#[tokio::test]
async fn a_file_of_products_is_taken_once_and_bad_lines_are_named() {
    let it = Importing::new().await;
    let good = GOOD.replace('\n', "");
    let lines = [
        &good,
        "",
        "{",
        r#"{"id": "78", "title": "No price"}"#,
        &good,
        r#"{"id": "79", "title": "B", "price": 1}"#,
    ];
    let path = it.folder.path().join("products.jsonl");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let rejects = it.folder.path().join("rejects.tsv");
    let more = ["--rejects", rejects.to_str().unwrap()];
    let said = it.products(&path, &more).await;
    assert_eq!(said["lines"], 5);
    assert_eq!((&said["created"], &said["known"], &said["rejected"]), (&2.into(), &0.into(), &3.into()));
    let told = std::fs::read_to_string(&rejects).unwrap();
    let expected = format!(
        "3\tit is not a JSON object\t{{\n4\tprice is missing or empty\t{}\n5\tan earlier line has this id\t{good}\n",
        lines[3]
    );
    assert_eq!(told, expected);
    let said = it.products(&path, &more).await;
    assert_eq!((&said["created"], &said["known"], &said["events"]), (&0.into(), &2.into(), &0.into()));
}

#[tokio::test]
async fn a_byte_order_mark_is_none_of_the_first_line() {
    let it = Importing::new().await;
    let path = it.folder.path().join("products.jsonl");
    std::fs::write(&path, format!("\u{feff}{}\r\n", GOOD.replace('\n', ""))).unwrap();
    let said = it.products(&path, &[]).await;
    assert_eq!((&said["lines"], &said["created"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn lines_that_are_not_taken_and_not_written_down_are_a_failure() {
    let it = Importing::new().await;
    let path = it.folder.path().join("products.jsonl");
    std::fs::write(&path, format!("{}\n{{\n", GOOD.replace('\n', ""))).unwrap();
    let (printed, error) = it.place.refused(&["import", "products", path.to_str().unwrap()]).await;
    let said: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!((&said["created"], &said["rejected"]), (&1.into(), &1.into()));
    assert!(error.contains("1 lines were not taken; --rejects FILE writes them down"), "{error}");
}

#[tokio::test]
async fn a_real_catalog() {
    let Some(path) = shared_data::file("data/icecat_products.jsonl.gz") else { return };
    let it = Importing::new().await;
    let said = it.products(&path, &[]).await;
    assert_eq!(
        (&said["lines"], &said["created"], &said["rejected"]),
        (&19_406.into(), &19_406.into(), &0.into())
    );
}
