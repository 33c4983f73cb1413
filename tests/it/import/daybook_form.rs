//! Daybook's own form.

use super::Importing;

fn line(
    number: &str,
    day: u32,
    customer: &str,
    seller: &str,
    sku: &str,
    quantity: i64,
    price: &str,
) -> String {
    format!(
        "{number},2012-05-{day:02}T10:00:00+02:00,{customer},{seller},{sku},Thing {sku},{quantity},{price},EUR,DE"
    )
}

#[tokio::test]
async fn a_product_is_of_a_seller_and_a_negative_quantity_is_a_return() {
    let it = Importing::new().await;
    let lines = [
        line("1001", 1, "ann", "Tulips", "K1", 3, "2.50"),
        line("1001", 1, "ann", "Roses", "K1", 1, "9"),
        line("1001", 4, "ann", "Tulips", "K1", -1, "2.50"),
        line("1002", 2, "", "Roses", "K1", 2, "9.99"),
        line("1003", 5, "ann", "Roses", "K1", -1, "9"),
        line("1004", 6, "bob", "Tulips", "K1", 1, "0"),
        line("1004", 7, "bob", "Tulips", "K1", -1, "0"),
        line("1005", 7, "", "Tulips", "K1", -1, "1"),
    ];
    let said = it.daybook(&lines).await;
    assert_eq!(said.show("lines orders returns adjustments rejected"), "8 3 3 0 1");
    assert_eq!(said.show("sales refunded rejected_amount total"), "36.48 11.5 -1 23.98");
    assert_eq!(it.money().await, (3648, 1150));
    let shops =
        "SELECT string_agg(name, ' ' ORDER BY name) FROM shops WHERE owner_id IS NULL AND slug <> 'daybook'";
    assert_eq!(it.ask::<String>(shops).await, "Roses Tulips");
    let times = "SELECT string_agg(left(metadata ->> 'occurred_at', 16), ' ' ORDER BY position)
                 FROM events WHERE event_type IN ('OrderPlaced', 'ItemsReturned')";
    let expected = "2012-05-01T08:00 2012-05-04T08:00 2012-05-02T08:00 2012-05-05T08:00 2012-05-06T08:00 2012-05-07T08:00";
    assert_eq!(it.ask::<String>(times).await, expected, "in UTC, each at its own time");
    let again = it.daybook(&lines).await;
    assert_eq!((again.same(), again.get("events")), (said.same(), "0"));
}

#[tokio::test]
async fn an_existing_shop_and_its_products_are_used() {
    let it = Importing::new().await;
    it.daybook(&[line("1", 1, "ann", "Tulips", "K1", 3, "2.50")]).await;
    let said = it
        .daybook(&[
            line("2", 2, "ann", "Tulips", "K1", 4, "2.50"),
            line("3", 3, "ann", "Tulips", "K1", -7, "2.50"),
        ])
        .await;
    assert_eq!(
        said.show("orders returns sales refunded"),
        "1 1 10 17.5",
        "goods of the file before come back"
    );
    assert_eq!(it.ask::<i64>("SELECT count(*) FROM events WHERE event_type = 'ProductCreated'").await, 1);
    assert_eq!(it.ask::<i64>("SELECT count(*) FROM shops WHERE name = 'Tulips'").await, 1);
    assert_eq!(it.stock().await["K1"], 7);
}

#[tokio::test]
async fn another_document_of_a_number_is_not_taken_for_the_same() {
    let it = Importing::new().await;
    it.daybook(&[line("1", 1, "ann", "Tulips", "K1", 3, "2.50")]).await;
    let said = it.daybook(&[line("1", 1, "ann", "Tulips", "K1", 4, "2.50")]).await;
    assert_eq!(said.show("orders rejected sales rejected_amount total events"), "0 1 0 10 10 0");
    assert_eq!(said.rejects[0].2, "a document of this number and other contents was imported before");
}

#[tokio::test]
async fn an_order_may_have_any_number_of_lines() {
    let it = Importing::new().await;
    let lines: Vec<String> =
        (0..10_000).map(|n| line("1", 1, "ann", "Tulips", &format!("K{}", n % 300), 1, "0.01")).collect();
    let said = it.daybook(&lines).await;
    assert_eq!(said.show("lines orders sales"), "10000 1 100");
}
