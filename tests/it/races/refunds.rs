//! Refunds of one payment at the same moment: never more goes back than was captured.

use api_contract::Role;
use futures::future::join_all;
use serde_json::json;

use super::ROUNDS;
use crate::harness::App;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_at_the_same_moment_never_exceed_the_capture() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let (buyer, admin) = (app.person(Role::Customer).await, app.person(Role::Admin).await);
    let product = seller.product("10.00", ROUNDS as u64).await;
    for _ in 0..ROUNDS {
        let order = buyer.order(&[(&product, 1)]).await.json();
        assert_eq!(buyer.pay(&order, "tok_visa").await.status, 200);
        let payment = order["data"]["payment"]["id"].as_str().unwrap();
        let path = format!("/payments/{payment}/refund");
        // 10.50 were captured: of four times 4.00 two fit, and the whole fits only before them.
        let bodies = [
            json!({ "amount": "4.00" }),
            json!({ "amount": "4.00" }),
            json!({ "amount": "4.00" }),
            json!({}),
        ];
        let answers = join_all(bodies.iter().map(|body| admin.post(&path, body))).await;
        for answer in &answers {
            assert!(answer.status == 200 || answer.status == 409, "{}", answer.text);
        }
        let (back, captured): (i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(r.amount), 0)::bigint, min(c.amount) FROM simulator_charges c
             LEFT JOIN simulator_refunds r ON r.charge_id = c.id WHERE c.key = $1",
        )
        .bind(format!("{payment}:1"))
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
        assert_eq!(captured, 1_050);
        assert!(back <= captured, "{back} of {captured} went back");
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(done >= 1 && (done < 3 || back == captured), "{answers:?}");
    }
}
