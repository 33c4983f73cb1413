//! Reviews of products, and their ratings.

use domain::ids::{OrderId, ProductId, UserId};
use domain::public::PublicEvent;
use domain::review::Rating;
use uuid::Uuid;

use super::{ReviewList, ReviewPage, Reviews};
use crate::generation::Generation;
use crate::read_model::{ApplyError, ReadModel};
use crate::testing::{TestDatabase, happened_at, reviewed};

const MUG: ProductId = ProductId(Uuid::from_u128(1));
const POT: ProductId = ProductId(Uuid::from_u128(2));

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

/// What people said of products, one hour after the other.
fn history(said: &[(ProductId, u128, u8)]) -> Vec<PublicEvent> {
    let events = (1..).zip(said).map(|(position, (product, who, stars))| {
        let bought = (*who == 1).then_some(OrderId(Uuid::nil()));
        reviewed(*product, user(*who), *stars, bought, happened_at(position)).publish(position)
    });
    events.collect()
}

async fn fed(events: &[PublicEvent], size: usize) -> (TestDatabase, ReviewList) {
    let database = TestDatabase::new().await;
    for batch in events.chunks(size) {
        let mut tx = database.app.begin().await.unwrap();
        Reviews.apply(batch, Generation(1), &mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }
    let list = ReviewList::new(database.app.clone());
    (database, list)
}

#[tokio::test]
async fn a_products_reviews_are_added_up_however_the_batches_fall() {
    let events = history(&[(MUG, 1, 5), (POT, 1, 1), (MUG, 2, 4), (MUG, 3, 4), (POT, 3, 2)]);
    for size in [1, 2, 100] {
        let (_database, list) = fed(&events, size).await;
        let of = async |product, limit, offset| {
            let ReviewPage { rating, items } = list.of_product(product, limit, offset).await.unwrap().value;
            (rating, items.into_iter().map(|row| row.user_id.0.as_u128()).collect::<Vec<_>>())
        };
        let of_mug = Some(Rating { stars: 13, reviews: 3 });
        assert_eq!(of(MUG, 2, 0).await, (of_mug, vec![3, 2]), "the newest first");
        assert_eq!(of(MUG, 2, 2).await, (of_mug, vec![1]));
        assert_eq!(of(MUG, 2, 4).await, (of_mug, vec![]));
        assert_eq!(of(POT, 9, 0).await, (Some(Rating { stars: 3, reviews: 2 }), vec![3, 1]));
        assert_eq!(of(ProductId(Uuid::nil()), 9, 0).await, (None, vec![]));
    }
}

#[tokio::test]
async fn what_has_too_many_stars_is_not_taken() {
    let (database, _) = fed(&[], 1).await;
    let mut tx = database.app.begin().await.unwrap();
    let refused = Reviews.apply(&history(&[(MUG, 1, 6)]), Generation(1), &mut tx).await;
    assert!(matches!(refused, Err(ApplyError::BadEvent { position: 1, .. })), "{refused:?}");
}
