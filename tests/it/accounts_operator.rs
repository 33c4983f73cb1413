//! What an operator does with accounts, by the binary itself.

use std::process::Output;

use api_contract::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Place};

const PASSWORD: &str = "securePassword123";

struct Operator<'a> {
    app: &'a App,
    place: Place,
}

impl Operator<'_> {
    async fn run(&self, arguments: &[&str]) -> Output {
        self.place.output(arguments).await
    }

    async fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn login(&self) -> Answer {
        self.app
            .post("/api/v1/auth/login", &json!({ "email": "ann@example.com", "password": PASSWORD }))
            .await
    }

    async fn roles(&self) -> Vec<Role> {
        let answer = self.login().await.json();
        let token = answer["data"]["accessToken"].as_str().unwrap();
        self.app.verifier.verify(token).await.unwrap().roles
    }
}

#[tokio::test]
async fn an_operator_makes_promotes_locks_and_erases_people() {
    let app = App::start().await;
    let home = tempfile::tempdir().unwrap();
    let place = Place::new("up", &app.database, home.path());
    let operator = Operator { app: &app, place };
    let create =
        ["user", "create", "--email", "ann@example.com", "--password", PASSWORD, "--role", "customer"];
    operator.done(&create).await;
    assert_eq!(operator.roles().await, [Role::Customer]);

    operator.done(&["user", "grant", "ANN@example.com", "seller"]).await;
    operator.done(&["user", "grant", "ann@example.com", "seller"]).await;
    assert_eq!(operator.roles().await, [Role::Customer, Role::Seller]);
    let shop = operator.login().await.json()["data"]["accessToken"].as_str().unwrap().to_owned();
    assert!(app.verifier.verify(&shop).await.unwrap().shop.is_some());
    operator.done(&["user", "revoke", "ann@example.com", "seller"]).await;
    assert_eq!(operator.roles().await, [Role::Customer]);
    let last = operator.run(&["user", "revoke", "ann@example.com", "customer"]).await;
    assert!(!last.status.success() && String::from_utf8_lossy(&last.stderr).contains("last role"));

    let session = operator.login().await.json()["data"]["refreshToken"].clone();
    operator.done(&["user", "lock", "ann@example.com"]).await;
    let locked = operator.login().await;
    assert_eq!((locked.status, locked.code().as_str()), (StatusCode::LOCKED, "ACCOUNT_LOCKED"));
    let refreshed = app.post("/api/v1/auth/refresh", &json!({ "refreshToken": session })).await;
    assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED);
    let wrong = json!({ "email": "ann@example.com", "password": "wrongPassword1" });
    assert_eq!(app.post("/api/v1/auth/login", &wrong).await.status, StatusCode::UNAUTHORIZED);
    operator.done(&["user", "unlock", "ann@example.com"]).await;
    assert_eq!(operator.login().await.status, StatusCode::OK);

    operator.done(&["user", "erase", "ann@example.com"]).await;
    assert_eq!(operator.login().await.status, StatusCode::UNAUTHORIZED);
    let nobody = operator.run(&["user", "lock", "ann@example.com"]).await;
    assert!(!nobody.status.success() && String::from_utf8_lossy(&nobody.stderr).contains("ann@example.com"));
}

#[tokio::test]
async fn the_outbox_shows_the_code_that_finishes_a_registration() {
    let app = App::start().await;
    let home = tempfile::tempdir().unwrap();
    let operator = Operator { app: &app, place: Place::new("up", &app.database, home.path()) };
    assert_eq!(operator.done(&["outbox"]).await, "the outbox is empty\n");
    let body = json!({ "email": "ann@example.com", "password": PASSWORD });
    let session = app.post("/api/v1/auth/register", &body).await.json()["data"]["token"].clone();
    let shown: Value = serde_json::from_str(&operator.done(&["outbox", "--json"]).await).unwrap();
    let code = &shown[0]["body"]["code"];
    assert!(operator.done(&["outbox"]).await.contains(code.as_str().unwrap()));
    let verify = app.request(reqwest::Method::POST, "/api/v1/auth/verify-email");
    let verify = verify.bearer_auth(session.as_str().unwrap()).json(&json!({ "code": code }));
    assert_eq!(Answer::of(verify).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_command_about_people_explains_itself_with_an_example() {
    let app = App::start().await;
    let home = tempfile::tempdir().unwrap();
    let operator = Operator { app: &app, place: Place::new("up", &app.database, home.path()) };
    for action in ["create", "grant", "revoke", "lock", "unlock", "erase"] {
        let help = operator.done(&["user", action, "--help"]).await;
        assert!(help.contains(&format!("Example: daybook user {action} ")), "{help}");
    }
    assert!(operator.done(&["outbox", "--help"]).await.contains("Example: daybook outbox"));
}
