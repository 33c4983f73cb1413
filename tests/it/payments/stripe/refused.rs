//! What Stripe refuses for good is a decline: asking again would be answered the same.

use super::{Shop, pay, status};
use crate::payments::{ordered, payment_id};

#[tokio::test]
async fn an_amount_below_stripe_s_least_is_declined() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let product = seller.product("0.20", 5).await;
    let order = buyer.order(&[(&product, 1)]).await.json();
    let refused = pay(&buyer, &order, "tok_visa").await;
    assert_eq!(refused.status, 402, "{}", refused.text);
    assert!(refused.text.contains("amount_too_small"), "{}", refused.text);
    let events = shop.app.events("payments", payment_id(&order)).await;
    assert_eq!(events, ["PaymentOpened", "PaymentAttempted", "PaymentDeclined"]);
}

#[tokio::test]
async fn a_customer_may_leave_the_bank_s_page_as_often_as_they_like() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    for round in 0..40 {
        let token = ["tok_threeDSecure2Required", "pm_of_tok_threeDSecure2Required"][round % 2];
        let waiting = pay(&buyer, &order, token).await;
        assert_eq!(status(&waiting), (200, "requires_action".to_owned()), "round {round}: {}", waiting.text);
    }
    let paid = pay(&buyer, &order, "tok_visa").await;
    assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{}", paid.text);
    shop.stripe.customer_decides(true);
    assert_eq!(shop.stripe.charges(), [1]);
}
