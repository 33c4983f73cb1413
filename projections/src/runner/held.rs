//! Who is at work on what: whoever feeds or rebuilds a read model holds a lock of Postgres for as long as it lives, so
//! one that was killed is told from one that goes on.

use std::collections::BTreeSet;

use sqlx::PgPool;

/// The name of the lock that all hold, beside each other, who feed a version of a read model or stand by to.
pub(crate) fn feeders(model: &str, version: i32) -> String {
    format!("feeders.{model}.{version}")
}

/// The name of the lock that a replay holds: of a read model, or of an index of product search.
pub(crate) fn replayer(name: &str) -> String {
    format!("replay.{name}")
}

/// Which locks are held.
#[derive(Debug)]
pub(crate) enum Held {
    /// These, of those that were asked for.
    These(BTreeSet<String>),
    /// Nobody can say here: a standby doesn't know of the primary's locks.
    Unknown,
}

impl Held {
    /// Which of these locks anybody holds.
    pub(crate) async fn of(pool: &PgPool, names: &[String]) -> Result<Self, sqlx::Error> {
        // A lock of one number is shown as its two halves.
        let asked = sqlx::query!(
            r#"WITH held AS MATERIALIZED (
                   SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks
                   WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
               SELECT pg_is_in_recovery() AS "is_standby!",
                      ARRAY(SELECT name FROM unnest($1::text[]) AS asked(name)
                            WHERE hashtextextended('daybook.projections.' || name, 0) IN (SELECT key FROM held))
                          AS "names!""#,
            names
        );
        let found = asked.fetch_one(pool).await?;
        Ok(if found.is_standby { Self::Unknown } else { Self::These(found.names.into_iter().collect()) })
    }

    /// Whether somebody is known to hold this one.
    pub(crate) fn is_held(&self, name: &str) -> bool {
        matches!(self, Self::These(names) if names.contains(name))
    }

    /// Whether it is known that nobody does.
    pub(crate) fn is_free(&self, name: &str) -> bool {
        matches!(self, Self::These(names) if !names.contains(name))
    }
}
