//! What money is for.

use super::*;

fn order(lines: Vec<OrderLine>, discount: Minor, shipping: Minor) -> OrderPlaced {
    let place = Place { lines, discount, shipping, ..to_place() };
    let OrderEvent::OrderPlaced(placed) = Order::default().place(place).unwrap() else { unreachable!() };
    *placed
}

#[test]
fn a_capture_is_of_the_lines_after_discount_the_tax_and_the_shipping() {
    let split = Split::of_order(&order(vec![line(1, 100, 1), line(2, 50, 2)], 33, 10)).unwrap();
    let goods: Vec<_> = split.goods.iter().map(|it| (it.line, it.quantity, it.amount)).collect();
    assert_eq!(goods, vec![(0, 1, 83), (1, 2, 84)]);
    assert_eq!((split.tax, split.shipping, split.total()), (8, 10, Some(185)));
}

#[test]
fn what_is_left_has_no_part_below_zero() {
    let capture = Split::of_order(&order(vec![line(1, 100, 2), line(2, 50, 1)], 0, 10)).unwrap();
    // Line 0 was refunded above its price.
    let mut refund = capture.clone();
    refund.goods.truncate(1);
    (refund.goods[0].amount, refund.goods[0].quantity, refund.tax, refund.shipping) = (220, 1, 0, 10);
    let left = capture.less([&refund]);
    let goods: Vec<_> = left.goods.iter().map(|it| (it.quantity, it.amount)).collect();
    assert_eq!((goods, left.tax, left.shipping), (vec![(1, 0), (1, 50)], 13, 0));
    assert_eq!(left.part(63).unwrap().total(), Some(63));
    assert_eq!(left.part(64), None);
    assert_eq!(left.part(-1), None);
}

proptest::proptest! {
    #[test]
    fn splits_add_up_to_the_minor_unit(
        lines in proptest::collection::vec((0..1_000_000_i64, 1..1_000_u32), 1..40),
        discounted in 0..=100_i64,
        shipping in 0..10_000_i64,
        parts in proptest::collection::vec(1..=100_i64, 0..6),
    ) {
        let lines: Vec<_> = (0..).zip(&lines).map(|(n, (price, quantity))| line(n, *price, *quantity)).collect();
        let subtotal: i64 = lines.iter().map(|line| line.total().unwrap()).sum();
        let order = order(lines, subtotal / 100 * discounted, shipping);
        proptest::prop_assert_eq!(order.total, subtotal - order.discount + order.tax + shipping);
        let mut left = Split::of_order(&order).unwrap();
        proptest::prop_assert!(!left.has_negative_part());
        proptest::prop_assert_eq!(left.total(), Some(order.total));
        for percent in parts {
            let before = left.total().unwrap();
            let amount = before / 100 * percent;
            let part = left.part(amount).unwrap();
            proptest::prop_assert!(!part.has_negative_part());
            proptest::prop_assert_eq!(part.total(), Some(amount));
            left = left.less([&part]);
            proptest::prop_assert_eq!(left.total(), Some(before - amount));
        }
    }
}
