//! The same e-mail address, registered by two at once.

use futures::future::join_all;
use serde_json::json;

use super::ROUNDS;
use crate::harness::App;

#[tokio::test]
async fn an_address_is_registered_once() {
    let app = App::start().await;
    for round in 0..ROUNDS {
        let emails = [format!("jane{round}@example.com"), format!("Jane{round}@Example.com")];
        let register = |email| {
            let body = json!({ "email": email, "password": "securePassword123" });
            let app = &app;
            async move { app.post("/api/v1/auth/register", &body).await.status.as_u16() }
        };
        let mut statuses = join_all(emails.map(register)).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "round {round}");
    }
    let users = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM users");
    assert_eq!(users.fetch_one(&app.database.pool).await.unwrap(), i64::try_from(ROUNDS).unwrap());
}
