//! One refresh token, sent twice at once: one is answered, and the session ends, for nobody can tell a copy from its
//! holder's second try.

use api_contract::Role;
use serde_json::json;

use super::ROUNDS;
use crate::harness::{Answer, App};

async fn refresh(app: &App, token: &str) -> Answer {
    app.post("/api/v1/auth/refresh", &json!({ "refreshToken": token })).await
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_by_one_and_ends_its_session() {
    let app = App::start().await;
    for round in 0..ROUNDS {
        let jane = app.person(Role::Customer).await;
        let pool = &app.database.pool;
        let session = app.auth.tokens.start_session(pool, &jane.account).await.unwrap();
        let token = session.refresh_token.as_str();
        let (one, other) = tokio::join!(refresh(&app, token), refresh(&app, token));
        let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!((won.status.as_u16(), lost.status.as_u16()), (200, 401), "round {round}");
        let next = won.json()["data"]["refreshToken"].as_str().unwrap().to_owned();
        assert_eq!(refresh(&app, &next).await.status, 401, "round {round}");
        let usable = sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM refresh_tokens WHERE user_id = $1 AND used_at IS NULL AND revoked_at IS NULL",
        );
        // The one of the person's own login.
        assert_eq!(usable.bind(jane.id.0).fetch_one(pool).await.unwrap(), 1, "round {round}");
    }
}

#[tokio::test]
async fn a_copy_that_comes_while_its_successor_is_exchanged_leaves_no_token_behind() {
    let app = App::start().await;
    for round in 0..ROUNDS {
        let jane = app.person(Role::Customer).await;
        let pool = &app.database.pool;
        let session = app.auth.tokens.start_session(pool, &jane.account).await.unwrap();
        let first = session.refresh_token;
        let second = refresh(&app, &first).await.json()["data"]["refreshToken"].as_str().unwrap().to_owned();
        let (copy, next) = tokio::join!(refresh(&app, &first), refresh(&app, &second));
        assert_eq!(copy.status, 401);
        if next.status == 200 {
            let third = next.json()["data"]["refreshToken"].as_str().unwrap().to_owned();
            assert_eq!(refresh(&app, &third).await.status, 401, "round {round}");
        }
    }
}
