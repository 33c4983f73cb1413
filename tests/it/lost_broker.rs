//! A read model that Kafka feeds, and a broker that is gone.

use crate::harness::{Answer, Broker, Database, Place, until};

/// Guards against a read model that stands still with nobody the wiser: no error of the broker ends a consumer of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_model_whose_broker_is_gone_says_why_it_stands_still_until_the_broker_is_back() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let mut broker = Broker::new().expect("Kafka's jars: run ./dev test");
    broker.start();
    let place = Place::new("up", &database, home.path())
        .with("DAYBOOK_PROJECTOR_SOURCE", "kafka")
        .with("KAFKA_BROKERS", &broker.address);
    let process = place.start().await;
    place.caught_up().await;
    let failure = async || {
        let error = "SELECT error FROM consumer_failures WHERE name = 'order_history@1'";
        sqlx::query_scalar::<_, String>(error).fetch_optional(&database.pool).await.unwrap()
    };
    until("it follows Kafka", async || failure().await.is_none()).await;

    broker.kill();
    until("it says why", async || failure().await.is_some()).await;
    let said = failure().await.unwrap();
    assert!(said.starts_with("Kafka could not be followed: "), "{said}");
    let status = place.status().await;
    let consumers = status["consumers"].as_array().unwrap();
    let state = consumers.iter().find(|it| it["name"] == "order_history").map(|it| &it["state"]);
    assert_eq!(state, Some(&"waiting".into()), "{status}");
    // What was written so far is read as before.
    let ready = Answer::of(reqwest::Client::new().get(place.url("/health/ready"))).await;
    assert_eq!(ready.status, 200, "{}", ready.text);

    broker.start();
    until("it follows Kafka again", async || failure().await.is_none()).await;
    process.stop().await;
}
