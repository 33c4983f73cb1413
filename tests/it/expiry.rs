//! Orders that nobody pays in time.

use std::time::Duration;

use api_contract::Role;
use command_api::process_managers::reservations::Reservations;
use event_store::{Log, LogWatch};
use serde_json::json;

use crate::harness::{App, Options};

#[tokio::test]
async fn an_order_that_nobody_pays_gives_its_stock_back() {
    let app = App::start().await;
    let short = Options {
        reservation_ttl: Duration::from_millis(300),
        process_managers: false,
        ..Options::default()
    };
    let short = app.beside(short).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 2).await;
    // What is paid has the time to be, however slow the machine is.
    let kept = buyer.order(&[(&product, 1)]).await.json();
    let lost = buyer.at(&short).order(&[(&product, 1)]).await.json();
    assert_eq!(buyer.pay(&kept, "tok_visa").await.status, 200);
    app.until("orders", lost["data"]["id"].as_str().unwrap(), "OrderCancelled").await;
    let inventory = app.events("inventory", &product.id).await;
    assert_eq!(inventory.last().map(String::as_str), Some("ReservationExpired"));
    let kept = app.events("orders", kept["data"]["id"].as_str().unwrap()).await;
    assert_eq!(kept.last().map(String::as_str), Some("OrderConfirmed"));
    assert_eq!(buyer.pay(&lost, "tok_visa").await.status, 409);
}

#[tokio::test]
async fn an_order_expires_although_the_process_that_took_it_is_gone() {
    let short = Options { reservation_ttl: Duration::from_millis(300), ..Options::default() };
    let app = App::start_with(Options { process_managers: false, ..short }).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 1).await;
    let order = buyer.order(&[(&product, 1)]).await.json();
    let id = order["data"]["id"].as_str().unwrap();
    app.stop().await;
    let next = app.beside(short).await;
    next.until("orders", id, "OrderCancelled").await;
    assert_eq!(next.events("inventory", &product.id).await.last().unwrap(), "ReservationExpired");
    let told = buyer.at(&next).post(&format!("/orders/{id}/cancel"), &json!({})).await;
    assert_eq!(told.status, 409, "it is cancelled already");
}

/// Whichever is in the log first holds: a captured order doesn't expire, and what is captured for an expired order goes
/// back.
#[tokio::test]
async fn what_is_paid_as_its_time_ends_is_either_kept_or_given_back() {
    let short = Options { reservation_ttl: Duration::from_millis(40), ..Options::default() };
    let app = App::start_with(short).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 100).await;
    let (mut kept, mut lost) = (0, 0);
    for _ in 0..20 {
        let order = buyer.order(&[(&product, 1)]).await.json();
        let (id, payment) = (&order["data"]["id"], &order["data"]["payment"]["id"]);
        let (id, payment) = (id.as_str().unwrap(), payment.as_str().unwrap());
        let paid = buyer.pay(&order, "tok_visa").await;
        if app.events("payments", payment).await.iter().any(|event| event == "PaymentCaptured") {
            let events = app.events("orders", id).await;
            if events.iter().any(|event| event == "OrderConfirmed") {
                kept += 1;
                assert!(!events.iter().any(|event| event == "OrderCancelled"), "{events:?}");
            } else {
                lost += 1;
                app.until("payments", payment, "PaymentRefunded").await;
            }
        } else {
            lost += 1;
            assert!(!paid.text.contains("succeeded"), "{}", paid.text);
        }
    }
    assert_eq!(kept + lost, 20);
    let inventory = app.events("inventory", &product.id).await;
    let freed = inventory.iter().filter(|event| *event == "ReservationExpired").count();
    assert_eq!(freed, lost, "what is lost is for sale again, what is kept is not");
}

/// Under load the log has something new whenever it is read: that must not put off what is due.
#[tokio::test]
async fn what_is_due_is_given_up_although_the_log_grows_each_time_that_it_is_read() {
    let due_at_once = Duration::from_millis(1);
    let short = Options { process_managers: false, reservation_ttl: due_at_once, ..Options::default() };
    let app = App::start_with(short).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 100).await;
    let pool = app.database.pool.clone();
    let (decider, log, watch) = (app.decider().await, Log::new(pool.clone()), LogWatch::start(pool));
    let reservations = Reservations { decider, log, watch };
    let mut turn = reservations.take().await.unwrap();
    for _ in 0..5 {
        let before = app.head().await;
        let order = buyer.order(&[(&product, 1)]).await.json();
        assert!(app.head().await > before, "there is something new for this round");
        // Its time passes.
        tokio::time::sleep(due_at_once).await;
        turn.round().await.unwrap();
        let events = app.events("orders", order["data"]["id"].as_str().unwrap()).await;
        assert_eq!(events, ["OrderPlaced", "OrderCancelled"]);
    }
}
