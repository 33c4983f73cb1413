//! Real history: the first seven months of UCI Online Retail.

use super::Importing;

#[tokio::test]
async fn seven_months_of_a_real_shop() {
    let Some(path) = shared_data::file("data/online_retail_2010-12_to_2011-06.csv.gz") else { return };
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
}
