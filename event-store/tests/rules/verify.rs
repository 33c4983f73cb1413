//! Rule 9: whatever a superuser changes is found, and where.

use chrono::DateTime;
use event_store::digest::{Columns, GroupDigest, chain};
use event_store::verify::{VerifyError, verify};
use event_store::{Hash, Head};
use tokio::sync::watch;
use uuid::Uuid;

use crate::harness::{Database, test};
use crate::process::Process;
use crate::shop::StockCommand;

/// Five groups: positions 1–2, 3, 4–6, 7, 8.
async fn five_groups(database: &Database) {
    for streams in
        [&[("a", 1), ("b", 1)][..], &[("a", 2)], &[("a", 3), ("b", 2), ("c", 1)], &[("a", 4)], &[("b", 3)]]
    {
        database.append(streams).await;
    }
}

/// Each in a database as it was: the superuser's change is undone afterwards.
async fn each_is_found(cases: &[(&str, &str)]) {
    test(async |database| {
        five_groups(database).await;
        let mut superuser = database.superuser().await;
        sqlx::raw_sql("CREATE TABLE kept_events AS TABLE events; CREATE TABLE kept_groups AS TABLE log_groups")
            .execute(&mut superuser)
            .await
            .unwrap();
        for (tampering, found) in cases {
            database.verify().await.unwrap();
            // The constraints are no obstacle to whoever may drop them.
            database.tamper(tampering).await;
            let error = database.verify().await.expect_err(tampering);
            assert!(error.to_string().contains(found), "{tampering}: {error}");
            sqlx::raw_sql(
                "TRUNCATE events, log_groups; INSERT INTO events TABLE kept_events; INSERT INTO log_groups TABLE kept_groups",
            )
            .execute(&mut superuser)
            .await
            .unwrap();
        }
        assert_eq!(database.verify().await.unwrap().groups, 5);
    })
    .await;
}

#[tokio::test]
async fn rule_09_a_change_in_any_column_of_an_event_is_found() {
    each_is_found(&[
        (
            "UPDATE events SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 5",
            "4 to 6",
        ),
        ("UPDATE events SET event_id = gen_random_uuid() WHERE position = 5", "4 to 6"),
        ("UPDATE events SET sequence = 9 WHERE position = 5", "4 to 6"),
        ("UPDATE events SET aggregate_type = 'stocl' WHERE position = 5", "4 to 6"),
        ("UPDATE events SET aggregate_id = 'B' WHERE position = 5", "4 to 6"),
        ("UPDATE events SET event_type = 'Receiveb' WHERE position = 5", "4 to 6"),
        ("UPDATE events SET event_version = '1.1' WHERE position = 5", "4 to 6"),
        ("UPDATE events SET payload = replace(payload::text, '1', '2')::json WHERE position = 5", "4 to 6"),
        ("UPDATE events SET payload = (payload::text || ' ')::json WHERE position = 5", "4 to 6"),
        ("UPDATE events SET metadata = '{ }' WHERE position = 5", "4 to 6"),
        ("UPDATE events SET position = 9 WHERE position = 8", "8 to 8"),
        ("UPDATE events SET position = 900 WHERE position = 5", "4 to 6"),
        ("UPDATE events SET payload = '{}' WHERE position = 1", "1 to 2"),
        ("UPDATE events SET payload = '{}' WHERE position = 8", "8 to 8"),
    ])
    .await;
}

/// Every byte of every text, one at a time.
#[tokio::test]
async fn rule_09_any_single_byte_is_found() {
    test(async |database| {
        let x = Process::start(database).await;
        x.stock("ab", StockCommand::ReceiveEach(2)).await.unwrap();
        database.verify().await.unwrap();
        for column in ["payload", "metadata", "event_type", "event_version", "aggregate_type", "aggregate_id"] {
            let kind = if column == "payload" || column == "metadata" { "json" } else { "text" };
            let length = database.number(&format!("SELECT length({column}::text)::bigint FROM events LIMIT 1")).await;
            let mut superuser = database.superuser().await;
            for place in 1..=length {
                sqlx::raw_sql("CREATE TABLE kept AS TABLE events").execute(&mut superuser).await.unwrap();
                // What is no JSON any more can't be stored, by a superuser either.
                let changed = sqlx::raw_sql(&format!(
                    "UPDATE events SET {column} = overlay({column}::text placing chr(ascii(substr({column}::text, {place}, 1)) # 1)
                                                          from {place})::{kind} WHERE position = 1"
                ))
                .execute(&mut superuser)
                .await;
                if changed.is_ok() {
                    let error = database.verify().await.expect_err("a byte was changed");
                    assert!(matches!(error, VerifyError::Altered { first: 1, last: 2 }), "{column} {place}: {error}");
                }
                sqlx::raw_sql("TRUNCATE events; INSERT INTO events TABLE kept; DROP TABLE kept")
                    .execute(&mut superuser)
                    .await
                    .unwrap();
            }
        }
        database.verify().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_09_a_row_that_is_gone_added_or_elsewhere_is_found() {
    let copy = "INSERT INTO events SELECT %, recorded_at, gen_random_uuid(), 99, aggregate_type, aggregate_id, event_type,
                event_version, payload, metadata FROM events WHERE position = 5";
    let added = |position: &str| copy.replace('%', position);
    each_is_found(&[
        ("DELETE FROM events WHERE position = 1", "1 to 2"),
        ("DELETE FROM events WHERE position = 5", "4 to 6"),
        ("DELETE FROM events WHERE position = 8", "8 to 8"),
        ("DELETE FROM events", "1 to 2"),
        (&added("9"), "position 9"),
        (&added("1000000"), "position 1000000"),
        (&format!("ALTER TABLE events DROP CONSTRAINT events_position_check; {}", added("0")), "position 0"),
        (&added("-5"), "position -5"),
        (&format!("DROP INDEX events_position; {}", added("5")), "4 to 6"),
        (
            "UPDATE events SET position = CASE position WHEN 4 THEN 6 ELSE 4 END WHERE position IN (4, 6)",
            "4 to 6",
        ),
        (
            "UPDATE events SET position = CASE position WHEN 3 THEN 7 ELSE 3 END WHERE position IN (3, 7)",
            "3 to 3",
        ),
        // Two events' contents, at the places where they were.
        (
            "UPDATE events e SET payload = o.payload, metadata = '{\"a\":\"1\"}' FROM events o
             WHERE e.position = 5 AND o.position = 6",
            "4 to 6",
        ),
    ])
    .await;
}

#[tokio::test]
async fn rule_09_a_group_that_is_changed_or_gone_is_found() {
    each_is_found(&[
        ("UPDATE log_groups SET digest = sha256('') WHERE last_position = 6", "4 to 6"),
        ("UPDATE log_groups SET hash = sha256('') WHERE last_position = 6", "4 to 6"),
        ("UPDATE log_groups SET hash = sha256('') WHERE last_position = 8", "8 to 8"),
        ("UPDATE log_groups SET group_id = gen_random_uuid() WHERE last_position = 6", "4 to 6"),
        (
            "UPDATE log_groups SET recorded_at = recorded_at + interval '1 microsecond' WHERE last_position = 6",
            "4 to 6",
        ),
        ("UPDATE log_groups SET first_position = 3 WHERE last_position = 6", "3 to 6"),
        ("UPDATE log_groups SET first_position = 5 WHERE last_position = 6", "4"),
        ("UPDATE log_groups SET last_position = 5 WHERE last_position = 6", "4 to 5"),
        ("UPDATE log_groups SET last_position = 9 WHERE last_position = 8", "8 to 9"),
        ("DELETE FROM log_groups WHERE last_position = 2", "3 to 3"),
        ("DELETE FROM log_groups WHERE last_position = 6", "position 4"),
        ("DELETE FROM log_groups WHERE last_position = 8", "position 8"),
        ("DELETE FROM log_groups", "position 1"),
        ("DELETE FROM log_groups WHERE last_position = 6; DELETE FROM events WHERE position BETWEEN 4 AND 6", "7 to 7"),
        ("DELETE FROM log_groups WHERE last_position = 2; DELETE FROM events WHERE position <= 2", "3 to 3"),
        (
            "INSERT INTO log_groups SELECT 10, 9, recorded_at, gen_random_uuid(), digest, hash FROM log_groups
             WHERE last_position = 8",
            "9 to 10",
        ),
    ])
    .await;
}

/// Links of the chain that are right, to a group that does not begin where the one before it ends.
#[tokio::test]
async fn rule_09_positions_that_no_group_has_are_found() {
    test(async |database| {
        five_groups(database).await;
        let (head, id) = (database.head().await, Uuid::now_v7());
        let at = DateTime::from_timestamp_micros(1_900_000_000_000_000).unwrap();
        let mut digest = GroupDigest::default();
        digest.add(&Columns {
            position: 10,
            recorded_at: at.timestamp_micros(),
            event_id: id,
            sequence: 4,
            aggregate_type: b"stock",
            aggregate_id: b"b",
            event_type: b"Received",
            event_version: b"1.0",
            payload: b"{}",
            metadata: b"{}",
        });
        let digest = digest.finish();
        let hash = chain(head.hash, id, 10, 10, at, &digest);
        let digest = hex::encode(digest);
        database
            .tamper(&format!(
                "INSERT INTO events VALUES (10, '{at}', '{id}', 4, 'stock', 'b', 'Received', '1.0', '{{}}', '{{}}');
                 INSERT INTO log_groups VALUES (10, 10, '{at}', '{id}', '\\x{digest}', '\\x{hash}')"
            ))
            .await;
        let found = database.verify().await;
        assert!(matches!(found, Err(VerifyError::Untiled { before: 8, first: 10, last: 10 })), "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn rule_09_a_chain_that_was_rewritten_is_found_by_a_head_that_was_written_down() {
    test(async |database| {
        five_groups(database).await;
        let log = database.log();
        let written_down = database.head().await;
        let early = log.group_of(3).await.unwrap().unwrap();
        let check = async |head: Head| verify(&log, Some(head), |_| {}).await;
        for head in [Head::EMPTY, early, written_down] {
            check(head).await.unwrap();
        }
        // Whoever may rewrite everything rewrites everything from position 4 on.
        database
            .tamper("DELETE FROM events WHERE position > 3; DELETE FROM log_groups WHERE last_position > 3")
            .await;
        for streams in [&[("a", 3), ("b", 2), ("x", 1)][..], &[("a", 4)], &[("b", 3)]] {
            database.append(streams).await;
        }
        database.verify().await.unwrap();
        check(early).await.unwrap();
        let found = check(written_down).await;
        assert!(matches!(found, Err(VerifyError::OtherHead { found: Some(_), .. })), "{found:?}");
        // Nor is there a head that the log has not come to, or inside of a group, or of nothing.
        for head in [
            Head { position: 9, ..written_down },
            Head { position: 5, ..written_down },
            Head { position: 0, hash: Hash([1; 32]) },
        ] {
            assert!(matches!(check(head).await, Err(VerifyError::OtherHead { .. })), "{head}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_09_a_log_that_grows_is_verified() {
    test(async |database| {
        let x = Process::start(database).await;
        x.stock("a", StockCommand::Receive(1)).await.unwrap();
        let done = watch::Sender::new(false);
        let grow = async {
            while !*done.borrow() {
                let sent: Vec<_> = (0..20).map(|_| x.stock("a", StockCommand::Receive(1))).collect();
                for sent in sent {
                    sent.await.unwrap();
                }
            }
        };
        let check = async {
            let mut head = 0;
            for _ in 0..30 {
                let verified = database.verify().await.unwrap();
                assert!(verified.head.position >= head);
                head = verified.head.position;
            }
            done.send_replace(true);
        };
        tokio::join!(grow, check);
    })
    .await;
}

/// More than one chunk, with groups across its bounds.
#[tokio::test]
async fn rule_09_a_large_log_is_verified_and_a_change_found_in_it() {
    test(async |database| {
        let x = Process::start(database).await;
        for group in 0..12 {
            x.stock("a", StockCommand::ReceiveEach(9_000 + group)).await.unwrap();
        }
        let head = database.head().await;
        assert_eq!(database.verify().await.unwrap().head, head);
        for position in [1, 49_999, 50_001, 99_000, head.position] {
            let group = database.log().group_of(position).await.unwrap().unwrap();
            let swap = |from: i64, to: i64| {
                format!("UPDATE events SET payload = '{{\"Received\":{{\"quantity\":{to}}}}}' WHERE position = {position} AND payload::text LIKE '%:{from}}}%'")
            };
            database.tamper(&swap(1, 2)).await;
            let found = database.verify().await;
            assert!(matches!(found, Err(VerifyError::Altered { last, .. }) if last == group.position), "{found:?}");
            database.tamper(&swap(2, 1)).await;
        }
        database.verify().await.unwrap();
    })
    .await;
}
