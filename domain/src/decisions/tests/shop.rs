//! Products, their stock, and carts.

use super::*;
use crate::cart::{Cart, CartError};
use crate::claim::{self, Claim};
use crate::inventory::{InventoryError, MOST_ON_HAND};
use crate::product::ProductError;

fn create() -> CreateProduct {
    let details = details("cup", usd(500));
    CreateProduct { product_id: NOWHERE, details, opening_stock: 7, reason: None }
}

#[test]
fn a_product_is_created_with_its_names_and_stock() {
    let mut shop = shop().cold();
    shop.decide(|it| create_product(it, &create())).unwrap();
    assert_eq!(shop.rounds(), 1);
    assert_eq!(
        made(&shop),
        [
            ("products", "ProductCreated"),
            ("claims", "NameClaimed"),
            ("claims", "NameClaimed"),
            ("inventory", "StockReceived"),
        ]
    );
    assert_eq!(shop.get::<Claim>(claim::sku(SELLER, "CUP")).owner, Some(NOWHERE.to_string()));
    assert_eq!(stock(&shop, NOWHERE), (7, 0));
    let without = CreateProduct {
        product_id: ProductId(Uuid::from_u128(0x7)),
        details: details("dish", usd(1)),
        opening_stock: 0,
        reason: None,
    };
    shop.decide(|it| create_product(it, &without)).unwrap();
    assert_eq!(made(&shop).len(), 3);
}

#[test]
fn a_product_that_may_not_be_is_refused() {
    let other = ProductId(Uuid::from_u128(0x7));
    let with = |change: &dyn Fn(&mut CreateProduct)| {
        let mut create = create();
        change(&mut create);
        create
    };
    let sku_taken = CatalogError::SkuTaken { sku: "CUP".into() };
    let slug_taken = CatalogError::SlugTaken { slug: "cup".into() };
    for (second, error) in [
        (with(&|_| ()), ProductError::AlreadyExists.into()),
        (with(&|it| (it.product_id, it.details.slug) = (other, "cup-2".into())), sku_taken),
        (with(&|it| (it.product_id, it.details.sku) = (other, "CUP-2".into())), slug_taken),
        (
            with(&|it| (it.product_id, it.details.name) = (other, String::new())),
            ProductError::Missing { field: "name" }.into(),
        ),
    ] {
        let mut shop = shop();
        shop.decide(|it| create_product(it, &create())).unwrap();
        assert_eq!(shop.decide(|it| create_product(it, &second)), Err(error));
        assert_eq!(shop.get::<Product>(other), Product::default());
    }
    let too_much = with(&|it| it.opening_stock = MOST_ON_HAND + 1);
    let refused = shop().decide(|it| create_product(it, &too_much));
    assert_eq!(refused, Err(InventoryError::TooMuch.into()));
}

#[test]
fn another_seller_may_use_the_same_sku() {
    let mut shop = shop();
    shop.decide(|it| create_product(it, &create())).unwrap();
    let mut other = create();
    other.product_id = ProductId(Uuid::from_u128(0x7));
    other.details.seller_id = SellerId(Uuid::from_u128(0x52));
    other.details.slug = "cup-2".into();
    shop.decide(|it| create_product(it, &other)).unwrap();
}

#[test]
fn stock_is_received_adjusted_and_set() {
    let mut shop = with_order(OrderStatus::Pending);
    for (change, event, after) in [
        (StockChange::By(5), "StockReceived", (15, 2)),
        (StockChange::By(-3), "StockAdjusted", (12, 2)),
        (StockChange::AdjustBy(1), "StockAdjusted", (13, 2)),
        (StockChange::SetAvailable(20), "StockAdjusted", (22, 2)),
        (StockChange::SetAvailable(0), "StockAdjusted", (2, 2)),
    ] {
        let command = ReceiveOrAdjustStock { product_id: MUG, change, reason: None };
        shop.decide(|it| receive_or_adjust_stock(it, &command)).unwrap();
        assert_eq!((made(&shop), stock(&shop, MUG)), (vec![("inventory", event)], after));
    }
    let same = ReceiveOrAdjustStock { product_id: MUG, change: StockChange::SetAvailable(0), reason: None };
    shop.decide(|it| receive_or_adjust_stock(it, &same)).unwrap();
    assert!(shop.made().is_empty());
}

#[test]
fn a_stock_that_may_not_change_is_refused() {
    let below = |delta| InventoryError::BelowReserved { on_hand: 10, reserved: 2, delta };
    for (product_id, change, error) in [
        (NOWHERE, StockChange::By(1), StockError::UnknownProduct { product_id: NOWHERE }),
        (JAR, StockChange::By(1), StockError::UnknownProduct { product_id: JAR }),
        (MUG, StockChange::By(0), InventoryError::ZeroQuantity.into()),
        (MUG, StockChange::By(-9), below(-9).into()),
        (MUG, StockChange::By(i64::MIN), below(i64::MIN).into()),
        (MUG, StockChange::By(i64::MAX), InventoryError::TooMuch.into()),
        (MUG, StockChange::SetAvailable(u64::MAX), InventoryError::TooMuch.into()),
    ] {
        let mut shop = with_order(OrderStatus::Pending);
        let command = ReceiveOrAdjustStock { product_id, change, reason: None };
        assert_eq!(shop.decide(|it| receive_or_adjust_stock(it, &command)), Err(error));
    }
}

#[test]
fn a_cart_is_filled_at_the_catalogs_price_up_to_the_stock() {
    let mut shop = shop().cold();
    let add = |quantity| AddItem { user_id: ANN, product_id: MUG, quantity, at: time(0) };
    shop.decide(|it| add_item(it, &add(4))).unwrap();
    assert_eq!(shop.rounds(), 1);
    shop.decide(|it| add_item(it, &add(6))).unwrap();
    let line = shop.get::<Cart>(ANN).lines[0].clone();
    assert_eq!((line.quantity, line.unit_price), (10, usd(9_999)));
    for (quantity, left) in [(3, Some(3)), (10, Some(10)), (0, None)] {
        let set = SetItemQuantity { user_id: ANN, product_id: MUG, quantity };
        shop.decide(|it| set_item_quantity(it, &set)).unwrap();
        assert_eq!(shop.get::<Cart>(ANN).line(MUG).map(|line| line.quantity), left);
    }
}

#[test]
fn what_may_not_be_in_a_cart_is_refused() {
    let short =
        |available, requested| CartItemError::InsufficientStock { product_id: POT, available, requested };
    let other = CartError::OtherCurrency { cart: usd(0).currency, product: "EUR".parse().unwrap() };
    for (product_id, quantity, error) in [
        (NOWHERE, 1, CartItemError::UnknownProduct { product_id: NOWHERE }),
        (JAR, 1, CartItemError::UnknownProduct { product_id: JAR }),
        (POT, 0, CartError::ZeroQuantity.into()),
        (POT, 1_000, CartError::TooMany.into()),
        (POT, 4, short(5, 6)),
        (TEA, 1, other.into()),
    ] {
        let mut shop = shop().given::<Cart>(ANN, vec![put_in(POT, 2)]);
        let add = AddItem { user_id: ANN, product_id, quantity, at: time(0) };
        assert_eq!(shop.decide(|it| add_item(it, &add)), Err(error));
        assert_eq!(shop.get::<Cart>(ANN).lines.len(), 1);
    }
    for (product_id, quantity, error) in [
        (MUG, 1, CartError::NotInCart { product_id: MUG }.into()),
        (POT, 1_000, CartError::TooMany.into()),
        (POT, 6, short(5, 6)),
    ] {
        let mut shop = shop().given::<Cart>(ANN, vec![put_in(POT, 2)]);
        let set = SetItemQuantity { user_id: ANN, product_id, quantity };
        assert_eq!(shop.decide(|it| set_item_quantity(it, &set)), Err(error));
    }
}

#[test]
fn what_is_reserved_is_not_for_the_cart() {
    let mut shop = with_order(OrderStatus::Pending);
    let add = AddItem { user_id: ANN, product_id: MUG, quantity: 9, at: time(0) };
    let short = CartItemError::InsufficientStock { product_id: MUG, available: 8, requested: 9 };
    assert_eq!(shop.decide(|it| add_item(it, &add)), Err(short));
}
