//! What anybody may try.

use super::*;
use crate::order::CancelCause;

/// One thing that somebody tries; numbers choose among what there is.
#[derive(Clone, Debug)]
pub(super) enum Try {
    Stock { product: usize, change: StockChange },
    Add { product: usize, quantity: u32 },
    SetQuantity { product: usize, quantity: u32 },
    ApplyCoupon { coupon: usize },
    RemoveCoupon,
    PlaceCart { rate: u32 },
    PlaceItems { items: Vec<(usize, u32)>, coupon: usize, rate: u32 },
    Attempt { order: usize },
    Action { order: usize },
    Decline { order: usize },
    Capture { order: usize },
    Confirm { order: usize },
    Step { order: usize, lines: Lines, step: usize },
    Cancel { order: usize, cause: CancelCause, minutes: i64 },
    Return { order: usize, line: u32, quantity: u32 },
    Refund { order: usize, percent: i64 },
    RefundUnits { order: usize, line: u32, quantity: u32 },
    Settle { order: usize, refund: usize },
    Fail { order: usize, refund: usize },
    Reverse { order: usize, refund: usize },
    Review { product: usize, order: usize, rating: u8 },
}

pub(super) fn any_try() -> impl Strategy<Value = Try> {
    let product = 0..PRODUCTS.len();
    let order = 0..4_usize;
    let change = prop_oneof![
        (-20..30_i64).prop_map(StockChange::By),
        (-20..30_i64).prop_map(StockChange::AdjustBy),
        (0..30_u64).prop_map(StockChange::SetAvailable),
    ];
    let lines = prop_oneof![Just(Lines::All), Just(Lines::OfSeller(SELLER)), Just(Lines::OfSeller(POTTER))];
    let cause =
        prop_oneof![Just(CancelCause::Customer), Just(CancelCause::Staff), Just(CancelCause::Expired)];
    let review = (product.clone(), order.clone(), 0..7_u8).prop_map(|(product, order, rating)| Try::Review {
        product,
        order,
        rating,
    });
    prop_oneof![
        1 => review,
        2 => (product.clone(), change).prop_map(|(product, change)| Try::Stock { product, change }),
        2 => (product.clone(), 0..6_u32).prop_map(|(product, quantity)| Try::Add { product, quantity }),
        1 => (product.clone(), 0..9_u32).prop_map(|(product, quantity)| Try::SetQuantity { product, quantity }),
        2 => (0..3_000_u32).prop_map(|rate| Try::PlaceCart { rate }),
        2 => (0..COUPONS.len()).prop_map(|coupon| Try::ApplyCoupon { coupon }),
        1 => Just(Try::RemoveCoupon),
        4 => (prop::collection::vec((product, 0..5_u32), 0..4), 0..6_usize, 0..3_000_u32)
            .prop_map(|(items, coupon, rate)| Try::PlaceItems { items, coupon, rate }),
        2 => order.clone().prop_map(|order| Try::Attempt { order }),
        1 => order.clone().prop_map(|order| Try::Action { order }),
        1 => order.clone().prop_map(|order| Try::Decline { order }),
        4 => order.clone().prop_map(|order| Try::Capture { order }),
        1 => order.clone().prop_map(|order| Try::Confirm { order }),
        9 => (order.clone(), lines, 0..9_usize)
            .prop_map(|(order, lines, step)| Try::Step { order, lines, step }),
        2 => (order.clone(), cause, 0..60_i64)
            .prop_map(|(order, cause, minutes)| Try::Cancel { order, cause, minutes }),
        3 => (order.clone(), 0..3_u32, 0..4_u32)
            .prop_map(|(order, line, quantity)| Try::Return { order, line, quantity }),
        3 => (order.clone(), 0..=120_i64).prop_map(|(order, percent)| Try::Refund { order, percent }),
        2 => (order.clone(), 0..3_u32, 0..4_u32)
            .prop_map(|(order, line, quantity)| Try::RefundUnits { order, line, quantity }),
        4 => (order.clone(), 0..3_usize).prop_map(|(order, refund)| Try::Settle { order, refund }),
        1 => (order.clone(), 0..3_usize).prop_map(|(order, refund)| Try::Fail { order, refund }),
        2 => (order, 0..3_usize).prop_map(|(order, refund)| Try::Reverse { order, refund }),
    ]
}
