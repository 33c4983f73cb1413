//! The customer has confirmed: the gateway's webhook and the client's own completion come at the same moment. One capture.

use api_contract::Role;
use futures::future::join_all;

use super::ROUNDS;
use crate::harness::{App, payment_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_and_the_client_s_own_completion_capture_once() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", ROUNDS as u64).await;
    for round in 0..ROUNDS {
        let order = buyer.order(&[(&product, 1)]).await.json();
        let body = payment_of(&order, "tok_threeDSecure2Required");
        let key = format!("pay-{round}");
        let waiting = buyer.post_once(&key, "/payments/process", &body).await;
        let url = waiting.json()["data"]["paymentUrl"].as_str().unwrap().to_owned();
        // The click sends the webhook; the client asks meanwhile, again and again, with its key.
        let asking = join_all((0..3).map(|_| buyer.post_once(&key, "/payments/process", &body)));
        let form = [("decision", "approve")];
        let (clicked, asked) = tokio::join!(app.submit(&url, &form), asking);
        assert_eq!(clicked.status, 303, "{}", clicked.text);
        assert!(asked.iter().all(|answer| answer.status == 200), "{asked:?}");
        let done = buyer.post_once(&key, "/payments/process", &body).await;
        assert_eq!(done.json()["data"]["status"], "succeeded", "{}", done.text);
        let events = app.events("payments", order["data"]["payment"]["id"].as_str().unwrap()).await;
        assert_eq!(events, ["PaymentOpened", "PaymentAttempted", "PaymentActionRequired", "PaymentCaptured"]);
    }
    let receipts = "SELECT count(*) FROM events
        JOIN personal ON purpose = 'receipt' AND personal.id = (payload #>> '{PaymentCaptured,receipt_id}')::uuid";
    let receipts: i64 = sqlx::query_scalar(receipts).fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(
        usize::try_from(receipts).unwrap(),
        ROUNDS,
        "each names the receipt that its own recorder kept"
    );
}
