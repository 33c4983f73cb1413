use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::Money;
use crate::ids::SellerId;

fn details() -> Box<ProductDetails> {
    Box::new(ProductDetails {
        slug: "mug".into(),
        ..ProductDetails::plain(
            SellerId(Uuid::from_u128(1)),
            "MUG-1".into(),
            "Mug".into(),
            Money::new(999, "USD".parse().unwrap()),
        )
    })
}

fn with(change: impl FnOnce(&mut ProductDetails)) -> Box<ProductDetails> {
    let mut details = details();
    change(&mut details);
    details
}

#[test]
fn what_is_accepted() {
    let renamed = with(|it| it.name = "Cup".into());
    for (given, when, then) in [
        (vec![], ProductCommand::Create(details()), vec![ProductEvent::ProductCreated(details())]),
        (
            vec![ProductEvent::ProductCreated(details())],
            ProductCommand::Revise(renamed.clone()),
            vec![ProductEvent::ProductRevised(renamed)],
        ),
        (vec![ProductEvent::ProductCreated(details())], ProductCommand::Revise(details()), vec![]),
        (
            vec![ProductEvent::ProductCreated(details())],
            ProductCommand::Withdraw,
            vec![ProductEvent::ProductWithdrawn {}],
        ),
    ] {
        TestFramework::<Product>::with(()).given(given).when(when).then_expect_events(then);
    }
}

#[test]
fn what_is_refused() {
    let created = || vec![ProductEvent::ProductCreated(details())];
    let withdrawn = || vec![ProductEvent::ProductCreated(details()), ProductEvent::ProductWithdrawn {}];
    let euro = Money::new(1, "EUR".parse().unwrap());
    let minus = Money::new(-1, "USD".parse().unwrap());
    let create = |change: &dyn Fn(&mut ProductDetails)| ProductCommand::Create(with(change));
    for (given, when, then) in [
        (created(), ProductCommand::Create(details()), ProductError::AlreadyExists),
        (withdrawn(), ProductCommand::Create(details()), ProductError::AlreadyExists),
        (vec![], ProductCommand::Revise(details()), ProductError::NotFound),
        (withdrawn(), ProductCommand::Revise(details()), ProductError::NotFound),
        (vec![], ProductCommand::Withdraw, ProductError::NotFound),
        (withdrawn(), ProductCommand::Withdraw, ProductError::NotFound),
        (
            created(),
            ProductCommand::Revise(with(|it| it.seller_id = SellerId(Uuid::from_u128(2)))),
            ProductError::OtherSeller,
        ),
        (created(), ProductCommand::Revise(with(|it| it.price = minus)), ProductError::NegativePrice),
        (vec![], create(&|it| it.sku = String::new()), ProductError::Missing { field: "sku" }),
        (vec![], create(&|it| it.slug = " ".into()), ProductError::Missing { field: "slug" }),
        (vec![], create(&|it| it.name = "\t".into()), ProductError::Missing { field: "name" }),
        (vec![], create(&|it| it.price = minus), ProductError::NegativePrice),
        (vec![], create(&|it| it.compare_at_price = Some(minus)), ProductError::NegativePrice),
        (vec![], create(&|it| it.compare_at_price = Some(euro)), ProductError::TwoCurrencies),
    ] {
        TestFramework::<Product>::with(()).given(given).when(when).then_expect_error(then);
    }
}
