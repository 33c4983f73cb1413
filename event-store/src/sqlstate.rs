//! What kind of error Postgres speaks of, by its SQLSTATE: five characters, of which the first two are a class (Appendix A of the
//! manual of Postgres).

use std::borrow::Cow;

use sqlx::error::DatabaseError;

/// A class of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(&'static str);

impl Class {
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
