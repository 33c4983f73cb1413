//! Real history: the first seven months of UCI Online Retail.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::{Importing, ledger};

/// Where the data is that is not in the repository, if it is there. With `DAYBOOK_REQUIRE_SHARED=1` it has to be.
pub(super) fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DAYBOOK_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = folder.join("data").join(name);
    if path.is_file() {
        return Some(path);
    }
    let required = std::env::var("DAYBOOK_REQUIRE_SHARED").is_ok_and(|value| value == "1");
    assert!(!required, "{} is missing, and DAYBOOK_REQUIRE_SHARED=1", path.display());
    eprintln!("skipped: {} is missing; DAYBOOK_SHARED says where shared data is", path.display());
    None
}

#[tokio::test]
async fn seven_months_of_a_real_shop() {
    let Some(path) = shared("online_retail_2010-12_to_2011-06.csv.gz") else { return };
    let it = Importing::new().await;
    let said = it.run(&path, &[]).await;
    assert_eq!(said.show("lines orders returns adjustments rejected"), "245903 9659 3303 1478 1210");
    assert_eq!(
        said.show("sales refunded rejected_amount total"),
        "4826466.49 172112.56 -256403.169 4397950.761"
    );
    assert_eq!(it.money().await, (482_646_649, 17_211_256));
    assert_eq!(said.rejects.len(), 1210);
    assert!(said.rejects.is_sorted_by_key(|(line, ..)| *line));
    let stock = it.stock().await;
    assert_eq!(stock.len(), 3639, "codes that were only returned are no products");
    let again = it.run(&path, &[]).await;
    assert_eq!((again.same(), again.get("events")), (said.same(), "0"));
    // Another shop, with a part of the same history.
    let part = it.folder.path().join("part.csv");
    let history = flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap());
    let lines: Vec<_> = BufReader::new(history).lines().take(20_000).map(Result::unwrap).collect();
    std::fs::write(&part, lines.join("\n")).unwrap();
    it.run(&part, &["--shop", "Another"]).await;
    ledger::seller_stats_equal_it(&it).await;
}
