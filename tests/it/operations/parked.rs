//! What a read model can't take: an operator sees it, has it mended, and tries it again.

use serde_json::{Value, json};

use super::SIX;
use crate::harness::{Answer, Database, Market, Place, equal_a_fresh_replay};

/// From now on the read model refuses all of an order but its first event.
async fn poisoned(database: &Database, order: &str) {
    database
        .execute_as_owner(&format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE 'no row like this' USING ERRCODE = 'check_violation'; END $$;
             CREATE TRIGGER poison BEFORE INSERT OR UPDATE ON order_history_g1_orders
                 FOR EACH ROW WHEN (NEW.order_id = '{order}' AND NEW.version >= 2) EXECUTE FUNCTION refuse()"
        ))
        .await;
}

async fn mended(database: &Database) {
    database.execute_as_owner("DROP TRIGGER poison ON order_history_g1_orders").await;
}

/// An order as the list has it.
async fn listed(place: &Place, admin: &str, order: &str) -> Value {
    let read =
        reqwest::Client::new().get(place.url("/api/v1/orders?scope=all&pageSize=100")).bearer_auth(admin);
    let list = Answer::of(read).await.json()["data"]["items"].clone();
    let found = list.as_array().unwrap().iter().find(|it| it["id"] == order).cloned();
    found.unwrap_or_else(|| panic!("no {order}: {list}"))
}

/// How many each of them has parked, by `daybook status --json`, by what it prints, and by `/metrics`.
async fn parked(place: &Place) -> [Vec<String>; 3] {
    place.caught_up().await;
    let (status, text, samples) =
        (place.status().await, place.done(&["status"]).await, place.scraped().await);
    let told = |name: &str| {
        let all = status["consumers"].as_array().unwrap();
        let it = all.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name}: {status}"));
        assert_eq!(it["state"], "following", "{it}");
        it["parked"].to_string()
    };
    let printed = |name: &str| {
        let row = text.lines().find(|line| line.split_whitespace().next() == Some(name));
        let row: Vec<_> = row.unwrap_or_else(|| panic!("no {name}: {text}")).split_whitespace().collect();
        assert_eq!(row.last(), Some(&"following"), "{text}");
        row[row.len() - 2].to_owned()
    };
    let counted =
        |name: &str| samples[&format!(r#"daybook_projection_parked{{model="{name}"}}"#)].to_string();
    [SIX.map(told).into(), SIX.map(printed).into(), SIX.map(counted).into()]
}

/// One of each of these, in all three ways.
fn one_of(those: &[&str]) -> [Vec<String>; 3] {
    let parked = SIX.map(|name| if those.contains(&name) { "1" } else { "0" }.to_owned()).to_vec();
    [parked.clone(), parked.clone(), parked]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_is_parked_has_it_mended_and_tries_it_again() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let market = Market::open(&place, &database).await;
    market.one_of_each().await;
    let buyer = &market.customers[0];
    let [order, other] = [market.order(buyer, 1).await, market.order(buyer, 2).await];
    let id = |order: &Value| order["data"]["id"].as_str().unwrap().to_owned();
    place.settled().await;
    assert_eq!(parked(&place).await, one_of(&[]));
    assert_eq!(place.done(&["parked"]).await.trim(), "nothing is parked");

    poisoned(&database, &id(&order)).await;
    market.pay(buyer, &order).await;
    market.pay(buyer, &other).await;
    assert_eq!(parked(&place).await, one_of(&["order_history"]));
    assert_eq!(listed(&place, &market.admin, &id(&order)).await["status"], "pending", "as it was before");
    assert_eq!(listed(&place, &market.admin, &id(&other)).await["status"], "confirmed", "all others go on");

    let aggregate = format!("orders/{}", id(&order));
    let list = place.done(&["parked"]).await;
    assert!(list.contains(&aggregate) && list.contains("OrderPaid"), "{list}");
    let shown = place.done(&["parked", "show", "order_history", "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let [it] = &shown.as_array().unwrap()[..] else { panic!("one is parked: {shown}") };
    assert_eq!(
        (&it["consumer"], &it["aggregateType"], &it["aggregateId"]),
        (&json!("order_history@1"), &json!("orders"), &json!(id(&order)))
    );
    assert_eq!((&it["sequence"], &it["eventType"]), (&json!(2), &json!("OrderPaid")));
    assert!(it["error"].as_str().unwrap().contains("no row like this"), "{it}");
    let waiting: Vec<_> = it["waiting"].as_array().unwrap().iter().map(|event| &event["eventType"]).collect();
    assert_eq!(waiting, ["OrderPaid", "OrderConfirmed"]);
    let text = place.done(&["parked", "show", "order_history", &aggregate]).await;
    for part in [&*aggregate, "no row like this", "OrderPaid", "OrderConfirmed"] {
        assert!(text.contains(part), "no {part}: {text}");
    }
    let none = place.done(&["parked", "show", "catalog"]).await;
    assert_eq!(none.trim(), "nothing of that is parked");
    let other = format!("orders/{}", id(&other));
    let (said, why) = place.refused(&["parked", "show", "order_history", &other]).await;
    assert!(said.is_empty() && why.contains(&format!("order_history has not parked {other}")), "{said}{why}");

    let (said, why) = place.refused(&["parked", "retry", "order_history"]).await;
    assert!(said.contains(&format!("{aggregate}: still parked at sequence 2")), "{said}");
    assert!(why.contains("1 of 1 are still parked"), "{why}");

    mended(&database).await;
    let tried = place.done(&["parked", "retry"]).await;
    assert_eq!(tried.trim(), format!("order_history@1 {aggregate}: 2 events applied"));
    assert_eq!(parked(&place).await, one_of(&[]));
    assert_eq!(place.done(&["parked", "retry"]).await.trim(), "nothing of that is parked");
    assert_eq!(listed(&place, &market.admin, &id(&order)).await["status"], "confirmed");
    equal_a_fresh_replay(&database, &place, &market).await;
    process.stop().await;
}

/// From now on what is told of a product's new details can't be read by this build; what was told is kept aside.
async fn garbled(database: &Database, product: &str) {
    database
        .execute_as_owner(&format!(
            "CREATE TABLE garbled (position bigint, event_type text, payload json);
             CREATE FUNCTION garble() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                 INSERT INTO garbled VALUES (NEW.position, NEW.event_type, NEW.payload);
                 NEW.event_type = 'Nonsense'; NEW.payload = '{{\"Nonsense\":{{}}}}'; RETURN NEW; END $$;
             CREATE TRIGGER garble BEFORE INSERT ON events FOR EACH ROW
                 WHEN (NEW.aggregate_id = '{product}' AND NEW.event_type = 'ProductRevised')
                 EXECUTE FUNCTION garble()"
        ))
        .await;
}

/// A build that can read it has come.
async fn readable(database: &Database) {
    database
        .execute_as_owner(
            "DROP TRIGGER garble ON events;
             UPDATE events e SET event_type = g.event_type, payload = g.payload
             FROM garbled g WHERE e.position = g.position",
        )
        .await;
}

/// The index is fed by another process than the one that is asked to try it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_the_search_has_parked_is_tried_again_by_the_process_that_feeds_its_index() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    // The relay would stand still at what it can't read.
    let place = Place::new("up", &database, home.path()).with("KAFKA_BROKERS", "");
    let process = place.start().await;
    let market = Market::open(&place, &database).await;
    market.one_of_each().await;
    place.settled().await;
    garbled(&database, market.good(0)).await;
    // A process that decides itself follows what it has in memory, and not what is read of it.
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = Place::new("command-api", &database, elsewhere.path()).with("KAFKA_BROKERS", "");
    let deciding = elsewhere.start().await;
    let answer = market.rename(&elsewhere, 0, "Thing for the attic").await;
    assert!(answer.text.contains("This was accepted"), "what it told can't be read back: {}", answer.text);
    deciding.stop().await;
    assert_eq!(parked(&place).await, one_of(&["catalog", "product_search"]));

    let shown = place.done(&["parked", "show", "product_search", "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let [it] = &shown.as_array().unwrap()[..] else { panic!("one is parked: {shown}") };
    assert_eq!(
        (&it["aggregateType"], &it["aggregateId"], &it["eventType"]),
        (&json!("products"), &json!(market.good(0)), &json!("Nonsense"))
    );
    assert!(it["error"].as_str().unwrap().contains("can't be decoded"), "{it}");

    readable(&database).await;
    let tried = place.done(&["parked", "retry"]).await;
    assert_eq!(tried.matches(": 1 events applied").count(), 2, "{tried}");
    assert_eq!(parked(&place).await, one_of(&[]));
    equal_a_fresh_replay(&database, &place, &market).await;
    process.stop().await;
}
