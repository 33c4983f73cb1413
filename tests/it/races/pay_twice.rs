//! A double click on pay: one charge.

use api_contract::Role;
use futures::future::join_all;

use super::ROUNDS;
use crate::harness::{App, Options, payment_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_on_pay_charges_once() {
    let app = App::start().await;
    let other = app.beside(Options::default()).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", ROUNDS as u64).await;
    for round in 0..ROUNDS {
        let order = buyer.order(&[(&product, 1)]).await.json();
        let body = payment_of(&order, "tok_visa");
        // With a key and without, at two processes.
        let at_other = buyer.at(&other);
        let clicks = [&buyer, &at_other, &buyer, &at_other].into_iter().enumerate().map(|(n, buyer)| {
            let (key, body) = (format!("pay-{round}"), &body);
            async move {
                if round % 2 == 0 || n < 2 {
                    buyer.post_once(&key, "/payments/process", body).await
                } else {
                    buyer.post("/payments/process", body).await
                }
            }
        });
        let answers = join_all(clicks).await;
        assert!(answers.iter().any(|answer| answer.status == 200), "{answers:?}");
        for answer in &answers {
            assert!(answer.status == 200 || answer.status == 409, "{}", answer.text);
        }
    }
    let charges: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT count(*), count(DISTINCT split_part(key, ':', 1)) FROM simulator_charges WHERE status = 'succeeded'",
    )
    .fetch_all(&app.database.pool)
    .await
    .unwrap();
    let rounds = i64::try_from(ROUNDS).unwrap();
    assert_eq!(charges, [(rounds, rounds)], "one charge for each payment");
}
