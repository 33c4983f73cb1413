//! A scarce product is sold exactly as often as it is there.

use api_contract::Role;
use futures::future::join_all;

use crate::harness::{App, Options, order_of};

#[tokio::test]
async fn of_64_buyers_of_the_last_unit_one_gets_it() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let product = seller.product("10.00", 1).await;
    let buyers = join_all((0..64).map(|_| app.person(Role::Customer))).await;
    let body = order_of(&[(&product, 1)]);
    let answers = join_all(buyers.iter().map(|buyer| buyer.post("/orders", &body))).await;
    let placed = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|a| a.status == 409 && a.code() == "INSUFFICIENT_STOCK").count();
    assert_eq!((placed, refused), (1, 63));
    assert_eq!(app.streams("orders").await, 1);
}

#[tokio::test]
async fn two_processes_sell_no_unit_twice() {
    let app = App::start().await;
    let other = app.beside(Options::default()).await;
    let seller = app.person(Role::Seller).await;
    let product = seller.product("10.00", 20).await;
    let buyers = join_all((0..64).map(|_| app.person(Role::Customer))).await;
    let body = order_of(&[(&product, 1)]);
    let answers = join_all(buyers.iter().enumerate().map(|(n, buyer)| {
        let buyer = if n % 2 == 0 { buyer.at(&app) } else { buyer.at(&other) };
        let body = &body;
        async move { buyer.post("/orders", body).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 20);
    assert_eq!(app.streams("orders").await, 20);
}
