//! The rules for Online Retail, each on a file of a few lines.

use super::{Importing, retail};

const NOT_BOUGHT: &str = "a return of goods not bought before by this customer, or returned already";

#[tokio::test]
async fn an_order_is_as_the_file_has_it() {
    let it = Importing::new().await;
    let said = it
        .retail(&[
            retail("536365", "85123A", 6, 1, "2.55", "17850.0"),
            retail("536365", "71053", 2, 1, "3.39", "17850.0"),
            retail("536365", "85123A", 6, 1, "2.55", "17850.0"),
        ])
        .await;
    assert_eq!(said.show("lines orders returns adjustments rejected"), "3 1 0 0 0");
    assert_eq!(said.show("sales refunded rejected_amount total"), "37.38 0 0 37.38", "repeated lines count");
    assert_eq!(it.money().await, (3738, 0));
    assert_eq!(it.stock().await.values().sum::<i64>(), 0, "what was there at the start is sold");
    let order = "SELECT concat_ws(' ', p ->> 'external_id', left(p ->> 'number', 9), p ->> 'currency', p ->> 'tax', p ->> 'total',
                                  json_array_length(p -> 'lines'), p -> 'lines' -> 0 ->> 'name', p -> 'ship_to' ->> 'country',
                                  metadata ->> 'occurred_at')
                 FROM (SELECT payload -> 'OrderPlaced' AS p, metadata FROM events WHERE event_type = 'OrderPlaced') AS it";
    let expected = "536365 ORD-2011- GBP 0 3738 3 Thing 85123A United Kingdom 2011-01-01T09:30:00.000000Z";
    assert_eq!(it.ask::<String>(order).await, expected);
    let product = "SELECT concat_ws(' ', p ->> 'sku', p ->> 'external_id', p ->> 'name', p -> 'price' ->> 'amount', s.name)
                   FROM (SELECT payload -> 'ProductCreated' AS p FROM events WHERE event_type = 'ProductCreated') AS it
                   JOIN shops s ON s.id::text = p ->> 'seller_id' ORDER BY p ->> 'sku' LIMIT 1";
    assert_eq!(it.ask::<String>(product).await, "71053 71053 Thing 71053 339 Online Retail");
    let whole_way =
        "SELECT string_agg(event_type, ' ' ORDER BY position) FROM events WHERE aggregate_type = 'orders'";
    assert_eq!(
        it.ask::<String>(whole_way).await,
        "OrderPlaced OrderPaid OrderConfirmed OrderProcessing OrderShipped OrderDelivered"
    );
}

#[tokio::test]
async fn an_outside_customers_id_is_personal_and_in_no_event() {
    let it = Importing::new().await;
    it.retail(&[
        retail("1", "A", 6, 1, "1", "4711770.0"),
        retail("2", "A", 6, 2, "1", "4711770"),
        retail("C3", "A", -8, 3, "1", "4711770.00"),
    ])
    .await;
    assert_eq!(it.money().await, (1200, 800), "17850.0 is customer 17850");
    let named = "SELECT count(*) FROM events
                 WHERE concat(payload, metadata, aggregate_id) LIKE '%4711770%'";
    assert_eq!(it.ask::<i64>(named).await, 0);
    let kept = "SELECT concat_ws(' ', count(*), min(body ->> 'externalId'), bool_and(subject = id),
                                 bool_and(id::text IN (SELECT payload -> 'OrderPlaced' ->> 'customer_id' FROM events)))
                FROM personal";
    assert_eq!(it.ask::<String>(kept).await, "1 4711770 t t");
}

#[tokio::test]
async fn an_invoice_is_one_order_wherever_its_lines_are() {
    let it = Importing::new().await;
    let lines = [
        retail("1", "A", 1, 1, "1", "7"),
        retail("2", "A", 1, 2, "10", "7"),
        retail("1", "B", 1, 3, "100", "7"),
        retail("C4", "B", -1, 4, "100", "7"),
        retail("1", "A", 1, 5, "1000", "7"),
        retail("2", "B", 1, 1, "10000", "7"),
    ];
    let said = it.retail(&lines).await;
    assert_eq!(said.show("orders returns rejected sales refunded"), "2 1 0 11111 100");
    let orders = "SELECT string_agg(concat_ws(' ', p ->> 'external_id', p ->> 'total', left(metadata ->> 'occurred_at', 10)), ', ' ORDER BY position)
                  FROM (SELECT position, payload -> 'OrderPlaced' AS p, metadata FROM events WHERE event_type = 'OrderPlaced') AS it";
    assert_eq!(it.ask::<String>(orders).await, "1 110100 2011-01-01, 2 1001000 2011-01-02");
    let again = it.retail(&lines).await;
    assert_eq!((again.same(), again.get("events")), (said.same(), "0"));
    it.stock().await;
}

#[tokio::test]
async fn goods_come_back_to_the_latest_orders_and_whole_units_are_refunded() {
    struct Case(&'static str, Vec<String>, &'static str, Vec<(u64, &'static str, &'static str)>);
    let cases = [
        Case(
            "over several orders, the latest first",
            vec![
                retail("1", "A", 5, 1, "1.00", "7"),
                retail("2", "A", 2, 2, "2.00", "7"),
                retail("C3", "A", -4, 3, "1.50", "7"),
            ],
            "9 6",
            vec![],
        ),
        Case(
            "never above what is left captured, whole units only",
            vec![
                retail("1", "A", 3, 1, "1.00", "7"),
                retail("C2", "A", -3, 2, "1.40", "7"),
                retail("C3", "A", -1, 3, "0.20", "7"),
            ],
            "3 3",
            vec![(3, "-1.4", "1 of 3 units above what is left of the payment")],
        ),
        Case(
            "no more than was bought",
            vec![retail("1", "A", 3, 1, "1.00", "7"), retail("C2", "A", -5, 2, "0.10", "7")],
            "3 0.3",
            vec![(3, "-0.2", "2 of 5 units not bought before by this customer, or returned already")],
        ),
        Case(
            "only the customer's own, and only what came before",
            vec![
                retail("C1", "A", -1, 1, "1.00", "7"),
                retail("2", "A", 1, 2, "1.00", "7"),
                retail("C3", "A", -1, 3, "1.00", "8"),
                retail("C4", "B", -1, 4, "1.00", "7"),
            ],
            "1 0",
            vec![(2, "-1", NOT_BOUGHT), (4, "-1", NOT_BOUGHT), (5, "-1", NOT_BOUGHT)],
        ),
        Case(
            "not a guest's",
            vec![retail("1", "A", 1, 1, "1.00", ""), retail("C2", "A", -1, 2, "1.00", "")],
            "1 0",
            vec![(3, "-1", "a return of a guest")],
        ),
        Case(
            "lines of one credit note share goods and money",
            vec![
                retail("1", "A", 3, 1, "1.00", "7"),
                retail("C2", "A", -2, 2, "1.00", "7"),
                retail("C2", "A", -2, 2, "1.00", "7"),
            ],
            "3 3",
            vec![(4, "-1", "1 of 2 units not bought before by this customer, or returned already")],
        ),
    ];
    let it = Importing::new().await;
    for (number, Case(what, lines, money, rejects)) in cases.into_iter().enumerate() {
        let path = it.file(super::RETAIL, &lines);
        let shop = format!("Shop {number}");
        let said = it.run(&path, &["--shop", &shop]).await;
        assert_eq!(said.show("sales refunded"), money, "{what}");
        let rejects: Vec<_> = rejects.into_iter().map(|(l, a, r)| (l, a.to_owned(), r.to_owned())).collect();
        assert_eq!(said.rejects, rejects, "{what}");
        let again = it.run(&path, &["--shop", &shop]).await;
        assert_eq!((again.same(), again.get("events")), (said.same(), "0"), "{what}, again");
    }
}

#[tokio::test]
async fn a_line_without_a_price_adjusts_the_stock() {
    let it = Importing::new().await;
    let said = it
        .retail(&[
            retail("1", "A", 5, 1, "1.00", "7"),
            retail("2", "A", -3, 2, "0", ""),
            retail("3", "A", 10, 3, "0.0", ""),
            retail("4", "A", 4, 4, "1.00", "7"),
            retail("5", "B", -2, 5, "0", ""),
            retail("5", "C", 2, 5, "0", ""),
            retail("1", "A", 1, 1, "0", "7"),
            retail("C6", "A", -1, 6, "1.00", "7"),
        ])
        .await;
    assert_eq!(said.show("orders returns adjustments rejected"), "2 1 5 0");
    let stock = it.stock().await.into_iter().map(|(sku, level)| format!("{sku} {level}")).collect::<Vec<_>>();
    assert_eq!(stock, ["A 8", "B 0", "C 2"]);
    let received = "SELECT string_agg(q, ' ' ORDER BY q) FROM
                    (SELECT payload -> 'StockReceived' ->> 'quantity' AS q FROM events WHERE event_type = 'StockReceived') AS it";
    assert_eq!(
        it.ask::<String>(received).await,
        "2 8",
        "one opening receipt a code, and no larger than it must be"
    );
}

#[tokio::test]
async fn what_cannot_be_taken_is_written_down_and_nothing_is_lost() {
    let it = Importing::new().await;
    let said = it
        .retail(&[
            retail("1", "A", 2, 1, "1.25", "7"),
            retail("1", "A", 1, 1, "0.001", "7"),
            retail("A563185", "B", 1, 1, "11062.06", ""),
            retail("A563186", "B", 1, 1, "-11062.06", ""),
            retail("1", "A", -1, 1, "1.25", "7"),
            retail("C2", "A", 1, 2, "1.25", "7"),
            retail("3", "A", 1, 2, "-1.25", "7"),
            retail("3", "A", 0, 2, "1.25", "7"),
            retail("3", "", 1, 2, "1.25", "7"),
            retail("", "A", 1, 2, "1.25", "7"),
            retail("1", "A", 1, 1, "1.25", "8"),
            "4,A,x".to_owned(),
            retail("4", "A", 1, 2, "1.25", "7").replace(",1,", ",many,"),
            retail("4", "A", 1, 2, "1.25", "7").replace("2011-", "soon-"),
        ])
        .await;
    let expected = [
        (3, "0.001", "the price is finer than GBP (2 decimals)"),
        (4, "11062.06", "an A… invoice corrects debts, it sells nothing"),
        (5, "-11062.06", "an A… invoice corrects debts, it sells nothing"),
        (6, "-1.25", "a negative quantity in an invoice"),
        (7, "1.25", "a positive quantity in a credit note"),
        (8, "-1.25", "the price is negative"),
        (9, "0", "the quantity is 0"),
        (10, "1.25", "StockCode is empty"),
        (11, "1.25", "InvoiceNo is empty"),
        (12, "1.25", "the order has another customer"),
        (13, "0", "the line has 3 fields, the header has 8"),
        (14, "0", "Quantity is not a decimal number"),
        (15, "1.25", "InvoiceDate is not a date and time"),
    ];
    assert_eq!(
        said.rejects,
        expected.map(|(line, amount, reason)| (line, amount.to_owned(), reason.to_owned()))
    );
    assert_eq!(
        said.show("lines orders rejected sales refunded rejected_amount total"),
        "14 1 13 2.5 0 3.751 6.251"
    );
    let file = std::fs::read_to_string(it.rejects()).unwrap();
    assert!(file.contains(&retail("1", "A", 1, 1, "0.001", "7")), "the original fields follow");
}
