//! A part of one real shop's history as that of many shops, in two currencies.

use std::fs::File;
use std::path::Path;

use flate2::read::GzDecoder;

/// So many shops are there.
pub const COUNT: usize = 20;
/// One of so many customers, and guests' orders, is taken, with everything that they bought and gave back.
const PART: u32 = 5;

/// Its lines in Daybook's own form. Which shop sells a thing is by its code, and in which currency somebody buys by who
/// that is: so an order is of many shops, and what a shop sells is sold in both currencies.
pub fn lines(path: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for record in csv::Reader::from_reader(GzDecoder::new(File::open(path).unwrap())).into_records() {
        let record = record.unwrap();
        let [invoice, code, name, quantity, at, price, customer, country] =
            std::array::from_fn(|n| &record[n]);
        let who = number(if customer.is_empty() { invoice } else { customer });
        let has_price = !price.starts_with('-') && price.contains(|digit| ('1'..='9').contains(&digit));
        if !who.is_multiple_of(PART) || invoice.starts_with('A') || !has_price {
            continue;
        }
        let shop = code.bytes().map(usize::from).sum::<usize>() % COUNT;
        let currency = if (who / PART).is_multiple_of(2) { "GBP" } else { "EUR" };
        let name = name.replace([',', '"'], " ");
        lines.push(format!(
            "{invoice},{at},{customer},Shop {shop:02},{code},{name},{quantity},{price},{currency},{country}"
        ));
    }
    lines
}

/// Of an invoice or a customer: `C536379` and `17850.0` have decimals and letters.
fn number(text: &str) -> u32 {
    let whole = text.split('.').next().unwrap_or_default();
    whole.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}
