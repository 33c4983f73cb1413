//! Coupons in carts, previews and orders.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::cart::{Cart, CartError};
use crate::coupon::CouponError;

fn applied(code: &str) -> CartEvent {
    CartEvent::CouponApplied { code: code.parse().unwrap() }
}

fn redeemed(n: u128, user_id: UserId) -> CouponEvent {
    CouponEvent::CouponRedeemed { order_id: OrderId(Uuid::from_u128(n)), user_id, discount: usd(1) }
}

fn with_coupon(code: &str, order: PlaceOrder) -> PlaceOrder {
    PlaceOrder { coupon: Some(code.parse().unwrap()), ..order }
}

fn preview_of(order: &PlaceOrder) -> PreviewOrder {
    let PlaceOrder { customer_id, source, coupon, tax_rate, at, .. } = order.clone();
    PreviewOrder { customer_id, source, coupon, tax_rate, at }
}

fn quote_of(shop: &mut InMemory, quoting: Quoting) -> CartQuote {
    let (offers, coupon) = shop.decide(|it| offers_of_cart::<_, CartError>(it, ANN)).unwrap();
    quote_cart(&shop.get::<Cart>(ANN), &offers, coupon.as_ref(), quoting).unwrap()
}

#[test]
fn an_order_redeems_its_coupon_in_the_same_append() {
    let mut shop = shop().given::<Cart>(ANN, vec![put_in(MUG, 2), applied(SAVE20)]);
    let placed = shop.decide(|it| place_order(it, &order_of_cart())).unwrap();
    // 199.98 less 40.00 (39.996), 5 % of 159.98 is 7.999.
    let totals = placed.priced.totals;
    assert_eq!((totals.discount, totals.tax, totals.total), (4_000, 800, 16_798));
    assert_eq!(
        made(&shop),
        [
            ("orders", "OrderPlaced"),
            ("inventory", "StockReserved"),
            ("coupons", "CouponRedeemed"),
            ("carts", "CartCheckedOut"),
            ("payments", "PaymentOpened"),
        ]
    );
    assert_eq!(shop.get::<Order>(ORDER).placed.unwrap().coupon_code.clone().unwrap().as_str(), SAVE20);
    assert_eq!(shop.get::<Coupon>(SAVE20).redeemed, 1);
    assert_eq!(shop.get::<Cart>(ANN), Cart::default());
}

#[test]
fn a_coupon_that_is_named_goes_before_the_carts_and_needs_no_cart() {
    for order in [with_coupon(FIVE, order_of_cart()), with_coupon(FIVE, order_of(&[item(MUG, 2)]))] {
        let mut shop = shop().given::<Cart>(ANN, vec![put_in(MUG, 2), applied(SAVE20)]);
        let placed = shop.decide(|it| place_order(it, &order)).unwrap();
        assert_eq!(placed.priced.totals.discount, 500);
        assert_eq!((shop.get::<Coupon>(FIVE).redeemed, shop.get::<Coupon>(SAVE20).redeemed), (1, 0));
    }
}

#[test]
fn an_order_from_items_leaves_the_carts_coupon_alone() {
    let mut shop = shop().given::<Cart>(ANN, vec![put_in(MUG, 2), applied(SAVE20)]);
    let placed = shop.decide(|it| place_order(it, &order_of(&[item(MUG, 1)]))).unwrap();
    assert_eq!((placed.priced.totals.discount, placed.priced.coupon), (0, None));
    assert!(shop.get::<Cart>(ANN).coupon.is_some());
}

#[test]
fn a_coupon_that_takes_nothing_off_is_refused_with_nothing_changed() {
    let used_up = || shop().given::<Coupon>(ONCE, vec![redeemed(1, BOB), redeemed(2, BOB)]);
    let by_ann = || shop().given::<Coupon>(ONCE, vec![redeemed(1, ANN)]);
    let withdrawn = || shop().given::<Coupon>(SAVE20, vec![CouponEvent::CouponWithdrawn {}]);
    for (shop, code, quantity, error) in [
        (shop(), "NOSUCH", 1, CouponError::Unknown),
        (withdrawn(), SAVE20, 1, CouponError::Unknown),
        (used_up(), ONCE, 1, CouponError::UsedUp),
        (by_ann(), ONCE, 1, CouponError::UsedUpByUser { limit: 1 }),
        (shop(), FIVE, 0, CouponError::BelowMinimum { minimum: usd(1_000) }),
    ] {
        let product = if quantity == 0 { TIP } else { MUG };
        let order = with_coupon(code, order_of(&[item(product, 1)]));
        let mut shop = shop.given::<Cart>(ANN, vec![put_in(product, 1)]);
        assert_eq!(shop.decide(|it| place_order(it, &order)), Err(PricingError::Coupon(error).into()));
        assert_eq!(shop.decide(|it| preview_order(it, &preview_of(&order))), Err(error.into()));
        assert_eq!(shop.decide(|it| apply_coupon(it, &apply(code, 0))), Err(error.into()));
        assert_eq!(shop.get::<Cart>(ANN).coupon, None);
        assert_eq!(shop.get::<Order>(ORDER), Order::default());
    }
    let guest = PlaceOrder { customer_id: None, ..with_coupon(SAVE20, order_of(&[item(MUG, 1)])) };
    let refused = PricingError::Coupon(CouponError::NoAccount);
    assert_eq!(shop().decide(|it| place_order(it, &guest)), Err(refused.into()));
    assert_eq!(shop().decide(|it| apply_coupon(it, &apply(SAVE20, 0))), Err(CartError::Empty.into()));
}

#[test]
fn a_carts_coupon_that_became_invalid_is_shown_with_its_reason_and_not_sold_without() {
    let mut shop = shop().given::<Cart>(ANN, vec![put_in(MUG, 1)]);
    shop.decide(|it| apply_coupon(it, &apply(ONCE, 0))).unwrap();
    assert_eq!(quote_of(&mut shop, quoting(0)).priced.totals.discount, 1_000);
    let mut shop = shop.given::<Coupon>(ONCE, vec![redeemed(1, BOB), redeemed(2, BOB)]);
    let quote = quote_of(&mut shop, quoting(0));
    assert_eq!((quote.priced.totals.discount, quote.coupon_problem), (0, Some(CouponError::UsedUp)));
    let refused = PricingError::Coupon(CouponError::UsedUp);
    assert_eq!(shop.decide(|it| place_order(it, &order_of_cart())), Err(refused.into()));
}

#[test]
fn an_order_that_is_given_up_gives_its_coupon_back() {
    let mut shop = shop();
    shop.decide(|it| place_order(it, &with_coupon(ONCE, order_of(&[item(MUG, 1)])))).unwrap();
    let (order_id, payment_id) = (OrderId(Uuid::from_u128(0x72)), PaymentId(Uuid::from_u128(0x82)));
    let again = PlaceOrder { order_id, payment_id, ..with_coupon(ONCE, order_of(&[item(MUG, 1)])) };
    let twice = PricingError::Coupon(CouponError::UsedUpByUser { limit: 1 });
    assert_eq!(shop.decide(|it| place_order(it, &again)), Err(twice.into()));
    shop.decide(|it| cancel_order(it, &cancel())).unwrap();
    assert!(made(&shop).contains(&("coupons", "CouponReleased")));
    shop.decide(|it| place_order(it, &again)).unwrap();
}

#[test]
fn streams_are_loaded_at_once() {
    let cart = vec![put_in(MUG, 1), put_in(POT, 1), applied(SAVE20)];
    let mut of_cart = shop().given::<Cart>(ANN, cart).cold();
    of_cart.decide(|it| place_order(it, &order_of_cart())).unwrap();
    assert_eq!(of_cart.rounds(), 2);
    let mut of_items = shop().cold();
    of_items.decide(|it| place_order(it, &with_coupon(FIVE, order_of(&[item(MUG, 1)])))).unwrap();
    assert_eq!(of_items.rounds(), 1);
    let mut cancelled = of_items.cold();
    cancelled.decide(|it| cancel_order(it, &cancel())).unwrap();
    assert_eq!(cancelled.rounds(), 2);
    let mut applying = shop().given::<Cart>(ANN, vec![put_in(MUG, 1)]).cold();
    applying.decide(|it| apply_coupon(it, &apply(SAVE20, 0))).unwrap();
    assert_eq!(applying.rounds(), 2);
}

#[test]
fn a_preview_says_what_the_price_was_and_what_is_left() {
    let mut shop = shop().given::<Cart>(ANN, vec![put_in(MUG, 2)]);
    let preview = shop.decide(|it| preview_order(it, &preview_of(&order_of_cart()))).unwrap();
    assert_eq!(preview.beside, [BesideLine { available: 10, added_price: Some(usd(1)) }]);
    let of_items = preview_of(&order_of(&[item(POT, 1)]));
    let preview = shop.decide(|it| preview_order(it, &of_items)).unwrap();
    assert_eq!(preview.beside, [BesideLine { available: 5, added_price: None }]);
}

#[test]
fn a_cart_is_not_sold_in_another_currency_than_it_was_shown_in() {
    let mut shop = shop().given::<Cart>(ANN, vec![put_in(TEA, 1)]);
    let refused = shop.decide(|it| place_order(it, &order_of_cart()));
    assert_eq!(refused, Err(PricingError::MixedCurrencies.into()));
}

proptest! {
    #[test]
    fn cart_preview_order_event_and_payment_agree_to_the_cent(
        quantities in prop::collection::vec(1..=5_u32, 1..=2),
        prices in prop::collection::vec(0..1_000_000_i64, 2),
        coupon in prop::option::of(prop::sample::select(vec![SAVE20, FIVE, ONCE])),
        rate in 0..=10_000_u32,
    ) {
        let mut shop = shop();
        let products = [MUG, POT];
        for (product_id, price) in products.into_iter().zip(prices) {
            let revised = ProductEvent::ProductRevised(Box::new(details("x", usd(price))));
            shop = shop.given::<Product>(product_id, vec![revised]);
        }
        for (product_id, quantity) in products.into_iter().zip(quantities) {
            shop = shop.given::<Cart>(ANN, vec![put_in(product_id, quantity)]);
        }
        if let Some(code) = coupon {
            shop = shop.given::<Cart>(ANN, vec![applied(code)]);
        }
        let tax_rate = Decimal::new(rate.into(), 4);
        let order = PlaceOrder { tax_rate, ..order_of_cart() };
        let quote = quote_of(&mut shop, Quoting { tax_rate, ..quoting(0) });
        let preview = shop.decide(|it| preview_order(it, &preview_of(&order)));
        let placed = shop.decide(|it| place_order(it, &order));
        if let Some(problem) = quote.coupon_problem {
            prop_assert_eq!(preview, Err(problem.into()));
            prop_assert_eq!(placed, Err(PricingError::Coupon(problem).into()));
        } else {
            let placed = placed.unwrap().priced;
            prop_assert_eq!(&quote.priced, &placed);
            prop_assert_eq!(&preview.unwrap().priced, &placed);
            let event = shop.get::<Order>(ORDER).placed.unwrap();
            let of_event = (event.subtotal, event.discount, event.tax, event.total);
            let totals = placed.totals;
            prop_assert_eq!(of_event, (totals.subtotal, totals.discount, totals.tax, totals.total));
            prop_assert_eq!(shop.get::<Payment>(PAYMENT).opened.unwrap().amount, usd(totals.total));
            let split = crate::order::Split::of_order(&event).unwrap();
            prop_assert_eq!(split.total(), Some(totals.total));
        }
    }
}
