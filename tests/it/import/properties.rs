//! Random histories, beside a model of the rules that is as plain as can be.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::{Importing, RETAIL, retail};

/// A line: document, code, quantity, price in pence, customer (0 for a guest).
#[derive(Clone, Copy, Debug)]
struct Row {
    document: u8,
    credit: bool,
    code: u8,
    quantity: i8,
    price: u8,
    customer: u8,
}

impl Row {
    fn text(self) -> String {
        let mark = if self.credit { "C" } else { "" };
        let price = format!("{}.{:02}", self.price / 100, self.price % 100);
        let customer = if self.customer == 0 { String::new() } else { format!("{}.0", self.customer) };
        retail(
            &format!("{mark}{}", self.document),
            &format!("K{}", self.code),
            self.quantity.into(),
            1,
            &price,
            &customer,
        )
    }
}

/// Documents of one customer each, scattered over the file.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..12_u8, 0..4_u8, -6..9_i8, 0..6_u8, any::<bool>()).prop_map(
        |(document, code, quantity, price, apart)| {
            let price = if price == 0 { 0 } else { price * 20 };
            // Half of the documents are credit notes; each has one customer, some are of guests.
            let (credit, customer) = (document % 2 == 1, (document / 2) % 4);
            let quantity = if credit && apart { -quantity.abs() } else { quantity };
            Row { document, credit, code, quantity, price, customer }
        },
    );
    prop::collection::vec(row, 0..60)
}

#[derive(Debug, Default, PartialEq)]
struct Model {
    orders: u64,
    returns: u64,
    adjustments: u64,
    rejected: u64,
    sales: i64,
    refunded: i64,
    rejected_amount: i64,
}

/// The rules, line by line; an order is placed whole where its first line stands.
fn model(rows: &[Row]) -> Model {
    let mut said = Model::default();
    let mut placed: HashMap<u8, i64> = HashMap::new();
    // Order, customer, code, units left; in the order in which they were bought.
    let mut bought: Vec<(u8, u8, u8, i64)> = Vec::new();
    let sells = |row: &&Row| !row.credit && row.price > 0 && row.quantity > 0;
    for row in rows {
        let (quantity, price) = (i64::from(row.quantity), i64::from(row.price));
        let mut reject = |amount: i64| {
            said.rejected += 1;
            said.rejected_amount += amount;
        };
        if quantity == 0 {
            reject(0);
        } else if price == 0 {
            said.adjustments += 1;
        } else if row.credit && quantity < 0 && row.customer > 0 {
            let mut left = -quantity;
            for (order, customer, code, units) in bought.iter_mut().rev() {
                if *customer == row.customer && *code == row.code {
                    let captured = placed.get_mut(order).unwrap();
                    let taken = left.min(*units).min(*captured / price);
                    left -= taken;
                    *units -= taken;
                    *captured -= taken * price;
                    said.refunded += taken * price;
                }
            }
            said.returns += u64::from(left < -quantity);
            if left > 0 {
                reject(-left * price);
            }
        } else if row.credit || quantity < 0 {
            reject(quantity * price);
        } else if let Entry::Vacant(place) = placed.entry(row.document) {
            said.orders += 1;
            let mut total = 0;
            for row in rows.iter().filter(sells).filter(|other| other.document == row.document) {
                total += i64::from(row.quantity) * i64::from(row.price);
                bought.push((row.document, row.customer, row.code, row.quantity.into()));
            }
            place.insert(total);
            said.sales += total;
        }
    }
    said
}

fn pence(text: &str) -> i64 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (pounds, pence) = text.split_once('.').unwrap_or((text, ""));
    sign * (pounds.parse::<i64>().unwrap() * 100 + format!("{pence:0<2}").parse::<i64>().unwrap())
}

#[tokio::test]
async fn random_histories_come_out_as_the_rules_say_and_a_second_time_too() {
    let it = Importing::new().await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let (mut sales, mut refunded) = (0, 0);
    for case in 0..30 {
        let rows = rows().new_tree(&mut runner).unwrap().current();
        let lines: Vec<String> = rows.iter().map(|row| row.text()).collect();
        let path = it.file(RETAIL, &lines);
        let shop = format!("Shop {case}");
        let said = it.run(&path, &["--shop", &shop]).await;
        let count = |name| said.get(name).parse::<u64>().unwrap();
        let amount = |name| pence(said.get(name));
        let found = Model {
            orders: count("orders"),
            returns: count("returns"),
            adjustments: count("adjustments"),
            rejected: count("rejected"),
            sales: amount("sales"),
            refunded: amount("refunded"),
            rejected_amount: amount("rejected_amount"),
        };
        assert_eq!(found, model(&rows), "{lines:#?}");
        let sum: i64 = rows.iter().map(|row| i64::from(row.quantity) * i64::from(row.price)).sum();
        assert_eq!(amount("total"), sum);
        assert_eq!(found.sales - found.refunded + found.rejected_amount, sum, "nothing is lost");
        let again = it.run(&path, &["--shop", &shop]).await;
        assert_eq!((again.same(), again.get("events")), (said.same(), "0"), "{lines:#?}");
        sales += found.sales;
        refunded += found.refunded;
    }
    assert!(refunded > 0);
    assert_eq!(it.money().await, (sales, refunded), "the log has the same money");
    it.stock().await;
}
