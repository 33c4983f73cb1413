//! Coupons and what is left of them.

use domain::coupon::{CouponError, CouponEvent, Discount, Terms};
use domain::ids::{OrderId, UserId};
use domain::public::{PublicData, PublicEvent};
use domain::{Currency, Money};
use uuid::Uuid;

use super::{CouponList, Coupons};
use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::testing::{TestDatabase, happened_at};

const ANN: UserId = UserId(Uuid::from_u128(1));
const BOB: UserId = UserId(Uuid::from_u128(2));

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn created() -> CouponEvent {
    CouponEvent::CouponCreated(Terms {
        discount: Discount::Fixed { amount: 500 },
        currency: Some(usd()),
        minimum_subtotal: None,
        starts_at: None,
        ends_at: None,
        total_limit: Some(3),
        per_user_limit: Some(1),
    })
}

fn redeemed(user_id: UserId) -> CouponEvent {
    CouponEvent::CouponRedeemed { order_id: OrderId(Uuid::nil()), user_id, discount: Money::new(500, usd()) }
}

fn released(user_id: UserId) -> CouponEvent {
    CouponEvent::CouponReleased { order_id: OrderId(Uuid::nil()), user_id }
}

/// What happened to each coupon, one hour after the other.
fn history(happened: Vec<(&str, CouponEvent)>) -> Vec<PublicEvent> {
    let mut events: Vec<PublicEvent> = Vec::new();
    for (position, (code, event)) in (1..).zip(happened) {
        let before = events.iter().filter(|it| it.aggregate_id == code).count();
        events.push(PublicEvent {
            position,
            event_id: Uuid::now_v7(),
            aggregate_type: "coupons",
            aggregate_id: code.to_owned(),
            sequence: i64::try_from(before).unwrap() + 1,
            occurred_at: happened_at(position),
            recorded_at: happened_at(position),
            data: PublicData::Coupons(event.into()),
        });
    }
    events
}

#[tokio::test]
async fn uses_are_counted_by_coupon_and_user_however_the_batches_fall() {
    let events = history(vec![
        ("SAVE20", created()),
        ("OLD", created()),
        ("SAVE20", redeemed(ANN)),
        ("SAVE20", redeemed(BOB)),
        ("OLD", CouponEvent::CouponWithdrawn {}),
        ("SAVE20", released(ANN)),
        ("SAVE20", redeemed(ANN)),
        ("SAVE20", released(ANN)),
        ("NEW", created()),
    ]);
    for size in [1, 4, 100] {
        let database = TestDatabase::new().await;
        for batch in events.chunks(size) {
            let mut tx = database.app.begin().await.unwrap();
            Coupons.apply(batch, Generation(1), &mut tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        let coupons = CouponList::new(database.app.clone());
        let page = coupons.page(1, 0).await.unwrap().value;
        assert_eq!((page.total, page.items[0].code.as_str()), (2, "NEW"), "the newest, none withdrawn");
        let rest = coupons.page(10, 1).await.unwrap().value.items;
        assert_eq!(rest.len(), 1);
        assert_eq!((rest[0].redeemed, rest[0].version), (1, 6));

        let total = Money::new(900, usd());
        let code = "save20".parse().unwrap();
        let by_ann = coupons.met_by(&code, ANN).await.unwrap().value.unwrap().state(ANN);
        assert_eq!(by_ann.discount_on(total, ANN, happened_at(99)), Ok(500));
        let by_bob = coupons.met_by(&code, BOB).await.unwrap().value.unwrap().state(BOB);
        let refused = CouponError::UsedUpByUser { limit: 1 };
        assert_eq!(by_bob.discount_on(total, BOB, happened_at(99)), Err(refused));
        let old = coupons.met_by(&"OLD".parse().unwrap(), ANN).await.unwrap().value.unwrap().state(ANN);
        assert_eq!(old.discount_on(total, ANN, happened_at(99)), Err(CouponError::Unknown));
        assert_eq!(coupons.met_by(&"NOSUCH".parse().unwrap(), ANN).await.unwrap().value, None);
    }
}
