//! Registering, logging in, and what a token is worth.

use api_contract::{Code, Role};
use command_api::accounts::{NewAccount, create_user};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, App, Database, Options};

const PASSWORD: &str = "securePassword123";

async fn register(app: &App, email: &str) -> Answer {
    app.post("/api/v1/auth/register", &json!({ "email": email, "password": PASSWORD, "name": "Jane Roe" }))
        .await
}

async fn login(app: &App, identifier: &str, password: &str) -> Answer {
    app.post("/api/v1/auth/login", &json!({ "usernameOrEmail": identifier, "password": password })).await
}

async fn create(app: &App, email: &str, role: Role) -> Value {
    let new =
        NewAccount { email: email.into(), password: PASSWORD.into(), role, name: Some("Roe & Sons".into()) };
    create_user(&app.database.pool, &app.auth.passwords, new).await.unwrap();
    login(app, email, PASSWORD).await.json()
}

#[tokio::test]
async fn registering_logs_in() {
    let app = App::start().await;
    let answer = register(&app, "Jane@Example.com").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let body = answer.json();
    let data = &body["data"];
    let claims = app.verifier.verify(data["accessToken"].as_str().unwrap()).await.unwrap();
    assert_eq!(claims.sub.to_string(), data["userId"].as_str().unwrap());
    assert_eq!((claims.roles, claims.shop, claims.exp - claims.iat), (vec![Role::Customer], None, 3_600));

    let refresh_token = data["refreshToken"].as_str().unwrap();
    let stored = sqlx::query_scalar::<_, String>("SELECT encode(token_hash, 'escape') FROM refresh_tokens")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_ne!(stored, refresh_token);

    let mut shown = answer.text.clone();
    for secret in [&data["userId"], &data["token"], &data["refreshToken"], &body["timestamp"]] {
        shown = shown.replace(secret.as_str().unwrap(), "[…]");
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn the_printed_requests_are_accepted_under_both_bases() {
    let app = App::start().await;
    for (path, body) in [
        (
            "/api/v1/auth/register",
            r#"{"full_name": "John Doe", "email": "john@example.com", "password": "securePassword123"}"#,
        ),
        (
            "/api/v1/auth/register",
            r#"{"username": "john_doe", "email": "john.doe@example.com", "mobile": "9876543210",
                "password": "John@123$", "confirm_password": "John@123$"}"#,
        ),
        (
            "/api/auth/register",
            r#"{"email": "s3@example.com", "password": "SecurePass123!", "name": "Jane Roe"}"#,
        ),
        (
            "/api/v1/auth/register",
            r#"{"email": "user@example.com", "password": "SecurePass123!", "firstName": "John",
                "lastName": "Doe", "phoneNumber": "+1234567890"}"#,
        ),
    ] {
        let answer = app.send(Method::POST, path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }
    for (body, good) in [
        (r#"{"email": "john@example.com", "password": "securePassword123"}"#, true),
        (r#"{"username_or_email": "JOHN_DOE", "password": "John@123$"}"#, true),
        (r#"{"username_or_email": "john.doe@example.com", "password": "John@123$"}"#, true),
        (r#"{"email": "john@example.com", "password": "SecurePassword123"}"#, false),
    ] {
        let answer = app.send(Method::POST, "/api/v1/auth/login", body).await;
        assert_eq!(answer.status == StatusCode::OK, good, "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_address_is_registered_once_whatever_its_case_and_whoever_races() {
    let app = App::start().await;
    let all = join_all((0..12).map(|n| {
        let email = if n % 2 == 0 { "race@example.com" } else { "RACE@example.com" };
        register(&app, email)
    }))
    .await;
    let created = all.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    let refused = all
        .iter()
        .filter(|answer| answer.status == StatusCode::CONFLICT && answer.code() == "ALREADY_EXISTS");
    assert_eq!((created, refused.count()), (1, 11));
}

#[tokio::test]
async fn five_failures_lock_what_was_typed_whether_it_exists_or_not() {
    let app = App::start().await;
    register(&app, "jane@example.com").await;
    let mut answers = Vec::new();
    for identifier in ["jane@example.com", "nobody@example.com"] {
        let mut seen = Vec::new();
        for attempt in 0..5 {
            let typed = if attempt % 2 == 0 { identifier.to_owned() } else { identifier.to_uppercase() };
            let answer = login(&app, &typed, "wrongPassword1").await;
            seen.push((answer.status, answer.code(), answer.json()["errors"].clone()));
        }
        // The right password meets the lock too.
        let locked = login(&app, identifier, PASSWORD).await;
        let left = locked.json()["retryAfter"].as_i64().unwrap();
        assert!((890..=900).contains(&left), "{left}");
        assert_eq!(locked.headers["retry-after"], left.to_string());
        seen.push((locked.status, locked.code(), Value::Null));
        answers.push(seen);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0][..5].iter().all(|(status, code, _)| *status == 401 && code == "UNAUTHORIZED"));
    assert_eq!((answers[0][5].0.as_u16(), answers[0][5].1.as_str()), (423, "ACCOUNT_LOCKED"));

    // When the time is over, one more failure is the first again, and the right password is right.
    sqlx::query("UPDATE login_failures SET failed_at = failed_at - interval '15 minutes'")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(login(&app, "jane@example.com", "wrongPassword1").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&app, "jane@example.com", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn many_logins_at_once_lock_nobody_out() {
    let app = App::start().await;
    register(&app, "jane@example.com").await;
    for answer in join_all((0..16).map(|_| login(&app, "jane@example.com", PASSWORD))).await {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
}

#[tokio::test]
async fn guesses_made_at_once_count_too() {
    let app = App::start().await;
    register(&app, "jane@example.com").await;
    let guesses = join_all((0..30).map(|_| login(&app, "jane@example.com", "wrongPassword1"))).await;
    let told = guesses.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED).count();
    assert_eq!(told, 5, "five learn that they are wrong, the others that it is locked");
    assert_eq!(login(&app, "jane@example.com", PASSWORD).await.status, StatusCode::LOCKED);
}

#[tokio::test]
async fn a_lock_that_falls_while_guesses_are_compared_answers_right_and_wrong_alike() {
    let app = App::start_with(Options { process_managers: false, ..Options::default() }).await;
    let jane = "jane@example.com";
    register(&app, jane).await;
    for _ in 0..4 {
        login(&app, jane, "wrongPassword1").await;
    }
    // All are compared, and wait to be counted.
    let mut held = app.database.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM login_failures FOR UPDATE").execute(&mut *held).await.unwrap();
    let wrong = join_all((0..3).map(|_| login(&app, jane, "wrongPassword1")));
    let right = async {
        app.database.until_waiting(3).await;
        login(&app, jane, PASSWORD).await
    };
    let release = async {
        app.database.until_waiting(4).await;
        held.commit().await.unwrap();
    };
    let (wrong, right, ()) = tokio::join!(wrong, right, release);
    let mut statuses: Vec<u16> = wrong.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!((statuses, right.status.as_u16()), (vec![401, 423, 423], 423), "one was the fifth");
    let locked = wrong.iter().find(|answer| answer.status == StatusCode::LOCKED).unwrap();
    assert_eq!((locked.code(), right.code()), ("ACCOUNT_LOCKED".to_owned(), "ACCOUNT_LOCKED".to_owned()));
    assert_eq!(locked.json()["message"], right.json()["message"]);
}

#[tokio::test]
async fn whatever_finds_one_account_is_counted_as_one() {
    let app = App::start().await;
    register(&app, "istanbul@example.com").await;
    let spellings = ["istanbul@example.com", "İstanbul@example.com", "ISTANBUL@EXAMPLE.COM"];
    for typed in spellings {
        assert_eq!(login(&app, typed, PASSWORD).await.status, StatusCode::OK, "{typed}");
    }
    for round in 0..5 {
        let typed = spellings[round % spellings.len()];
        assert_eq!(login(&app, typed, "wrongPassword1").await.status, StatusCode::UNAUTHORIZED, "{typed}");
    }
    for typed in spellings {
        assert_eq!(login(&app, typed, PASSWORD).await.status, StatusCode::LOCKED, "{typed}");
    }
}

#[tokio::test]
async fn bad_bodies_are_refused_with_everything_that_is_wrong() {
    let app = App::start().await;
    let huge = format!("{{\"email\": \"{}\"}}", "x".repeat(10_000_000));
    for (body, status, code) in [
        ("{", 400, "INVALID_FORMAT"),
        ("[]", 400, "INVALID_FORMAT"),
        ("{}", 400, "REQUIRED_FIELD"),
        (r#"{"email": 7, "password": "securePassword123"}"#, 400, "INVALID_FORMAT"),
        (r#"{"email": "a@b.example", "password": "secure\u0000Password123"}"#, 400, "VALIDATION_ERROR"),
        (
            r#"{"email": "a@b.example", "password": "securePassword123", "x": {"y": ["\u0000"]}}"#,
            400,
            "VALIDATION_ERROR",
        ),
        (&huge, 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let answer = app.send(Method::POST, "/api/v1/auth/register", body.to_owned()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{}",
            &body[..body.len().min(80)]
        );
    }
    let body = json!({ "email": "x", "username": "short", "password": "abc", "confirmPassword": "abd", "mobile": "1" });
    let answer = app.post("/api/v1/auth/register", &body).await;
    insta::assert_json_snapshot!(answer.json()["errors"]);
    let users = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM users")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(users, 0);
}

#[tokio::test]
async fn people_made_by_the_operator_have_their_role_and_a_seller_a_shop() {
    let app = App::start().await;
    for role in Role::ALL {
        let answer = create(&app, &format!("{}@example.com", role.name()), role).await;
        let claims = app.verifier.verify(answer["data"]["token"].as_str().unwrap()).await.unwrap();
        assert_eq!(
            (claims.roles.as_slice(), claims.shop.is_some()),
            ([role].as_slice(), role == Role::Seller)
        );
        let profile = identity::users::profile(&app.database.pool, claims.sub).await.unwrap().unwrap();
        assert_eq!((profile.first_name.as_str(), profile.last_name.as_str()), ("Roe", "& Sons"));
        assert_eq!(profile.shop, claims.shop);
    }
}

#[tokio::test]
async fn the_published_keys_verify_and_other_instances_tokens_are_foreign() {
    let (ours, theirs) = (App::start().await, App::start().await);
    let keys = ours.get("/.well-known/jwks.json").await.json();
    let [key] = keys["keys"].as_array().unwrap().as_slice() else { panic!("one key: {keys}") };
    assert_eq!(
        (key["kty"].as_str(), key["crv"].as_str(), key["alg"].as_str()),
        (Some("OKP"), Some("Ed25519"), Some("EdDSA"))
    );
    assert!(key.get("d").is_none());

    let foreign = register(&theirs, "jane@example.com").await.json();
    let refused = ours.verifier.verify(foreign["data"]["token"].as_str().unwrap()).await.unwrap_err();
    assert_eq!(refused.violations()[0].code, Code::InvalidToken);
}

#[tokio::test]
async fn an_outside_customer_is_one_person_whoever_asks_first() {
    let database = Database::new().await;
    let ask = |id: &'static str| identity::personal::external_customer(&database.pool, "online-retail", id);
    let all = join_all((0..20).map(|_| ask("17850"))).await;
    let first = *all[0].as_ref().unwrap();
    assert!(all.iter().all(|id| *id.as_ref().unwrap() == first));
    assert_ne!(ask("13047").await.unwrap(), first);
}

#[tokio::test]
async fn the_applications_role_can_add_a_key_but_change_none() {
    let database = Database::new().await;
    for statement in
        ["UPDATE signing_keys SET public_key = ''", "DELETE FROM signing_keys", "DROP TABLE users"]
    {
        let error = sqlx::query(statement).execute(&database.pool).await.unwrap_err();
        let code = error.as_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "42501", "{statement}");
    }
}
