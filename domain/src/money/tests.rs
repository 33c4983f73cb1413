use super::*;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

#[test]
fn amounts_are_read_and_written_exactly() {
    for (text, code, minor, written) in [
        ("299.99", "USD", 29_999, "299.99"),
        ("-3", "USD", -300, "-3.00"),
        ("1.500", "USD", 150, "1.50"),
        ("0.05", "EUR", 5, "0.05"),
        ("-0.05", "EUR", -5, "-0.05"),
        ("1e2", "EUR", 10_000, "100.00"),
        ("7", "JPY", 7, "7"),
        ("1.234", "KWD", 1_234, "1.234"),
        ("92233720368547758.07", "USD", i64::MAX, "92233720368547758.07"),
    ] {
        let money = Money::parse(text, currency(code)).unwrap();
        assert_eq!((money.amount, money.to_string().as_str()), (minor, written), "{text} {code}");
    }
}

#[test]
fn what_is_no_exact_amount_is_refused() {
    for (text, code, error) in [
        ("", "USD", MoneyError::NotANumber),
        ("1,50", "USD", MoneyError::NotANumber),
        ("NaN", "USD", MoneyError::NotANumber),
        ("0.001", "USD", MoneyError::TooFine(currency("USD"), 2)),
        ("1.5", "JPY", MoneyError::TooFine(currency("JPY"), 0)),
        ("92233720368547758.08", "USD", MoneyError::TooLarge),
    ] {
        assert_eq!(Money::parse(text, currency(code)), Err(error), "{text} {code}");
    }
    assert_eq!("ZZZ".parse::<Currency>(), Err(UnknownCurrency));
}

#[test]
fn shares_follow_their_weights_and_add_up() {
    for (amount, weights, shares) in [
        (100, vec![1, 1, 1], vec![34, 33, 33]),
        (1, vec![1, 1], vec![1, 0]),
        (10, vec![0, 5, 0], vec![0, 10, 0]),
        (5, vec![3, 2], vec![3, 2]),
        (0, vec![0, 0], vec![0, 0]),
        (0, vec![], vec![]),
        (i64::MAX, vec![i64::MAX, i64::MAX], vec![i64::MAX / 2 + 1, i64::MAX / 2]),
    ] {
        assert_eq!(apportion(amount, &weights), Some(shares), "{amount} over {weights:?}");
    }
}

#[test]
fn nothing_can_be_shared_over_no_or_negative_weights() {
    for (amount, weights) in [(1, vec![]), (1, vec![0]), (-1, vec![1]), (1, vec![2, -1])] {
        assert_eq!(apportion(amount, &weights), None, "{amount} over {weights:?}");
    }
}

proptest::proptest! {
    #[test]
    fn shares_add_up_to_the_minor_unit(
        part in 0.0..=1.0_f64,
        weights in proptest::collection::vec(0..1_000_000_000_000_i64, 1..50),
    ) {
        let sum: i64 = weights.iter().sum();
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let amount = ((sum as f64 * part) as i64).min(sum);
        let shares = apportion(amount, &weights).unwrap();
        proptest::prop_assert_eq!(shares.iter().sum::<i64>(), amount);
        for (share, weight) in shares.iter().zip(&weights) {
            proptest::prop_assert!(*share >= 0 && share <= weight);
        }
    }
}
