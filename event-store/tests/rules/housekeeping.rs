//! Rule 7: vacuum, and waking up who follows the log.

use event_store::{LogWatch, connect, watch};
use sqlx::postgres::PgListener;

use crate::harness::test;
use crate::process::Process;
use crate::shop::StockCommand;

#[tokio::test]
async fn rule_07_the_log_is_vacuumed_and_frozen_as_it_grows() {
    test(async |database| {
        for table in ["events", "log_groups"] {
            let settings: Vec<String> =
                sqlx::query_scalar("SELECT unnest(reloptions) FROM pg_class WHERE oid = $1::regclass")
                    .bind(table)
                    .fetch_all(&database.pool)
                    .await
                    .unwrap();
            for wanted in [
                "autovacuum_vacuum_insert_scale_factor=0",
                "autovacuum_vacuum_insert_threshold=1000000",
                "autovacuum_freeze_min_age=0",
            ] {
                assert!(
                    settings.iter().any(|setting| setting == wanted),
                    "{table}: {settings:?} lacks {wanted}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn rule_07_an_append_notifies_who_listens() {
    test(async |database| {
        let mut listener = PgListener::connect_with(&database.pool).await.unwrap();
        listener.listen(watch::CHANNEL).await.unwrap();
        let process = Process::start(database).await;
        process.stock("a", StockCommand::Receive(1)).await.unwrap();
        listener.recv().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_07_who_was_not_notified_polls() {
    test(async |database| {
        let watch = LogWatch::start(connect::pool_with(database.app(), 2).await.unwrap());
        watch.beyond(-1).await;
        database.append(&[("a", 1), ("a", 2)]).await; // without a notification
        watch.beyond(1).await;
        assert_eq!(watch.position(), 2);
    })
    .await;
}

#[tokio::test]
async fn rule_07_nobody_polls_for_nobody() {
    test(async |database| {
        let options = database.app().application_name("daybook-watch");
        let watch = LogWatch::start(connect::pool_with(options, 2).await.unwrap());
        let watching =
            "FROM pg_stat_activity WHERE application_name = 'daybook-watch' AND datname = current_database()";
        database.until(&format!("SELECT count(*) > 0 {watching}")).await;
        drop(watch);
        database.until(&format!("SELECT count(*) = 0 {watching}")).await;
    })
    .await;
}
