//! An order is cancelled while it is paid: it is paid, or its money is back; and nothing between.

use api_contract::Role;
use serde_json::json;

use super::ROUNDS;
use crate::harness::{App, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cancelled_while_it_is_paid_costs_nothing() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", ROUNDS as u64).await;
    let tokens = ["tok_visa", "tok_timeoutAfterCharge", "tok_webhookDelayed", "tok_threeDSecure2Required"];
    for round in 0..ROUNDS {
        let order = buyer.order(&[(&product, 1)]).await.json();
        let id = order["data"]["id"].as_str().unwrap();
        let cancel = format!("/orders/{id}/cancel");
        // Most of them plain: the odd ones take their time.
        let token = if round % 10 == 0 { tokens[round / 10 % tokens.len()] } else { tokens[0] };
        let nothing = json!({});
        let (paid, cancelled) = tokio::join!(buyer.pay(&order, token), buyer.post(&cancel, &nothing));
        assert_eq!(cancelled.status, 200, "{}", cancelled.text);
        assert!([200, 402, 409].contains(&paid.status.as_u16()), "{}", paid.text);
    }
    // Every order was cancelled, so whatever was charged is back, to the cent.
    let open = "SELECT count(*) FROM simulator_charges c WHERE status IN ('succeeded', 'processing')
                AND amount <> (SELECT coalesce(sum(amount), 0) FROM simulator_refunds WHERE charge_id = c.id)";
    until("all money is back", async || {
        sqlx::query_scalar::<_, i64>(open).fetch_one(&app.database.pool).await.unwrap() == 0
    })
    .await;
    let waiting: i64 =
        sqlx::query_scalar("SELECT count(*) FROM simulator_charges WHERE status = 'requires_action'")
            .fetch_one(&app.database.pool)
            .await
            .unwrap();
    assert_eq!(waiting, 0, "nobody is asked to confirm a payment of a cancelled order");
}
