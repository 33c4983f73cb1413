//! Rules 1, 2, 3, 8 and 9: the append itself.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use event_store::append::{Appended, Group, Sealed, append};
use event_store::digest::{Columns, GroupDigest, chain};
use event_store::{Hash, Head};
use sha2::{Digest, Sha256};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::sync::watch;
use uuid::Uuid;

use crate::harness::{Database, code, event, group, sealed, test};

/// Appends on whatever head there is until so many groups are in, rolling back, and dying, in between.
async fn appender(database: &Database, name: &str, groups: i64) {
    let mut connection = database.app().connect().await.unwrap();
    let mut sequence = 0;
    for turn in 0.. {
        if sequence == 2 * groups {
            return;
        }
        let next = sealed(group(&[(name, sequence + 1), (name, sequence + 2)]), database.head().await);
        match turn % 5 {
            3 => {
                let mut transaction = connection.begin().await.unwrap();
                append(&mut transaction, &next).await.unwrap();
                transaction.rollback().await.unwrap();
            }
            4 => {
                // Dies with its transaction open.
                let mut dying = database.app().connect().await.unwrap();
                let mut transaction = dying.begin().await.unwrap();
                append(&mut transaction, &next).await.unwrap();
                std::mem::forget(transaction);
                drop(dying);
            }
            _ => {
                // Whoever holds the lock commits first, so this is a swap that is lost, and never an error.
                if append(&mut connection, &next).await.unwrap() == Appended::Here {
                    sequence += 2;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_01_positions_have_no_hole_and_no_late_arrival() {
    test(async |database| {
        let done = watch::Sender::new(false);
        let poll = async || {
            let ended = done.subscribe();
            let (mut last, mut polls) = (0, 0_u32);
            loop {
                let ended = *ended.borrow();
                let positions: Vec<i64> =
                    sqlx::query_scalar("SELECT position FROM events WHERE position > $1 ORDER BY position")
                        .bind(last)
                        .fetch_all(&database.pool)
                        .await
                        .unwrap();
                for position in positions {
                    assert_eq!(position, last + 1, "a reader that had come to {last} missed something");
                    last = position;
                }
                polls += 1;
                if ended {
                    return (last, polls);
                }
            }
        };
        let append_all = async {
            tokio::join!(
                appender(database, "a", 40),
                appender(database, "b", 40),
                appender(database, "c", 40),
                appender(database, "d", 40)
            );
            done.send_replace(true);
        };
        let (first, second, ()) = tokio::join!(poll(), poll(), append_all);
        assert_eq!((first.0, second.0), (320, 320));
        database.verify().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_01_the_lock_comes_before_the_head_is_read() {
    test(async |database| {
        let mut holder = database.app().connect().await.unwrap();
        let first = sealed(group(&[("a", 1)]), Head::EMPTY);
        let second = sealed(group(&[("b", 1)]), first.head());
        let mut transaction = holder.begin().await.unwrap();
        append(&mut transaction, &first).await.unwrap();
        // Waits for the lock, and sees afterwards what its holder has committed.
        let mut follower = database.app().connect().await.unwrap();
        let (outcome, ()) = tokio::join!(append(&mut follower, &second), async {
            database.until_waiting(1).await;
            transaction.commit().await.unwrap();
        });
        assert_eq!(outcome.unwrap(), Appended::Here);
    })
    .await;
}

#[tokio::test]
async fn rule_01_only_read_committed_appends() {
    test(async |database| {
        for isolation in ["REPEATABLE READ", "SERIALIZABLE"] {
            let mut connection = database.app().connect().await.unwrap();
            let mut transaction = connection.begin().await.unwrap();
            let set = format!("SET TRANSACTION ISOLATION LEVEL {isolation}");
            sqlx::query(&set).execute(&mut *transaction).await.unwrap();
            let refused = append(&mut transaction, &sealed(group(&[("a", 1)]), Head::EMPTY)).await;
            assert_eq!(code(refused), "DB001", "{isolation}");
        }
    })
    .await;
}

#[tokio::test]
async fn rule_01_an_append_that_may_be_forgotten_is_refused() {
    test(async |database| {
        let mut connection = database.app().connect().await.unwrap();
        sqlx::query("SET synchronous_commit = off").execute(&mut connection).await.unwrap();
        let refused = append(&mut connection, &sealed(group(&[("a", 1)]), Head::EMPTY)).await;
        assert_eq!(code(refused), "DB001");
    })
    .await;
}

#[tokio::test]
async fn rule_02_the_head_costs_the_same_under_an_old_snapshot() {
    test(async |database| {
        let head = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM log_head";
        let blocks = async || {
            let plan: serde_json::Value =
                sqlx::query(head).fetch_one(&database.pool).await.unwrap().get::<_, _>(0);
            let plan = &plan[0]["Plan"];
            plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap()
        };
        // A pg_dump, an analyst.
        let mut old = database.app().connect().await.unwrap();
        let mut snapshot = old.begin().await.unwrap();
        sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events")
            .execute(&mut *snapshot)
            .await
            .unwrap();

        let mut connection = database.app().connect().await.unwrap();
        let mut head = Head::EMPTY;
        for sequence in 1..=600 {
            let next = sealed(group(&[("a", sequence)]), head);
            append(&mut connection, &next).await.unwrap();
            head = next.head();
        }
        let blocks = blocks().await;
        assert!(blocks <= 5, "reading the head took {blocks} blocks");
        assert_eq!(database.number("SELECT count(*) FROM log_groups").await, 600);
        assert_eq!(database.number("SELECT position FROM log_head").await, 600);
        snapshot.rollback().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_03_the_right_position_with_another_hash_is_refused() {
    test(async |database| {
        let mut connection = database.app().connect().await.unwrap();
        // X decides N, three events, and N+1 on top of it. N is lost, Y appends three events.
        let lost = sealed(group(&[("a", 1), ("a", 2), ("a", 3)]), Head::EMPTY);
        let next = sealed(group(&[("a", 4)]), lost.head());
        database.append(&[("b", 1), ("b", 2), ("b", 3)]).await;
        assert_eq!(append(&mut connection, &lost).await.unwrap(), Appended::Moved);
        assert_eq!(append(&mut connection, &next).await.unwrap(), Appended::Moved);
        assert_eq!(database.head().await.position, 3);
    })
    .await;
}

#[tokio::test]
async fn rule_03_no_hash_is_not_the_right_hash() {
    test(async |database| {
        database.append(&[("b", 1)]).await;
        for (position, hash) in [("1", "NULL"), ("NULL", "(SELECT hash FROM log_head)")] {
            let outcome: String = sqlx::query_scalar(&format!(
                "SELECT append_group({position}, {hash}, gen_random_uuid(), now(), sha256(''), sha256(''), '{{stock}}',
                        '{{a}}', '{{1}}', ARRAY[gen_random_uuid()], '{{Received}}', '{{1.0}}', ARRAY['{{}}'],
                        ARRAY['{{}}'], '{{}}', '{{}}', '{{}}', '{{}}', '{{}}')"
            ))
            .fetch_one(&database.pool)
            .await
            .unwrap();
            assert_eq!(outcome, "moved");
        }
    })
    .await;
}

#[tokio::test]
async fn rule_03_a_group_is_appended_once_however_often_it_is_sent() {
    test(async |database| {
        let mut connection = database.app().connect().await.unwrap();
        let first = sealed(group(&[("a", 1)]), Head::EMPTY);
        assert_eq!(append(&mut connection, &first).await.unwrap(), Appended::Here);
        assert_eq!(append(&mut connection, &first).await.unwrap(), Appended::Here);
        database.append(&[("b", 1)]).await;
        assert_eq!(append(&mut connection, &first).await.unwrap(), Appended::Here);
        assert_eq!(database.head().await.position, 2);
    })
    .await;
}

#[tokio::test]
async fn rule_08_recorded_at_is_kept_to_the_microsecond_and_never_falls() {
    test(async |database| {
        let mut connection = database.app().connect().await.unwrap();
        let late: DateTime<Utc> = "2031-01-01T00:00:00.000001999Z".parse().unwrap();
        let first = Sealed::new(group(&[("a", 1)]).into(), Head::EMPTY, late, DateTime::UNIX_EPOCH);
        append(&mut connection, &first).await.unwrap();
        assert_eq!(database.events().await[0].recorded_at, first.recorded_at());
        assert_eq!(first.recorded_at(), late.duration_trunc(TimeDelta::microseconds(1)).unwrap());

        // Another process, whose clock is behind, takes the head's.
        let second = Sealed::new(group(&[("b", 1)]).into(), first.head(), Utc::now(), first.recorded_at());
        append(&mut connection, &second).await.unwrap();
        assert_eq!(database.events().await[1].recorded_at, first.recorded_at());

        // One that doesn't is refused.
        let earlier = first.recorded_at() - TimeDelta::microseconds(1);
        let third = Sealed::new(group(&[("c", 1)]).into(), second.head(), earlier, earlier);
        assert_eq!(code(append(&mut connection, &third).await), "DB002");
        database.verify().await.unwrap();
    })
    .await;
}

fn columns() -> Columns<'static> {
    Columns {
        position: 7,
        recorded_at: 1_700_000_000_000_001,
        event_id: Uuid::from_u128(0x0123_4567_89ab_7def_8123_4567_89ab_cdef),
        sequence: 3,
        aggregate_type: b"stock",
        aggregate_id: b"42",
        event_type: b"Received",
        event_version: b"1.0",
        payload: b"{}",
        metadata: b"{ }",
    }
}

fn digest(columns: &Columns<'_>) -> [u8; 32] {
    let mut digest = GroupDigest::default();
    digest.add(columns);
    digest.finish()
}

#[test]
fn rule_09_the_digest_is_what_is_documented() {
    let mut sha = Sha256::new();
    for text in [
        "7",
        "1700000000000001",
        "01234567-89ab-7def-8123-456789abcdef",
        "3",
        "stock",
        "42",
        "Received",
        "1.0",
        "{}",
        "{ }",
    ] {
        sha.update(u32::try_from(text.len()).unwrap().to_be_bytes());
        sha.update(text);
    }
    assert_eq!(digest(&columns()), <[u8; 32]>::from(sha.finalize()));
}

#[test]
fn rule_09_events_with_other_column_boundaries_have_other_digests() {
    let shifted = [
        Columns { aggregate_type: b"stoc", aggregate_id: b"k42", ..columns() },
        Columns { aggregate_id: b"4", event_type: b"2Received", ..columns() },
        Columns { event_type: b"Received1", event_version: b".0", ..columns() },
        Columns { event_version: b"1.0{}", payload: b"", ..columns() },
        Columns { payload: b"{}{ }", metadata: b"", ..columns() },
        Columns { sequence: 3, position: 71, recorded_at: 700_000_000_000_001, ..columns() },
    ];
    for other in shifted {
        assert_ne!(digest(&columns()), digest(&other), "{other:?}");
    }
    // Nor is a group of two events that of others whose columns, one after another, read the same.
    let mut together = GroupDigest::default();
    together.add(&columns());
    together.add(&columns());
    assert_ne!(together.finish(), digest(&columns()));
}

#[test]
fn rule_09_the_chain_holds_everything_of_a_group() {
    let at = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
    let id = Uuid::from_u128(7);
    let link = chain(Hash([1; 32]), id, 4, 9, at, &[2; 32]);
    for other in [
        chain(Hash([0; 32]), id, 4, 9, at, &[2; 32]),
        chain(Hash([1; 32]), Uuid::from_u128(8), 4, 9, at, &[2; 32]),
        chain(Hash([1; 32]), id, 5, 9, at, &[2; 32]),
        chain(Hash([1; 32]), id, 4, 8, at, &[2; 32]),
        chain(Hash([1; 32]), id, 4, 9, at + TimeDelta::microseconds(1), &[2; 32]),
        chain(Hash([1; 32]), id, 4, 9, at, &[3; 32]),
    ] {
        assert_ne!(link, other);
    }
}

#[tokio::test]
async fn rule_09_every_text_comes_back_as_it_was_hashed() {
    test(async |database| {
        let mut odd = event("ключ \"'\\ 🛒", 1);
        odd.payload = " {\"b\" : 1e2,\"a\":1.0, \"a\":2,\t\"c\":\"\\u00e9\\u0001\\\"\"}\n".to_owned();
        odd.metadata = "{\"x\":\"\\uD83D\\uDED2\"}".into();
        let group = Group { events: vec![odd.clone()], keys: Vec::new() };
        let mut connection = database.app().connect().await.unwrap();
        append(&mut connection, &sealed(group, Head::EMPTY)).await.unwrap();
        let stored = &database.events().await[0];
        assert_eq!((&stored.payload, &*stored.metadata), (&odd.payload, &*odd.metadata));
        database.verify().await.unwrap();
    })
    .await;
}
