use csv::StringRecord;
use rust_decimal::Decimal;

use super::*;
use crate::import::line::Goods;

fn line(number: u64, document: &str, kind: Kind, change: impl FnOnce(&mut Goods)) -> Line {
    let mut goods = Goods {
        document: document.to_owned(),
        at: DateTime::from_timestamp(1_300_000_000, 0).unwrap(),
        customer: Some("7".to_owned()),
        seller: "S".into(),
        code: "K".to_owned(),
        name: "N".to_owned(),
        country: None,
        currency: "GBP".parse().unwrap(),
        unit_price: 100,
        kind,
    };
    change(&mut goods);
    Line { number, record: StringRecord::new(), amount: Decimal::ONE, reading: Ok(goods) }
}

fn bad(number: u64) -> Line {
    Line { number, record: StringRecord::new(), amount: Decimal::ONE, reading: Err(Reason::ZeroQuantity) }
}

fn sold(number: u64, document: &str) -> Line {
    line(number, document, Kind::Sale(1), |_| {})
}

fn returned(number: u64, document: &str) -> Line {
    line(number, document, Kind::Return(1), |_| {})
}

/// Document and line numbers of each run; `+` where it continues the one before.
fn runs(lines: Vec<Line>) -> Vec<(String, Vec<u64>)> {
    Runs::of(lines.into_iter().map(Ok))
        .map(|run| {
            let run = run.unwrap();
            let mark = if run.continues { "+" } else { "" };
            let numbers = run.lines.iter().map(|line| line.number).collect();
            (format!("{mark}{}", run.number.unwrap_or_default()), numbers)
        })
        .collect()
}

/// The line numbers of each part, `s` for those that sell and `r` for those that return, and of the rejects.
fn split(lines: Vec<Line>) -> (Vec<String>, Vec<u64>) {
    let (parts, rejects) = parts(lines);
    let part = |part: &Part| {
        let kind = if matches!(part.content, Content::Return(_)) { "r" } else { "s" };
        part.lines().fold(kind.to_owned(), |text, line| format!("{text} {}", line.number))
    };
    (parts.iter().map(part).collect(), rejects.iter().map(|reject| reject.line).collect())
}

#[test]
fn neighbours_of_one_document_are_a_run_and_bad_lines_end_none() {
    let lines = vec![bad(2), sold(3, "A"), bad(4), sold(5, "A"), sold(6, "B"), bad(7), sold(8, "A"), bad(9)];
    let expected = [("A", vec![2, 3, 4, 5]), ("B", vec![6, 7]), ("A", vec![8, 9])];
    assert_eq!(runs(lines), expected.map(|(document, lines)| (document.to_owned(), lines)));
    assert_eq!(runs(vec![]), []);
    assert_eq!(runs(vec![bad(2)]), [(String::new(), vec![2])]);
}

#[test]
fn only_what_sells_is_kept_whole() {
    let many = ENOUGH as u64 * 2 + 10;
    let returns = runs((1..=many).map(|n| returned(n, "C")).collect());
    assert_eq!(
        returns.iter().map(|(run, lines)| (run.as_str(), lines.len())).collect::<Vec<_>>(),
        [("C", ENOUGH), ("+C", ENOUGH), ("+C", 10)]
    );
    assert_eq!(runs((1..=many).map(|n| sold(n, "A")).collect()).len(), 1);
    assert_eq!(runs((1..=many).map(bad).collect()).len(), 3);
}

#[test]
fn what_a_document_sells_is_one_part_and_returns_stand_where_they_are() {
    let adjusted = |number| line(number, "A", Kind::Adjustment(-1), |_| {});
    let later = |number| line(number, "A", Kind::Return(1), |goods| goods.at += chrono::TimeDelta::days(1));
    let lines = vec![
        returned(2, "A"),
        adjusted(3),
        sold(4, "A"),
        returned(5, "A"),
        returned(6, "A"),
        sold(7, "A"),
        returned(8, "A"),
        later(9),
        bad(10),
        later(11),
    ];
    let parts = ["r 2", "s 4 7 3", "r 5 6", "r 8", "r 9 11"].map(str::to_owned);
    assert_eq!(split(lines), (parts.to_vec(), vec![10]));
}

#[test]
fn an_order_has_the_time_of_its_first_line_and_one_customer_and_currency() {
    let guest = line(2, "A", Kind::Sale(1), |goods| goods.customer = None);
    let late = line(3, "A", Kind::Sale(1), |goods| goods.at += chrono::TimeDelta::days(1));
    let other = line(4, "A", Kind::Sale(1), |goods| goods.customer = Some("8".to_owned()));
    let euros = line(5, "A", Kind::Sale(1), |goods| goods.currency = "EUR".parse().unwrap());
    let (parts, rejects) = parts(vec![guest.clone(), late, other, euros]);
    assert_eq!(parts[0].at, guest.goods().unwrap().at);
    assert_eq!(parts[0].customer.as_deref(), Some("7"));
    assert_eq!(parts[0].lines().count(), 2);
    let why: Vec<_> = rejects.into_iter().map(|reject| (reject.line, reject.reason)).collect();
    assert_eq!(why, [(4, Reason::OtherCustomer), (5, Reason::OtherCurrency)]);
}

#[test]
fn a_fingerprint_tells_contents_apart_and_does_not_know_the_customer() {
    let of = |change: fn(&mut Goods)| parts(vec![line(2, "A", Kind::Sale(1), change)]).0[0].fingerprint();
    assert_eq!(of(|_| {}), of(|goods| goods.customer = None));
    let changes: [fn(&mut Goods); 4] = [
        |goods| goods.kind = Kind::Sale(2),
        |goods| goods.unit_price = 101,
        |goods| goods.code = "L".to_owned(),
        |goods| goods.seller = "T".into(),
    ];
    for change in changes {
        assert_ne!(of(|_| {}), of(change));
    }
}
