//! Snapshots are a shortcut: without them, or with wrong ones, every state is the same.

use event_store::snapshot::EVERY;

use crate::harness::{Database, test};
use crate::process::{Process, Setup};
use crate::shop::StockCommand;

async fn snapshotting(database: &Database) -> Process {
    Process::with(database, Setup { snapshots: true, ..Setup::default() }).await
}

/// A stream that is long enough for a snapshot, which is there; and what is on hand.
async fn long_stream(database: &Database) -> i64 {
    let x = snapshotting(database).await;
    for _ in 0..3 {
        x.stock("a", StockCommand::ReceiveEach(EVERY / 2)).await.unwrap();
    }
    x.stock("a", StockCommand::Reserve(7)).await.unwrap();
    database.until("SELECT count(*) > 0 FROM stream_snapshots").await;
    EVERY / 2 * 3 - 7
}

/// What a process that has to load it takes for on hand, and whether the log goes on rightly from there.
async fn seen_afresh(database: &Database) -> i64 {
    let process = snapshotting(database).await;
    let on_hand = process.on_hand("a").await;
    process.stock("a", StockCommand::Reserve(1)).await.unwrap();
    process.stock("a", StockCommand::Receive(1)).await.unwrap();
    let events = database.log().read_stream("stock", "a").await.unwrap();
    assert!(
        events.iter().zip(1..).all(|(event, sequence)| event.sequence == sequence),
        "the stream has a hole"
    );
    on_hand
}

#[tokio::test]
async fn a_snapshot_is_taken_and_used() {
    test(async |database| {
        let on_hand = long_stream(database).await;
        assert_eq!(seen_afresh(database).await, on_hand);
        // It is read: a process without its events would be wrong without it.
        let kept = database.number("SELECT sequence FROM stream_snapshots").await;
        assert!(kept >= EVERY);
        let proxy = crate::proxy::Proxy::start(&database.app()).await;
        let setup = Setup { snapshots: true, load: Some(&proxy), ..Setup::default() };
        let process = Process::with(database, setup).await;
        let mut load = proxy.gate("sequence >", crate::proxy::At::Request);
        let reading = process.stock("a", StockCommand::Receive(1));
        load.reached().await;
        load.pass();
        reading.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn snapshots_that_are_gone_or_wrong_change_nothing() {
    test(async |database| {
        let on_hand = long_stream(database).await;
        for tampering in [
            "UPDATE stream_snapshots SET state = '{\"on_hand\":1,\"closed\":false}'",
            "UPDATE stream_snapshots SET state = '{\"on_hand\":1,\"closed\":true}', sequence = sequence - 1",
            "UPDATE stream_snapshots SET sequence = sequence - 500",
            "UPDATE stream_snapshots SET sequence = sequence + 5000",
            "UPDATE stream_snapshots SET sequence = -3",
            "UPDATE stream_snapshots SET state = '[]'",
            "UPDATE stream_snapshots SET state = '{}'",
            "UPDATE stream_snapshots SET state_version = 0",
            "UPDATE stream_snapshots SET aggregate_id = 'b'",
            "DELETE FROM stream_snapshots",
        ] {
            let mut superuser = database.superuser().await;
            sqlx::query("CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM stream_snapshots")
                .execute(&mut superuser)
                .await
                .unwrap();
            database.tamper(tampering).await;
            assert_eq!(seen_afresh(database).await, on_hand, "{tampering}");
            sqlx::raw_sql("TRUNCATE stream_snapshots; INSERT INTO stream_snapshots SELECT * FROM kept")
                .execute(&mut superuser)
                .await
                .unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_of_a_log_that_lost_its_end_is_not_believed() {
    test(async |database| {
        long_stream(database).await;
        database
            .tamper(
                "DELETE FROM events WHERE position > 500; DELETE FROM log_groups WHERE last_position > 500",
            )
            .await;
        assert_eq!(seen_afresh(database).await, 500);
    })
    .await;
}
