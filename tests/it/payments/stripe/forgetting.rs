//! Stripe forgets what was removed here, whoever dies and however long it gives no answer.

use api_contract::Role;
use command_api::accounts;
use command_api::gateway::{Gateway as _, Keep, Kept, Stripe as Gateway};
use identity::payment_methods::NewMethod;
use identity::{left_at_gateways, payment_methods, standing, users};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::KEY;
use super::{Shop, config};
use crate::harness::{Options, Person, Place, until};

const PATH: &str = "/payments/methods";

fn card(token: &str) -> Value {
    json!({ "cardToken": token, "paymentGateway": "stripe" })
}

impl Shop {
    /// A shop in which no gateway is asked to forget anything.
    async fn without_managers() -> Self {
        Self::start_with(Options { process_managers: false, ..Options::default() }).await
    }

    /// What is noted to be forgotten.
    async fn left(&self) -> Vec<String> {
        let left = sqlx::query_scalar("SELECT reference FROM left_at_gateways ORDER BY reference");
        left.fetch_all(&self.app.database.pool).await.unwrap()
    }

    async fn stores(&self, buyer: &Person<'_>, token: &str) -> String {
        let stored = buyer.post(PATH, &card(token)).await;
        assert_eq!(stored.status, 201, "{}", stored.text);
        format!("{PATH}/{}", stored.json()["data"]["id"].as_str().unwrap())
    }

    async fn removes(&self, buyer: &Person<'_>, path: &str) {
        assert_eq!(buyer.send(Method::DELETE, path, &json!({})).await.status, 204);
    }

    async fn erases(&self, buyer: &Person<'_>) -> Vec<String> {
        let pool = &self.app.database.pool;
        let erased = accounts::erase(pool, &self.app.auth.passwords, &buyer.account.email).await.unwrap();
        erased.left.into_iter().map(|left| left.reference).collect()
    }

    /// Neither a customer nor a card is at Stripe, and nobody means to ask for it.
    async fn forgets_all(&self) {
        until("all is forgotten", async || {
            let at_stripe = self.stripe.customers().len() + self.stripe.kept().len();
            at_stripe == 0 && self.left().await.is_empty()
        })
        .await;
    }
}

#[tokio::test]
async fn a_user_who_is_erased_is_deleted_at_stripe_with_their_cards() {
    let shop = Shop::start().await;
    let (jane, joe) = (shop.app.person(Role::Customer).await, shop.app.person(Role::Customer).await);
    shop.stores(&jane, "tok_once_1").await;
    shop.stores(&jane, "tok_once_2").await;
    shop.stores(&joe, "tok_once_3").await;
    assert_eq!(shop.erases(&jane).await, ["cus_1"], "the cards go with the customer");
    until("Jane is forgotten", async || shop.left().await.is_empty()).await;
    assert_eq!(
        (shop.stripe.customers(), shop.stripe.kept()),
        (vec!["cus_2".into()], vec!["pm_of_tok_once_3".into()])
    );
}

/// Guards what only Stripe knows by then: whose customer somebody is who has no card any more.
#[tokio::test]
async fn a_user_who_has_removed_their_cards_is_deleted_at_stripe_when_they_are_erased() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let stored = shop.stores(&buyer, "tok_visa").await;
    shop.removes(&buyer, &stored).await;
    until("the card is forgotten", async || shop.stripe.kept().is_empty() && shop.left().await.is_empty())
        .await;
    assert_eq!(shop.stripe.customers(), ["cus_1"]);
    assert_eq!(shop.erases(&buyer).await, ["cus_1"]);
    shop.forgets_all().await;
}

/// Guards each moment at which a process may die after somebody was erased or a card removed.
#[tokio::test]
async fn what_is_to_be_forgotten_is_taken_up_by_the_next_process() {
    let shop = Shop::without_managers().await;
    let (jane, joe) = (shop.app.person(Role::Customer).await, shop.app.person(Role::Customer).await);
    shop.stores(&jane, "tok_once_1").await;
    let stored = shop.stores(&joe, "tok_once_2").await;
    shop.removes(&joe, &stored).await;
    shop.erases(&jane).await;
    assert_eq!(shop.left().await, ["cus_1", "cus_2:pm_of_tok_once_2"]);
    assert_eq!(shop.stripe.kept().len(), 2, "nobody has asked");
    let next = shop.beside(true).await;
    until("all is forgotten", async || next.left().await.is_empty()).await;
    assert_eq!((shop.stripe.customers(), shop.stripe.kept()), (vec!["cus_2".into()], Vec::<String>::new()));
}

/// Guards against a process that dies after Stripe has forgotten and before that is written down.
#[tokio::test]
async fn what_stripe_does_not_have_any_more_is_forgotten() {
    let shop = Shop::without_managers().await;
    let (jane, joe) = (shop.app.person(Role::Customer).await, shop.app.person(Role::Customer).await);
    shop.stores(&jane, "tok_once_1").await;
    let stored = shop.stores(&joe, "tok_once_2").await;
    shop.removes(&joe, &stored).await;
    shop.erases(&jane).await;
    shop.stripe.delete_customers();
    shop.beside(true).await.forgets_all().await;
}

#[tokio::test]
async fn a_gateway_that_gives_no_answer_is_asked_again() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let stored = shop.stores(&buyer, "tok_visa").await;
    shop.stripe.is_deaf(true);
    shop.removes(&buyer, &stored).await;
    let pool = &shop.app.database.pool;
    until("Stripe was asked", async || {
        let asks = sqlx::query_scalar::<_, i64>("SELECT coalesce(sum(asks), 0) FROM left_at_gateways");
        asks.fetch_one(pool).await.unwrap() > 0
    })
    .await;
    assert_eq!(shop.left().await, ["cus_1:pm_of_tok_visa"]);
    shop.erases(&buyer).await;
    shop.stripe.is_deaf(false);
    sqlx::query("UPDATE left_at_gateways SET ask_at = now()").execute(pool).await.unwrap();
    shop.forgets_all().await;
}

/// Guards against a card that is stored and that Stripe was told to forget.
#[tokio::test]
async fn a_card_that_comes_back_before_it_is_forgotten_is_not_forgotten() {
    let shop = Shop::without_managers().await;
    let buyer = shop.app.person(Role::Customer).await;
    let stored = shop.stores(&buyer, "pm_card_visa").await;
    shop.removes(&buyer, &stored).await;
    assert_eq!(shop.left().await, ["cus_1:pm_card_visa"]);
    let (one, two) = (shop.stores(&buyer, "pm_card_visa").await, shop.stores(&buyer, "pm_card_visa").await);
    assert_eq!(shop.left().await, Vec::<String>::new());
    shop.removes(&buyer, &one).await;
    assert_eq!(shop.left().await, Vec::<String>::new(), "it is stored once more");
    shop.removes(&buyer, &two).await;
    assert_eq!(shop.left().await, ["cus_1:pm_card_visa"]);
}

/// Guards against a card that comes back after it was found to be due: whoever is about to have it forgotten looks again.
#[tokio::test]
async fn a_card_that_comes_back_when_it_is_due_is_seen_to_be_back() {
    let shop = Shop::without_managers().await;
    let buyer = shop.app.person(Role::Customer).await;
    let pool = &shop.app.database.pool;
    let stored = shop.stores(&buyer, "pm_card_visa").await;
    let cards = payment_methods::all(pool, buyer.id).await.unwrap();
    let [card] = &cards[..] else { panic!("one card") };
    let again = NewMethod {
        gateway: card.payment_gateway.clone(),
        reference: card.reference.clone(),
        r#type: "card",
        brand: card.brand.clone(),
        last4: card.last4.clone(),
        expiry_month: card.expiry_month,
        expiry_year: card.expiry_year,
        make_default: false,
    };
    shop.removes(&buyer, &stored).await;
    let due = left_at_gateways::take_due(pool, 8).await.unwrap();
    assert_eq!(due.len(), 1);
    let is_left = || left_at_gateways::is_left(pool, &again.gateway, &again.reference);
    assert!(is_left().await.unwrap());
    let mut storing = pool.begin().await.unwrap();
    payment_methods::add(&mut storing, buyer.id, Uuid::now_v7(), &again).await.unwrap();
    let commit = async {
        until("it is waited for", async || {
            let waiting = "SELECT count(*) FROM pg_stat_activity
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            sqlx::query_scalar::<_, i64>(waiting).fetch_one(pool).await.unwrap() > 0
        })
        .await;
        storing.commit().await.unwrap();
    };
    let (is_left, ()) = tokio::join!(is_left(), commit);
    assert!(!is_left.unwrap());
}

/// Guards against a card of somebody who is erased after Stripe keeps it and before it is stored here.
#[tokio::test]
async fn a_card_that_is_kept_when_its_user_is_erased_is_forgotten() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let mut held = shop.app.database.pool.begin().await.unwrap();
    users::hold(&mut held, buyer.id).await.unwrap();
    let body = card("tok_visa");
    let erased = async {
        until("Stripe keeps the card", async || !shop.stripe.kept().is_empty()).await;
        standing::erase(&mut held, buyer.id, "none").await.unwrap();
        held.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(buyer.post(PATH, &body), erased);
    assert_eq!(answer.status, 401, "{}", answer.text);
    shop.forgets_all().await;
}

/// Guards against a customer who is made at Stripe while their user is erased.
#[tokio::test]
async fn a_customer_who_is_made_when_their_user_is_erased_gets_no_card() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let mut erasing = shop.app.database.pool.begin().await.unwrap();
    standing::erase(&mut erasing, buyer.id, "none").await.unwrap();
    let body = card("tok_visa");
    let erased = async {
        until("Stripe has the customer", async || !shop.stripe.customers().is_empty()).await;
        erasing.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(buyer.post(PATH, &body), erased);
    assert_eq!(answer.status, 402, "{}", answer.text);
    assert_eq!(shop.stripe.kept(), Vec::<String>::new());
    shop.forgets_all().await;
}

/// Guards against a card that nothing here names: its process died before it could store it.
#[tokio::test]
async fn a_card_that_was_kept_and_never_stored_is_forgotten_with_its_user() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let pool = &shop.app.database.pool;
    let config = config(shop.options.stripe_url.unwrap(), KEY);
    let gateway = Gateway::new(&config, "https://shop.example", pool.clone());
    let keep = Keep { user: buyer.id, token: "tok_visa", key: Some("m") };
    assert!(matches!(gateway.keep(&keep).await.unwrap(), Kept::Card { .. }));
    assert!(payment_methods::all(pool, buyer.id).await.unwrap().is_empty());
    assert_eq!(shop.erases(&buyer).await, ["cus_1"]);
    shop.forgets_all().await;
}

/// Guards against a user who could store no card any more: an operator has deleted their customer at Stripe.
#[tokio::test]
async fn a_customer_who_was_deleted_at_stripe_is_made_again() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let stored = shop.stores(&buyer, "tok_once_1").await;
    shop.removes(&buyer, &stored).await;
    until("the card is forgotten", async || shop.left().await.is_empty()).await;
    shop.stripe.delete_customers();
    shop.stripe.forget_keys();
    assert_eq!(buyer.post(PATH, &card("tok_once_2")).await.status, 402);
    shop.stores(&buyer, "tok_once_3").await;
    assert_eq!(shop.stripe.customers(), ["cus_2"]);
}

/// Guards against the name of a deleted customer that a stored card or a replayed answer gives.
#[tokio::test]
async fn a_customer_who_was_deleted_is_made_again_while_their_cards_are_stored_here() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    shop.stores(&buyer, "tok_once_1").await;
    shop.stores(&buyer, "tok_once_2").await;
    for (deleted, made) in [(3, "cus_2"), (5, "cus_3")] {
        shop.stripe.delete_customers();
        let refused = buyer.post(PATH, &card(&format!("tok_once_{deleted}"))).await;
        assert_eq!(refused.status, 402, "{}", refused.text);
        shop.stores(&buyer, &format!("tok_once_{}", deleted + 1)).await;
        assert_eq!(shop.stripe.customers(), [made]);
    }
    shop.erases(&buyer).await;
    shop.forgets_all().await;
}

#[tokio::test]
async fn an_operator_is_told_what_will_be_forgotten_and_sees_what_is_left() {
    let shop = Shop::without_managers().await;
    let buyer = shop.app.person(Role::Customer).await;
    shop.stores(&buyer, "tok_visa").await;
    let home = tempfile::tempdir().unwrap();
    let place = Place::new("up", &shop.app.database, home.path());
    let said = async |arguments: &[&str]| {
        let output = place.output(arguments).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let erased = said(&["user", "erase", &buyer.account.email]).await;
    assert!(erased.contains("stripe will be asked to forget cus_1"), "{erased}");
    assert!(erased.contains("daybook status"), "{erased}");
    let left = said(&["status"]).await;
    assert!(left.contains("stripe still has 1 "), "{left}");
    shop.beside(true).await.forgets_all().await;
    let left = said(&["status"]).await;
    assert!(!left.contains("stripe still has"), "{left}");
}
