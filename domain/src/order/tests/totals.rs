//! What an order comes to.

use super::*;

#[test]
fn totals_are_those_of_the_printed_examples() {
    for (lines, discount, rate, tax, total) in [
        // S3: 199.98 at 5 %.
        (vec![line(1, 9_999, 2)], 0, dec("0.05"), 1_000, 20_998),
        // S4: 999.97 less 20 % at 8 %, and without the coupon.
        (vec![line(1, 29_999, 3), line(2, 10_000, 1)], 19_999, dec("0.08"), 6_400, 86_398),
        (vec![line(1, 29_999, 3), line(2, 10_000, 1)], 0, dec("0.08"), 8_000, 107_997),
        // A half is rounded up, just below it down, and once per order: not 0.005 by line.
        (vec![line(1, 10, 1)], 0, dec("0.05"), 1, 11),
        (vec![line(1, 10, 1)], 0, dec("0.049999999"), 0, 10),
        (vec![line(1, 10, 1), line(2, 10, 1)], 0, dec("0.05"), 1, 21),
        (vec![line(1, 10, 1)], 10, dec("0.05"), 0, 0),
        (vec![line(1, 0, 1)], 0, dec("1"), 0, 0),
    ] {
        let totals = totals(&lines, discount, rate, 0).unwrap();
        assert_eq!((totals.tax, totals.total), (tax, total), "{lines:?} {discount} {rate}");
    }
    assert_eq!(totals(&[line(1, 9_999, 2)], 0, dec("0.05"), 495).unwrap().total, 21_493);
}
