//! A place in the log that can be checked: a position and the chain's hash there.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// A link of the chain: SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash before the first group.
    pub const ZERO: Self = Self([0; 32]);

    /// As Postgres has it.
    pub(crate) fn of_row(bytes: &[u8]) -> Result<Self, sqlx::Error> {
        Self::try_from(bytes).map_err(|error| sqlx::Error::Decode(Box::new(error)))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = BadHead;
    fn try_from(bytes: &[u8]) -> Result<Self, BadHead> {
        bytes.try_into().map(Self).map_err(|_| BadHead)
    }
}

/// The end of a group: the position of its last event and the chain's hash over everything up to it.
///
/// Written `position:hash`; this is what an auditor writes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The position of the last event; 0 for an empty log.
    pub position: i64,
    /// The chain's hash there.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty log.
    pub const EMPTY: Self = Self { position: 0, hash: Hash::ZERO };

    /// Where the log ends now, and when that was recorded: of an empty log the Unix epoch.
    pub(crate) async fn current(db: impl PgExecutor<'_>) -> Result<(Self, DateTime<Utc>), sqlx::Error> {
        let last = sqlx::query!(
            "SELECT last_position, hash, recorded_at FROM log_groups ORDER BY last_position DESC LIMIT 1"
        );
        let Some(row) = last.fetch_optional(db).await? else {
            return Ok((Self::EMPTY, DateTime::UNIX_EPOCH));
        };
        Ok((Self { position: row.last_position, hash: Hash::of_row(&row.hash)? }, row.recorded_at))
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, self.hash)
    }
}

/// The text is not `position:hash` with 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a head is written POSITION:HASH, the hash with 64 hexadecimal digits")]
pub struct BadHead;

impl FromStr for Head {
    type Err = BadHead;

    fn from_str(text: &str) -> Result<Self, BadHead> {
        let (position, hash) = text.split_once(':').ok_or(BadHead)?;
        let bytes = hex::decode(hash).map_err(|_| BadHead)?;
        let position = position.parse().ok().filter(|p| *p >= 0).ok_or(BadHead)?;
        Ok(Self { position, hash: bytes.as_slice().try_into()? })
    }
}
