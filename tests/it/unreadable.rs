//! What a client is told of a stream that has an event that this build can't read.

use api_contract::Role;

use crate::harness::{App, Options};

/// Guards against a fault that is told like any other, so that a client asks again and an operator looks for a bug.
#[tokio::test]
async fn an_order_that_cannot_be_read_says_so_and_all_others_are_shown() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let lamp = seller.product("10.00", 5).await;
    let [damaged, other] = [buyer.order(&[(&lamp, 1)]).await.json(), buyer.order(&[(&lamp, 2)]).await.json()];
    let id = damaged["data"]["id"].as_str().unwrap();
    let damage = format!(
        "UPDATE events SET payload = '{{}}' WHERE aggregate_type = 'orders' AND aggregate_id = '{id}'"
    );
    app.database.execute_as_owner(&damage).await;

    for path in [format!("/orders/{id}"), format!("/orders/{id}/invoice")] {
        let answer = buyer.get(&path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (500, "INTERNAL_ERROR"),
            "{}",
            answer.text
        );
        let said = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(said.contains("can't be read") && said.contains("asking again doesn't help"), "{said}");
        assert!(!answer.headers.contains_key("retry-after"), "{path}");
        assert!(!answer.text.contains("missing field"), "what is wrong with it is for the log: {said}");
    }
    let other = other["data"]["id"].as_str().unwrap();
    assert_eq!(buyer.get(&format!("/orders/{other}")).await.status, 200);
}
