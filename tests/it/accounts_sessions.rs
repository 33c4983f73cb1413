//! What becomes of a login: refreshed, ended, and what a changed or forgotten password does to it.

use std::time::Duration;

use identity::messages::{self, Message};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, App};

const PASSWORD: &str = "securePassword123";
const OTHER: &str = "NewPass456!";

/// A login, as it was answered.
struct Login {
    access: String,
    refresh: String,
}

impl Login {
    fn of(answer: &Answer) -> Self {
        let data = answer.json()["data"].clone();
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        Self { access: text("accessToken"), refresh: text("refreshToken") }
    }
}

async fn register(app: &App, email: &str) -> Login {
    let body = json!({ "email": email, "password": PASSWORD, "name": "Jane Roe", "mobile": "+1 555 0100" });
    let answer = app.post("/api/v1/auth/register", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    Login::of(&answer)
}

async fn login(app: &App, email: &str, password: &str) -> Answer {
    app.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn refresh(app: &App, token: &str) -> Answer {
    app.post("/api/v1/auth/refresh", &json!({ "refreshToken": token })).await
}

async fn send(app: &App, access: &str, path: &str, body: &Value) -> Answer {
    let request = app.request(Method::POST, &format!("/api/v1{path}")).bearer_auth(access);
    Answer::of(request.json(body)).await
}

/// The last message of a kind in the outbox; waits for the process manager that makes some of them.
async fn message(pool: &PgPool, template: &str) -> Message {
    loop {
        let waiting = messages::unsent(pool).await.unwrap();
        if let Some(found) = waiting.into_iter().rfind(|message| message.template == template) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn execute(app: &App, statement: &str) {
    sqlx::query(statement).execute(&app.database.pool).await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_once_and_with_the_roles_of_now() {
    let app = App::start().await;
    let first = register(&app, "jane@example.com").await;
    execute(&app, "UPDATE users SET roles = ARRAY['Customer', 'Auditor']").await;
    let second = refresh(&app, &first.refresh).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    assert_eq!(second.json()["data"]["tokenType"], "Bearer");
    assert_eq!(second.json()["data"]["user"]["roles"], json!(["Customer", "Auditor"]));
    let second = Login::of(&second);
    let (old, new) = (app.verifier.verify(&first.access).await, app.verifier.verify(&second.access).await);
    assert_eq!(old.unwrap().sid, new.unwrap().sid, "it is the same session");
    assert_eq!(refresh(&app, &second.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_ends_its_session_and_no_other() {
    let app = App::start().await;
    let first = register(&app, "jane@example.com").await;
    let elsewhere = Login::of(&login(&app, "jane@example.com", PASSWORD).await);
    let second = Login::of(&refresh(&app, &first.refresh).await);
    let again = refresh(&app, &first.refresh).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"));
    assert_eq!(refresh(&app, &second.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &elsewhere.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_token_that_is_late_or_nobodys_is_refused() {
    let app = App::start().await;
    let session = register(&app, "jane@example.com").await;
    execute(&app, "UPDATE refresh_tokens SET expires_at = now()").await;
    let late = refresh(&app, &session.refresh).await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::UNAUTHORIZED, "EXPIRED_TOKEN"));
    let made_up = refresh(&app, "tulip").await;
    assert_eq!((made_up.status, made_up.code().as_str()), (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"));
    assert_eq!(app.post("/api/v1/auth/refresh", &json!({})).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn logging_out_ends_the_session_that_is_named_or_else_the_callers_own() {
    let app = App::start().await;
    let one = register(&app, "jane@example.com").await;
    let two = Login::of(&login(&app, "jane@example.com", PASSWORD).await);
    let three = Login::of(&login(&app, "jane@example.com", PASSWORD).await);
    let stranger = register(&app, "joe@example.com").await;
    for body in [json!({ "refreshToken": two.refresh }), json!({ "refreshToken": stranger.refresh })] {
        let answer = send(&app, &one.access, "/auth/logout", &body).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""));
    }
    assert_eq!(refresh(&app, &two.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &stranger.refresh).await.status, StatusCode::OK, "somebody else's stays");
    assert_eq!(send(&app, &one.access, "/auth/logout", &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(refresh(&app, &one.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &three.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let app = App::start().await;
    let own = register(&app, "jane@example.com").await;
    let other = Login::of(&login(&app, "jane@example.com", PASSWORD).await);
    let body = json!({ "currentPassword": PASSWORD, "newPassword": OTHER, "confirmPassword": OTHER });
    let answer = send(&app, &own.access, "/users/change-password", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["message"], "Password changed successfully");
    assert_eq!(refresh(&app, &other.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &own.refresh).await.status, StatusCode::OK);
    assert_eq!(login(&app, "jane@example.com", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&app, "jane@example.com", OTHER).await.status, StatusCode::OK);
    assert_eq!(message(&app.database.pool, "password_changed").await.recipient, "jane@example.com");
}

#[tokio::test]
async fn a_new_password_keeps_the_rules_and_the_current_one_is_not_guessed() {
    let app = App::start().await;
    let own = register(&app, "jane@example.com").await;
    let body = json!({ "currentPassword": PASSWORD, "newPassword": "short", "confirmPassword": "other" });
    let answer = send(&app, &own.access, "/auth/change-password", &body).await;
    let json = answer.json();
    let fields: Vec<_> =
        json["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["newPassword", "newPassword", "newPassword", "confirmPassword"]);

    let wrong = json!({ "currentPassword": "wrongPassword1", "newPassword": OTHER });
    for _ in 0..5 {
        let answer = send(&app, &own.access, "/auth/change-password", &wrong).await;
        assert_eq!(answer.json()["errors"][0]["field"], "currentPassword");
    }
    let right = json!({ "currentPassword": PASSWORD, "newPassword": OTHER });
    assert_eq!(send(&app, &own.access, "/auth/change-password", &right).await.status, StatusCode::LOCKED);
    assert_eq!(login(&app, "jane@example.com", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_once_by_a_token_that_was_sent() {
    let app = App::start().await;
    let session = register(&app, "jane@example.com").await;
    let mut answers = Vec::new();
    for email in ["JANE@example.com", "nobody@example.com"] {
        let answer = app.post("/api/v1/users/forgot-password", &json!({ "email": email })).await;
        let mut body = answer.json();
        body["timestamp"] = Value::Null;
        answers.push((answer.status, body));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, StatusCode::OK);

    let sent = message(&app.database.pool, "reset_password").await;
    assert_eq!(sent.recipient, "jane@example.com");
    let token = sent.body["token"].as_str().unwrap();
    let stored = sqlx::query_scalar::<_, String>("SELECT encode(token_hash, 'escape') FROM password_resets")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert!(!stored.contains(token));

    let body = |token: &str, email: &str| json!({ "email": email, "token": token, "newPassword": "NewPass789!", "confirmPassword": "NewPass789!" });
    let path = "/api/v1/users/reset-password";
    for refused in [body("tulip", "jane@example.com"), body(token, "joe@example.com")] {
        let answer = app.post(path, &refused).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["field"]), (400, &json!("token")));
    }
    let weak = json!({ "token": token, "newPassword": "jane@Example.com1" });
    assert_eq!(app.post(path, &weak).await.status, StatusCode::OK, "it is not the address");
    assert_eq!(refresh(&app, &session.refresh).await.status, StatusCode::UNAUTHORIZED, "sessions end");
    let again = app.post(path, &body(token, "jane@example.com")).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "a token is good once");
    assert_eq!(login(&app, "jane@example.com", "jane@Example.com1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_reset_token_is_good_for_an_hour_and_opens_a_login_that_was_locked() {
    let app = App::start().await;
    register(&app, "jane@example.com").await;
    for _ in 0..5 {
        login(&app, "jane@example.com", "wrongPassword1").await;
    }
    assert_eq!(login(&app, "jane@example.com", PASSWORD).await.status, StatusCode::LOCKED);
    let ask = json!({ "email": "jane@example.com" });
    app.post("/api/v1/users/forgot-password", &ask).await;
    let token = message(&app.database.pool, "reset_password").await.body["token"].clone();
    let body = json!({ "token": token, "newPassword": OTHER });
    execute(&app, "UPDATE password_resets SET expires_at = expires_at - interval '1 hour'").await;
    assert_eq!(app.post("/api/v1/users/reset-password", &body).await.status, StatusCode::BAD_REQUEST);
    execute(&app, "UPDATE password_resets SET expires_at = expires_at + interval '1 hour'").await;
    assert_eq!(app.post("/api/v1/users/reset-password", &body).await.status, StatusCode::OK);
    assert_eq!(login(&app, "jane@example.com", OTHER).await.status, StatusCode::OK);
}

#[tokio::test]
async fn codes_show_that_address_and_phone_are_the_users() {
    let app = App::start().await;
    let session = register(&app, "jane@example.com").await;
    let pool = &app.database.pool;
    for (template, path, recipient, verified) in [
        ("verify_email", "/auth/verify-email", "jane@example.com", json!([true, false])),
        ("verify_mobile", "/auth/verify-mobile", "+1 555 0100", json!([true, true])),
    ] {
        let sent = message(pool, template).await;
        assert_eq!(sent.recipient, recipient);
        let answer = send(&app, &session.access, path, &json!({ "code": sent.body["code"] })).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let data = &answer.json()["data"];
        assert_eq!(json!([data["emailVerified"], data["phoneVerified"]]), verified);
        let again = send(&app, &session.access, path, &json!({ "code": sent.body["code"] })).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST, "a code is good once");
    }
    let resent = send(&app, &session.access, "/auth/resend-code", &json!({ "type": "email" })).await;
    assert_eq!(resent.status, StatusCode::CONFLICT);
    let plain = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM verification_codes WHERE code_hash NOT LIKE '$argon2id$%'",
    );
    assert_eq!(plain.fetch_one(pool).await.unwrap(), 0);
}

#[tokio::test]
async fn a_code_is_tried_five_times_and_another_makes_it_worthless() {
    let app = App::start().await;
    let session = register(&app, "jane@example.com").await;
    let pool = &app.database.pool;
    let code = message(pool, "verify_email").await.body["code"].clone();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for left in [4, 3, 2, 1, 0] {
        let answer = send(&app, &session.access, "/auth/verify-email", &json!({ "code": wrong })).await;
        assert!(answer.text.contains(&format!("Tries left: {left}")), "{}", answer.text);
    }
    let right = json!({ "code": code });
    assert_eq!(send(&app, &session.access, "/auth/verify-email", &right).await.status, 400);

    let resend = send(&app, &session.access, "/auth/resend-code", &json!({})).await;
    assert_eq!(resend.status, StatusCode::ACCEPTED, "{}", resend.text);
    let newer = message(pool, "verify_email").await.body["code"].clone();
    assert_eq!(
        send(&app, &session.access, "/auth/verify-email", &json!({ "code": newer })).await.status,
        200
    );
}

#[tokio::test]
async fn codes_are_not_sent_without_end() {
    let app = App::start().await;
    let session = register(&app, "jane@example.com").await;
    let ask = json!({ "channel": "mobile" });
    for _ in 0..4 {
        assert_eq!(send(&app, &session.access, "/auth/resend-code", &ask).await.status, StatusCode::ACCEPTED);
    }
    let refused = send(&app, &session.access, "/auth/resend-code", &ask).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED")
    );
    assert!(refused.json()["retryAfter"].as_i64().unwrap() > 3_500);
    execute(&app, "UPDATE verification_codes SET window_began_at = now() - interval '61 minutes'").await;
    assert_eq!(send(&app, &session.access, "/auth/resend-code", &ask).await.status, StatusCode::ACCEPTED);
}
