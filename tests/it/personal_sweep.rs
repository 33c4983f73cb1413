//! What is swept. Of `personal`, what an order names stays, what was refused goes, and who is erased is forgotten; of the
//! rest, what is too old to be of use.

use api_contract::Role;
use command_api::accounts;
use domain::ids::UserId;
use identity::personal::{self, KeepError, Keeper, Purpose, Rows};
use identity::standing;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::harness::{App, Options, address, order_of, payment_of};

async fn count(pool: &PgPool, what: &str) -> i64 {
    let statement = format!("SELECT count(*) FROM {what}");
    sqlx::query_scalar(&statement).fetch_one(pool).await.unwrap()
}

/// Waits until so many rows are there.
async fn until(pool: &PgPool, what: &str, rows: i64) {
    while count(pool, what).await != rows {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn make_old(pool: &PgPool) {
    let statement = "UPDATE personal_unnamed SET written_at = written_at - interval '25 hours'";
    sqlx::query(statement).execute(pool).await.unwrap();
}

#[tokio::test]
async fn rows_that_no_event_names_are_swept_when_they_are_old() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let seller = app.person(Role::Seller).await;
    let jane = app.person(Role::Customer).await;
    let product = seller.product("10.00", 1).await;
    until(pool, "personal_unnamed", 0).await;

    // The address, which is both, of an order that was placed, that of one that was refused, and an outside customer.
    assert_eq!(jane.order(&[(&product, 1)]).await.status, 201);
    assert_eq!(jane.order(&[(&product, 1)]).await.status, 409);
    personal::external_customer(pool, "shop", "17850").await.unwrap();
    until(pool, "personal_unnamed", 1).await;
    assert_eq!(count(pool, "personal").await, 3);

    make_old(pool).await;
    let beside = app.beside(Options::default()).await;
    app.stop().await;
    until(pool, "personal", 2).await;
    let order = jane.at(&beside).order(&[(&product, 1)]).await;
    assert_eq!(order.status, 409);
    assert_eq!(count(pool, "personal_unnamed").await, 1, "the new one is too young");
    beside.stop().await;
}

#[tokio::test]
async fn what_a_request_wrote_that_was_answered_once_before_is_swept() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let seller = app.person(Role::Seller).await;
    let jane = app.person(Role::Customer).await;
    let product = seller.product("10.00", 1).await;
    let order = order_of(&[(&product, 1)]);
    assert_eq!(jane.post_once("once", "/orders", &order).await.status, 201);
    until(pool, "personal_unnamed", 0).await;
    let named = count(pool, "personal").await;

    assert_eq!(jane.post_once("once", "/orders", &order).await.status, 201);
    let more = count(pool, "personal").await - named;
    assert!(more > 0, "rows are written before the decision");
    assert_eq!(count(pool, "personal_unnamed").await, more);
    make_old(pool).await;
    let beside = app.beside(Options::default()).await;
    app.stop().await;
    until(pool, "personal", named).await;
    assert_eq!(count(pool, "personal_unnamed").await, 0);
    beside.stop().await;
}

#[tokio::test]
async fn notices_messages_reset_tokens_and_failed_logins_are_swept_when_they_are_old() {
    let app = App::start_with(Options { process_managers: false, ..Options::default() }).await;
    let pool = &app.database.pool;
    let jane = app.person(Role::Customer).await;
    let rows = format!(
        "INSERT INTO gateway_notices (gateway, id, received_at)
         VALUES ('stripe', 'old', now() - interval '46 days'), ('stripe', 'young', now() - interval '44 days');
         INSERT INTO messages (id, user_id, channel, template, recipient, status, body, created_at)
         SELECT gen_random_uuid(), '{id}', 'email', 'verify_email', status, status,
                CASE WHEN status = 'queued' THEN '{{}}'::jsonb END, now() - age
         FROM unnest('{{queued,sent,failed,expired}}'::text[]) status,
              unnest('{{91 days,89 days}}'::interval[]) age;
         INSERT INTO password_resets (token_hash, user_id, created_at, expires_at)
         VALUES (sha256('old'), '{id}', now() - interval '1 hour', now()),
                (sha256('young'), '{id}', now() - interval '59 minutes', now() + interval '1 minute');
         INSERT INTO login_failures (identifier, failures, failed_at)
         VALUES (sha256('old'), 5, now() - interval '16 minutes'), (sha256('young'), 5, now())",
        id = jane.id
    );
    sqlx::raw_sql(&rows).execute(pool).await.unwrap();
    let sweeps = app.beside(Options::default()).await;
    until(pool, "messages WHERE status <> 'queued'", 3).await;
    until(pool, "gateway_notices", 1).await;
    until(pool, "password_resets", 1).await;
    until(pool, "login_failures", 1).await;
    assert_eq!(count(pool, "gateway_notices WHERE id = 'young'").await, 1);
    assert_eq!(count(pool, "password_resets WHERE expires_at > now()").await, 1);
    assert_eq!(count(pool, "login_failures WHERE identifier = sha256('young')").await, 1);
    assert_eq!(count(pool, "messages WHERE status = 'queued'").await, 2, "they are still to be sent");
    sweeps.stop().await;
}

#[tokio::test]
async fn a_row_whose_append_is_not_in_the_log_yet_is_spared() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let mut rows = Rows::of(UserId(Uuid::now_v7()));
    rows.add(Purpose::OrderNotes, json!("Please ring twice"));
    Keeper::start(&pool.connect_options()).keep(rows).await.unwrap();
    assert_eq!(personal::sweep(pool, command_api::process_managers::personal::AGE).await.unwrap(), 0);
    assert_eq!(count(pool, "personal").await, 1);
}

#[tokio::test]
async fn rows_that_are_written_together_fail_alone() {
    let app = App::start().await;
    let keeper = Keeper::start(&app.database.pool.connect_options());
    // Postgres takes no NUL in a text.
    let rows = |nth: usize| {
        let mut rows = Rows::of(UserId(Uuid::now_v7()));
        rows.add(Purpose::OrderNotes, json!(if nth == 7 { "\0" } else { "Please ring twice" }));
        rows
    };
    let kept = futures::future::join_all((0..20).map(|nth| keeper.keep(rows(nth)))).await;
    let failed: Vec<_> = (0..20).filter(|nth| kept[*nth].is_err()).collect();
    assert_eq!(failed, [7]);
    assert_eq!(count(&app.database.pool, "personal").await, 19);
    assert_eq!(count(&app.database.pool, "personal_unnamed").await, 19);
}

#[tokio::test]
async fn of_who_was_erased_nothing_is_kept_also_among_others_rows() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let (jane, joe) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    accounts::erase(pool, &app.auth.passwords, &jane.account.email).await.unwrap();
    let keeper = Keeper::start(&pool.connect_options());
    let people = [Some(joe.id), Some(jane.id), None, Some(UserId(Uuid::now_v7()))];
    let rows = |nth: usize| {
        let mut rows = Rows::of(people[nth % people.len()]);
        rows.add(Purpose::ShippingAddress, address());
        rows
    };
    let kept = futures::future::join_all((0..20).map(|nth| keeper.keep(rows(nth)))).await;
    for (nth, kept) in kept.iter().enumerate() {
        let erased = matches!(kept, Err(KeepError::Erased));
        assert!(if nth % people.len() == 1 { erased } else { kept.is_ok() }, "{nth}: {kept:?}");
    }
    assert_eq!(count(pool, "personal").await, 15);
    assert_eq!(count(pool, "personal_unnamed").await, 15);
    assert_eq!(count(pool, &format!("personal WHERE subject = '{}'", jane.id)).await, 0);
    let none = keeper.keep(Rows::of(jane.id)).await;
    assert!(matches!(none, Err(KeepError::Erased)), "{none:?}");
}

#[tokio::test]
async fn who_is_being_erased_is_waited_for() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let jane = app.person(Role::Customer).await;
    let keeper = Keeper::start(&pool.connect_options());
    let mut erasing = pool.begin().await.unwrap();
    standing::erase(&mut erasing, jane.id, "none").await.unwrap();
    let mut rows = Rows::of(jane.id);
    rows.add(Purpose::ShippingAddress, address());
    let erased = async {
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until(pool, waiting, 1).await;
        erasing.commit().await.unwrap();
    };
    let (kept, ()) = tokio::join!(keeper.keep(rows), erased);
    assert!(matches!(kept, Err(KeepError::Erased)), "{kept:?}");
    assert_eq!(count(pool, "personal").await, 0);
}

/// Guards against an address that somebody leaves while their access token lives on: it would stay for ten years.
#[tokio::test]
async fn who_was_erased_neither_orders_nor_pays() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let (seller, admin) = (app.person(Role::Seller).await, app.person(Role::Admin).await);
    let jane = app.person(Role::Customer).await;
    let product = seller.product("10.00", 9).await;
    let order = jane.order(&[(&product, 1)]).await.json();
    accounts::erase(pool, &app.auth.passwords, &jane.account.email).await.unwrap();
    let head = app.head().await;
    let mut without_pages = payment_of(&order, "tok_visa");
    without_pages.as_object_mut().unwrap().retain(|name, _| !name.ends_with("Url"));
    for refused in [
        jane.order(&[(&product, 1)]).await,
        jane.pay(&order, "tok_visa").await,
        jane.post("/payments/process", &without_pages).await,
    ] {
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (401, "UNAUTHORIZED"),
            "{}",
            refused.text
        );
    }
    assert_eq!(app.head().await, head);
    assert_eq!(count(pool, "personal WHERE body IS NOT NULL AND purpose = 'payment_pages'").await, 0);
    // What they owe may still be paid for them, and an operator may still write about it.
    let paid = admin.pay(&order, "tok_visa").await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    let note = json!({ "status": "processing", "note": "Lives behind the mill" });
    let path = format!("/orders/{}/status", order["data"]["id"].as_str().unwrap());
    assert_eq!(admin.send(Method::PATCH, &path, &note).await.status, 200);
    let written =
        "personal WHERE body IS NOT NULL AND purpose IN ('payment_pages', 'status_note', 'receipt')";
    assert_eq!(count(pool, written).await, 0);
}

#[tokio::test]
async fn who_is_erased_is_forgotten_but_for_what_an_invoice_needs() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let seller = app.person(Role::Seller).await;
    let jane = app.person(Role::Customer).await;
    let product = seller.product("10.00", 5).await;
    let mut order = order_of(&[(&product, 1)]);
    order["notes"] = json!("Please ring twice");
    order["billingAddress"] = address();
    let placed = jane.post("/orders", &order).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    assert_eq!(jane.post("/users/addresses", &address()).await.status, 201);
    let card = json!({ "cardToken": "tok_visa", "paymentGateway": "simulator" });
    assert_eq!(jane.post("/payments/methods", &card).await.status, 201);
    let head = app.head().await;

    let erased = accounts::erase(pool, &app.auth.passwords, &jane.account.email).await.unwrap();
    assert_eq!(erased.user, jane.id);
    let [at_gateway] = &erased.left[..] else { panic!("the gateway still has a card: {erased:?}") };
    assert_eq!((&*at_gateway.gateway, &*at_gateway.reference), ("simulator", "tok_visa"));
    assert_eq!(app.head().await, head, "the log stays");
    let left =
        sqlx::query_scalar::<_, String>("SELECT purpose FROM personal WHERE body IS NOT NULL ORDER BY 1");
    assert_eq!(left.fetch_all(pool).await.unwrap(), ["billing_address", "shipping_address"]);
    assert_eq!(count(pool, "addresses").await, 0);
    assert_eq!(count(pool, "payment_methods").await, 0);
    let known =
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM users WHERE first_name = 'Jane' AND id = $1");
    assert_eq!(known.bind(jane.id.0).fetch_one(pool).await.unwrap(), 0);
    assert!(identity::users::find(pool, &jane.account.email).await.unwrap().is_none());
    let refused = jane.post("/users/addresses", &address()).await;
    assert_eq!(refused.status, 401, "{}", refused.text);
    let refused = jane.post("/payments/methods", &card).await;
    assert_eq!(refused.status, 401, "{}", refused.text);

    // The time of the invoice is over.
    sqlx::query("UPDATE personal SET keep_until = now()").execute(pool).await.unwrap();
    personal::empty_erased(pool).await.unwrap();
    assert_eq!(count(pool, "personal WHERE body IS NOT NULL").await, 0);
}

/// Guards against addresses that stay for ten years although there is no invoice that could need them.
#[tokio::test]
async fn of_an_order_that_was_given_up_unpaid_no_address_outlives_its_customer() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let (seller, jane) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 9).await;
    for pays in [false, true] {
        let order = jane.order(&[(&product, 1)]).await.json();
        if pays {
            assert_eq!(jane.pay(&order, "tok_visa").await.status, 200);
        }
        let path = format!("/orders/{}/cancel", order["data"]["id"].as_str().unwrap());
        let cancelled = jane.post(&path, &json!({})).await;
        assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    }
    until(pool, "personal WHERE purpose = 'shipping_address' AND keep_until IS NULL", 1).await;
    accounts::erase(pool, &app.auth.passwords, &jane.account.email).await.unwrap();
    assert_eq!(count(pool, "personal WHERE body IS NOT NULL AND purpose = 'shipping_address'").await, 1);
}

/// Guards against an address of a customer's that stays when they are erased, because an admin paid for them.
#[tokio::test]
async fn where_a_customer_goes_from_a_gateway_s_page_is_theirs_whoever_says_it() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let (seller, admin) = (app.person(Role::Seller).await, app.person(Role::Admin).await);
    let jane = app.person(Role::Customer).await;
    let product = seller.product("10.00", 9).await;
    for payer in [&admin, &jane] {
        let order = jane.order(&[(&product, 1)]).await.json();
        let paid = payer.pay(&order, "tok_visa").await;
        assert_eq!(paid.status, 200, "{}", paid.text);
    }
    let subjects = "SELECT subject FROM personal WHERE purpose = 'payment_pages'";
    let subjects: Vec<Uuid> = sqlx::query_scalar(subjects).fetch_all(pool).await.unwrap();
    assert_eq!(subjects, [jane.id.0, jane.id.0]);
    let pages = "personal WHERE body IS NOT NULL AND purpose = 'payment_pages'";
    accounts::erase(pool, &app.auth.passwords, &admin.account.email).await.unwrap();
    assert_eq!(count(pool, pages).await, 2);
    accounts::erase(pool, &app.auth.passwords, &jane.account.email).await.unwrap();
    assert_eq!(count(pool, pages).await, 0);
}

#[tokio::test]
async fn what_staff_wrote_about_an_order_is_its_customers() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let (seller, admin) = (app.person(Role::Seller).await, app.person(Role::Admin).await);
    let (jane, joe) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 9).await;
    for buyer in [&jane, &joe] {
        let order = buyer.order(&[(&product, 2)]).await.json();
        let payment = buyer.pay(&order, "tok_visa").await.json()["data"]["id"].clone();
        let refund = json!({ "amount": 5, "reason": "Fell down the stairs of Elm St" });
        let path = format!("/payments/{}/refund", payment.as_str().unwrap());
        let refunded = admin.post(&path, &refund).await;
        assert_eq!(refunded.status, 200, "{}", refunded.text);
        let note = json!({ "status": "processing", "note": "Lives behind the mill" });
        let path = format!("/orders/{}/status", order["data"]["id"].as_str().unwrap());
        let changed = admin.send(Method::PATCH, &path, &note).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
    let written = "personal WHERE body IS NOT NULL AND purpose IN ('refund_reason', 'status_note')";
    assert_eq!(count(pool, written).await, 4);
    accounts::erase(pool, &app.auth.passwords, &admin.account.email).await.unwrap();
    assert_eq!(count(pool, written).await, 4, "they are not about who wrote them");
    accounts::erase(pool, &app.auth.passwords, &jane.account.email).await.unwrap();
    assert_eq!(count(pool, written).await, 2);
}
