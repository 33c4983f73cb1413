//! Rules 5 and 6: what a connection that appends is like, and what the application may not do.

use event_store::append::{Appended, append};
use event_store::{Head, connect};
use sqlx::ConnectOptions;

use crate::harness::{code, group, sealed, test};

#[tokio::test]
async fn rule_05_a_connection_that_appends_does_not_hold_others_for_long() {
    test(async |database| {
        let mut connection = connect::appending(&database.app()).connect().await.unwrap();
        for (setting, wanted) in [
            ("idle_in_transaction_session_timeout", "1s"),
            ("lock_timeout", "10s"),
            ("client_connection_check_interval", "1s"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
        ] {
            let show = format!("SHOW {setting}");
            let found: String = sqlx::query_scalar(&show).fetch_one(&mut connection).await.unwrap();
            assert_eq!(found, wanted, "{setting}");
        }
    })
    .await;
}

#[tokio::test]
async fn rule_06_the_application_can_change_nothing_that_is_in_the_log() {
    test(async |database| {
        database.append(&[("a", 1)]).await;
        for statement in [
            "INSERT INTO events SELECT position + 1, recorded_at, event_id, sequence + 1, aggregate_type, aggregate_id,
                                       event_type, event_version, payload, metadata FROM events",
            "UPDATE events SET payload = '{}'",
            "DELETE FROM events",
            "TRUNCATE events",
            "SELECT FROM events FOR UPDATE",
            "INSERT INTO log_groups SELECT last_position + 1, first_position + 1, recorded_at, group_id, digest, hash
                                    FROM log_groups",
            "UPDATE log_groups SET digest = hash",
            "DELETE FROM log_groups",
            "TRUNCATE log_groups",
            "UPDATE log_head SET position = 0",
            "DELETE FROM log_head",
            "INSERT INTO idempotency_keys VALUES (sha256(''), '', 200, '', 1)",
            "UPDATE idempotency_keys SET status = 500",
            "DELETE FROM idempotency_keys",
            "TRUNCATE idempotency_keys",
            "ALTER TABLE events DROP CONSTRAINT events_pkey",
            "DROP INDEX events_position",
            "CREATE TRIGGER t BEFORE INSERT ON events EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "ALTER FUNCTION append_group SECURITY INVOKER",
            "DROP FUNCTION append_group",
            "CREATE TABLE public.mine ()",
            "SET session_replication_role = replica",
        ] {
            let code = code(sqlx::query(statement).execute(&database.pool).await);
            // Not permitted, or not possible for anybody: the head is a view.
            assert!(["42501", "55000"].contains(&&*code), "{statement}: {code}");
        }
        assert_eq!(database.events().await.len(), 1);
        database.verify().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rule_06_nobody_else_may_append() {
    test(async |database| {
        let grantees = "SELECT count(*) FROM pg_proc p, aclexplode(p.proacl) a
                        WHERE p.proname IN ('append_group', 'lock_and_missed') AND a.privilege_type = 'EXECUTE'
                          AND a.grantee NOT IN (p.proowner, 'daybook_app'::regrole)";
        assert_eq!(database.number(grantees).await, 0);
        assert_eq!(
            database.number("SELECT count(*) FROM pg_proc WHERE proname = 'append_group' AND proacl IS NULL").await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn rule_06_no_table_of_the_callers_own_stands_before_the_log() {
    test(async |database| {
        let mut connection = database.app().connect().await.unwrap();
        sqlx::raw_sql(
            "CREATE TEMP TABLE events (LIKE public.events); CREATE TEMP TABLE log_groups (LIKE public.log_groups);
             SET search_path = pg_temp, public",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        let appended = append(&mut connection, &sealed(group(&[("a", 1)]), Head::EMPTY)).await.unwrap();
        assert_eq!(appended, Appended::Here);
        assert_eq!(database.number("SELECT count(*) FROM public.events").await, 1);
    })
    .await;
}

#[tokio::test]
async fn rule_06_events_has_the_primary_key_of_postgres_es() {
    test(async |database| {
        let key: String = sqlx::query_scalar(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'events'::regclass AND contype = 'p'",
        )
        .fetch_one(&database.pool)
        .await
        .unwrap();
        assert_eq!(key, "PRIMARY KEY (aggregate_type, aggregate_id, sequence)");
    })
    .await;
}
