//! What kind of error Postgres speaks of, by its SQLSTATE: five characters, of which the first two are a class (Appendix A of the
//! manual of Postgres).

use std::borrow::Cow;

use sqlx::error::DatabaseError;

/// A class of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(&'static str);

impl Class {
    /// The connection.
    pub const CONNECTION_EXCEPTION: Self = Self("08");
    /// A value that can't be taken for what it should be.
    pub const DATA_EXCEPTION: Self = Self("22");
    /// What a key, a reference or a check forbids.
    pub const INTEGRITY_CONSTRAINT_VIOLATION: Self = Self("23");
    /// A statement that is wrong by itself, or that this role may not run.
    pub const SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION: Self = Self("42");
    /// More than Postgres can hold in one piece.
    pub const PROGRAM_LIMIT_EXCEEDED: Self = Self("54");
    /// Somebody ended the statement, the connection or the server.
    pub const OPERATOR_INTERVENTION: Self = Self("57");

    /// Whether an error of this SQLSTATE is in it.
    pub fn has(self, sqlstate: &str) -> bool {
        sqlstate.starts_with(self.0)
    }
}

/// A character that the database's encoding has not, NUL in JSON among them.
pub const UNTRANSLATABLE_CHARACTER: &str = "22P05";
/// A write in a transaction that may only read: on a standby there is no other.
pub const READ_ONLY_SQL_TRANSACTION: &str = "25006";
/// Two wait for each other.
pub const DEADLOCK_DETECTED: &str = "40P01";
/// No such function.
pub const UNDEFINED_FUNCTION: &str = "42883";
/// No such table.
pub const UNDEFINED_TABLE: &str = "42P01";

/// Somebody else held a lock for longer than `lock_timeout`.
pub const LOCK_NOT_AVAILABLE: &str = "55P03";
/// No more connections are taken.
pub const TOO_MANY_CONNECTIONS: &str = "53300";
/// The server shuts down.
pub const ADMIN_SHUTDOWN: &str = "57P01";
/// The server shut down because a part of it crashed.
pub const CRASH_SHUTDOWN: &str = "57P02";
/// The server starts.
pub const CANNOT_CONNECT_NOW: &str = "57P03";

/// What Postgres calls an error; nothing where it isn't Postgres that speaks.
pub fn of(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(DatabaseError::code)
}

/// Whether Postgres calls an error so.
pub fn is(error: &sqlx::Error, sqlstate: &str) -> bool {
    of(error).is_some_and(|said| said == sqlstate)
}

/// Whether an error is of what was to be stored, which won't be taken tomorrow either.
pub fn is_of_data(sqlstate: &str) -> bool {
    [Class::DATA_EXCEPTION, Class::INTEGRITY_CONSTRAINT_VIOLATION, Class::PROGRAM_LIMIT_EXCEEDED]
        .into_iter()
        .any(|class| class.has(sqlstate))
}

/// Whether an error is of a server that can't be written to now, or is another's by now: what was the primary may be none any
/// more.
pub fn is_of_a_lost_server(sqlstate: &str) -> bool {
    Class::CONNECTION_EXCEPTION.has(sqlstate)
        || [
            READ_ONLY_SQL_TRANSACTION,
            TOO_MANY_CONNECTIONS,
            ADMIN_SHUTDOWN,
            CRASH_SHUTDOWN,
            CANNOT_CONNECT_NOW,
        ]
        .contains(&sqlstate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_that_ends_or_begins_is_of_a_lost_one() {
        for (code, lost) in [
            ("57P01", true),
            ("57P02", true),
            ("57P03", true),
            ("08006", true),
            ("53300", true),
            ("25006", true),
            ("25P02", false),
            ("23505", false),
            ("57014", false),
            ("42P01", false),
            ("", false),
        ] {
            assert_eq!(is_of_a_lost_server(code), lost, "{code}");
        }
    }
}
