//! The outbox: what is in it is sent, by a mail server and an SMS endpoint that speak the real protocols.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use command_api::environment::Environment;
use command_api::messages::{MessageConfig, Senders};
use command_api::process_managers::messages::Messages;
use identity::messages;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::harness::{App, Options};

/// What was received, in order.
type Received<T> = Arc<Mutex<Vec<T>>>;

/// A mail server (RFC 5321) that takes everything but a recipient that begins with a status: that it answers.
async fn mail_server(received: Received<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(converse(connection, Arc::clone(&received)));
        }
    });
    url
}

async fn converse(connection: TcpStream, received: Received<String>) -> Option<()> {
    let (read, mut write) = connection.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test ESMTP\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let refused = line.strip_prefix("RCPT TO:<").and_then(|to| to.get(..3));
        let answer = match (command.as_str(), refused) {
            ("RCPT", Some(status)) if status.parse::<u16>().is_ok() => format!("{status} no\r\n"),
            ("DATA", _) => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                    mail.push_str(&line);
                    mail.push('\n');
                }
                received.lock().unwrap().push(mail);
                "250 taken\r\n".to_owned()
            }
            ("QUIT", _) => "221 bye\r\n".to_owned(),
            _ => "250 ok\r\n".to_owned(),
        };
        write.write_all(answer.as_bytes()).await.ok()?;
    }
    Some(())
}

/// What phones received, by idempotency key, and whether it failed already.
type Phones = (Received<(String, Value)>, Arc<Mutex<bool>>);

/// An SMS endpoint that fails once and then takes everything.
async fn sms_endpoint(received: Received<(String, Value)>) -> String {
    async fn take(
        State((received, failed)): State<Phones>,
        headers: HeaderMap,
        Json(body): Json<Value>,
    ) -> StatusCode {
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        received.lock().unwrap().push((key, body));
        let first = !std::mem::replace(&mut *failed.lock().unwrap(), true);
        if first { StatusCode::BAD_GATEWAY } else { StatusCode::ACCEPTED }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    let router = Router::new().route("/send", post(take)).with_state((received, Arc::default()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Sends what is in the outbox, as a process of its own would.
fn send_from(pool: &PgPool, smtp: Option<String>, sms: Option<String>) -> CancellationToken {
    let environment = Environment::from_fn(move |name| match name {
        "DAYBOOK_SMTP_URL" => smtp.clone(),
        "DAYBOOK_SMS_URL" => sms.clone(),
        _ => None,
    });
    let senders = Senders::new(&MessageConfig::from(&environment).unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(Messages { pool: pool.clone(), senders }.run(stop.clone()));
    stop
}

async fn register(app: &App, email: &str, mobile: Option<&str>) {
    let body =
        json!({ "email": email, "password": "securePassword123", "name": "Jane Roe", "mobile": mobile });
    let answer = app.post("/api/v1/auth/register", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
}

/// The statuses of all messages, the oldest first, once `done` finds them right.
async fn statuses(app: &App, done: impl Fn(&[String]) -> bool) -> Vec<String> {
    loop {
        let found = sqlx::query_scalar::<_, String>("SELECT status FROM messages ORDER BY id")
            .fetch_all(&app.database.pool)
            .await
            .unwrap();
        if done(&found) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn app() -> App {
    App::start_with(Options { process_managers: false, ..Options::default() }).await
}

#[tokio::test]
async fn a_code_goes_out_by_mail_and_nothing_of_it_is_kept() {
    let app = app().await;
    let received = Received::default();
    let server = mail_server(Arc::clone(&received)).await;
    let stop = send_from(&app.database.pool, Some(server), None);
    register(&app, "jane@example.com", None).await;
    statuses(&app, |found| found == ["sent"]).await;
    stop.cancel();
    let mails = received.lock().unwrap().clone();
    let [mail] = mails.as_slice() else { panic!("one mail: {mails:?}") };
    for line in ["To: jane@example.com", "Subject: Your verification code", "Hello,"] {
        assert!(mail.contains(line), "{line}: {mail}");
    }
    let (id, body) = sqlx::query_as::<_, (uuid::Uuid, Option<Value>)>("SELECT id, body FROM messages")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(body, None);
    assert!(mail.contains(&format!("Message-ID: <{id}@localhost>")), "{mail}");
}

#[tokio::test]
async fn an_sms_that_fails_is_sent_again_under_the_same_key() {
    let app = app().await;
    let received = Received::default();
    let endpoint = sms_endpoint(Arc::clone(&received)).await;
    let stop = send_from(&app.database.pool, None, Some(endpoint));
    register(&app, "jane@example.com", Some("+1 555 0100")).await;
    let failed = "SELECT count(*) FROM messages WHERE error IS NOT NULL";
    while sqlx::query_scalar::<_, i64>(failed).fetch_one(&app.database.pool).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Its time has come.
    sqlx::query("UPDATE messages SET next_attempt_at = now()").execute(&app.database.pool).await.unwrap();
    // The mail stays: there is no server for it.
    statuses(&app, |found| found.iter().any(|status| status == "sent")).await;
    stop.cancel();
    let tries = received.lock().unwrap().clone();
    assert_eq!(tries.len(), 2);
    assert_eq!(tries[0], tries[1]);
    assert_eq!(tries[0].1["to"], "+1 555 0100");
    assert!(tries[0].1["message"].as_str().unwrap().contains("is your verification code"));
    let waiting = messages::unsent(&app.database.pool).await.unwrap();
    assert_eq!(waiting.iter().map(|it| it.template.as_str()).collect::<Vec<_>>(), ["verify_email"]);
    assert_eq!(waiting[0].body["code"].as_str().unwrap().len(), 6);
}

#[tokio::test]
async fn what_a_server_refuses_for_good_is_given_up_and_what_it_refuses_for_now_is_kept() {
    let app = app().await;
    let received = Received::default();
    let server = mail_server(Arc::clone(&received)).await;
    register(&app, "550@example.com", None).await;
    register(&app, "451@example.com", None).await;
    register(&app, "jane@example.com", None).await;
    let stop = send_from(&app.database.pool, Some(server), None);
    statuses(&app, |found| found == ["failed", "queued", "sent"]).await;
    stop.cancel();
    let waiting = messages::unsent(&app.database.pool).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].attempts), (1, 1));
    assert!(waiting[0].error.is_some());
}

#[tokio::test]
async fn of_two_processes_one_sends() {
    let app = app().await;
    let received = Received::default();
    let server = mail_server(Arc::clone(&received)).await;
    let pool = &app.database.pool;
    let stops = [send_from(pool, Some(server.clone()), None), send_from(pool, Some(server), None)];
    for n in 0..4 {
        register(&app, &format!("jane{n}@example.com"), None).await;
    }
    statuses(&app, |found| found.iter().all(|status| status == "sent") && found.len() == 4).await;
    stops.iter().for_each(CancellationToken::cancel);
    assert_eq!(received.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_code_that_is_worthless_is_not_sent() {
    let app = app().await;
    register(&app, "jane@example.com", None).await;
    sqlx::query("UPDATE messages SET expires_at = now()").execute(&app.database.pool).await.unwrap();
    let stop = send_from(&app.database.pool, None, None);
    statuses(&app, |found| found == ["expired"]).await;
    stop.cancel();
    assert!(messages::unsent(&app.database.pool).await.unwrap().is_empty());
}
