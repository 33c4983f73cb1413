//! Verifying that nobody altered the log: the work of `daybook audit verify`.
//!
//! One head is taken, and everything up to it is hashed again, in short statements, while appends go on.

mod copied;

use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{TryStreamExt, stream};
use sqlx::PgPool;
use sqlx::postgres::PgPoolCopyExt;
use uuid::Uuid;

use self::copied::CopiedRows;
use crate::digest::{Columns, GroupDigest, chain};
use crate::head::{Hash, Head};
use crate::log::{Log, LogError};

/// How many events one statement reads, and how many statements run at once.
const CHUNK: i64 = 50_000;
const CONCURRENT: usize = 2;

/// What is wrong, and where.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A row could not be read as this build writes it.
    #[error("an event after position {0} can't be read as a row of the log")]
    Unreadable(i64),
    /// The events of a group are not those that were appended.
    #[error("positions {first} to {last}: the events of this group are not those that were appended")]
    Altered {
        /// The group's first position.
        first: i64,
        /// The group's last position.
        last: i64,
    },
    /// A group is missing, doubled or was put in.
    #[error(
        "positions {first} to {last}: this group does not follow the one before it, which ends at {before}"
    )]
    Untiled {
        /// Where the group before ends.
        before: i64,
        /// The group's first position.
        first: i64,
        /// The group's last position.
        last: i64,
    },
    /// A group's hash is not the chain's.
    #[error("positions {first} to {last}: this group's hash does not go on from the one before it")]
    Unchained {
        /// The group's first position.
        first: i64,
        /// The group's last position.
        last: i64,
    },
    /// An event lies where no group is.
    #[error("position {0}: this event belongs to no group")]
    Outside(i64),
    /// The log is not the one that this head was written down from.
    #[error("the log does not have the head {expected}: at {} it has {}", .expected.position,
            .found.map_or_else(|| "no end of a group".to_owned(), |hash| hash.to_string()))]
    OtherHead {
        /// What had been written down.
        expected: Head,
        /// The hash that the log has at that position.
        found: Option<Hash>,
    },
}

impl From<sqlx::Error> for VerifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Log(error.into())
    }
}

/// What was verified.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    /// Everything up to here: a head to write down.
    pub head: Head,
    /// In how many groups.
    pub groups: u64,
}

struct Group {
    id: Uuid,
    first: i64,
    last: i64,
    recorded_at: DateTime<Utc>,
    digest: [u8; 32],
}

/// Verifies the whole log and, where a head had been written down, that the log still has it. `progress` is told
/// the position that everything up to is verified.
pub async fn verify(
    log: &Log,
    written_down: Option<Head>,
    progress: impl Fn(i64),
) -> Result<Verified, VerifyError> {
    let pool = log.pool();
    let head = log.head().await?;
    let mut chained = Head::EMPTY;
    let mut groups_verified = 0;
    let mut found = written_down.filter(|expected| expected.position == 0).map(|_| Hash::ZERO);

    // Chunks of groups are read in order, which is cheap; their events are hashed two chunks at a time.
    let chunks = stream::try_unfold(0, |after| async move {
        let (groups, end) = groups(pool, after, head.position).await?;
        Ok::<_, VerifyError>((!groups.is_empty()).then_some((groups, end)))
    });
    let checked = chunks
        .map_ok(|groups| {
            let pool = pool.clone();
            async move {
                tokio::spawn(check_events(pool, groups)).await.unwrap_or(Err(VerifyError::Unreadable(0)))
            }
        })
        .try_buffered(CONCURRENT);
    let mut checked = pin!(checked);
    while let Some(groups) = checked.try_next().await? {
        for (group, hash) in groups.iter() {
            let Group { id, first, last, recorded_at, digest } = group;
            let (first, last) = (*first, *last);
            if first != chained.position + 1 {
                return Err(VerifyError::Untiled { before: chained.position, first, last });
            }
            if chain(chained.hash, *id, first, last, *recorded_at, digest) != *hash {
                return Err(VerifyError::Unchained { first, last });
            }
            chained = Head { position: last, hash: *hash };
            if written_down.is_some_and(|expected| expected.position == last) {
                found = Some(*hash);
            }
            groups_verified += 1;
        }
        progress(chained.position);
    }
    if chained != head {
        return Err(VerifyError::Unchained { first: chained.position + 1, last: head.position });
    }
    outside(pool).await?;
    match written_down {
        Some(expected) if found != Some(expected.hash) => Err(VerifyError::OtherHead { expected, found }),
        _ => Ok(Verified { head, groups: groups_verified }),
    }
}

type Groups = Arc<Vec<(Group, Hash)>>;

/// The groups that end after `after` and hold some [`CHUNK`] events, and where they end.
async fn groups(pool: &PgPool, after: i64, until: i64) -> Result<(Groups, i64), VerifyError> {
    let rows = sqlx::query!(
        "SELECT group_id, first_position, last_position, recorded_at, digest, hash FROM log_groups
         WHERE last_position > $1 AND last_position <= $2
           AND last_position <= greatest($1 + $3, (SELECT min(last_position) FROM log_groups WHERE last_position > $1))
         ORDER BY last_position",
        after,
        until,
        CHUNK,
    )
    .fetch_all(pool)
    .await?;
    let groups = rows
        .into_iter()
        .map(|row| {
            let altered = || VerifyError::Altered { first: row.first_position, last: row.last_position };
            let digest = row.digest.as_slice().try_into().map_err(|_| altered())?;
            let hash = Hash::try_from(row.hash.as_slice()).map_err(|_| altered())?;
            let (first, last) = (row.first_position, row.last_position);
            Ok((Group { id: row.group_id, first, last, recorded_at: row.recorded_at, digest }, hash))
        })
        .collect::<Result<Vec<_>, VerifyError>>()?;
    let end = groups.last().map_or(until, |(group, _)| group.last);
    Ok((Arc::new(groups), end))
}

/// Hashes the events of these groups again.
async fn check_events(pool: PgPool, groups: Groups) -> Result<Groups, VerifyError> {
    let (Some((from, _)), Some((to, _))) = (groups.first(), groups.last()) else { return Ok(groups) };
    // COPY in binary: half a million rows a second pass through, where decoding rows one by one is the bottleneck. Its
    // statement can't take parameters; these two are integers.
    let copy = format!(
        "COPY (SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload::text, metadata::text
               FROM events WHERE position BETWEEN {} AND {} ORDER BY position) TO STDOUT (FORMAT binary)",
        from.first, to.last
    );
    let mut rows = CopiedRows::default();
    let mut checker = Checker { groups: &groups, at: 0, digest: GroupDigest::default() };
    let mut copied = pool.copy_out_raw(&copy).await?;
    let mut found = Ok(());
    // Read to the end, whatever is found: a connection that goes back to its pool in the middle of a COPY answers its
    // next user with what is left of it.
    while let Some(bytes) = copied.try_next().await? {
        if found.is_ok() {
            rows.feed(&bytes);
            found = rows.check(&mut checker);
        }
    }
    drop(copied);
    found?;
    checker.finish()?;
    Ok(groups)
}

/// Gives events to the groups that they must lie in.
struct Checker<'a> {
    groups: &'a [(Group, Hash)],
    at: usize,
    digest: GroupDigest,
}

impl Checker<'_> {
    fn position(&self) -> i64 {
        self.groups.get(self.at).map_or(0, |(group, _)| group.first - 1)
    }

    fn event(&mut self, event: &Columns<'_>) -> Result<(), VerifyError> {
        while let Some((group, _)) = self.groups.get(self.at) {
            if event.position <= group.last {
                if event.position < group.first {
                    return Err(VerifyError::Outside(event.position));
                }
                // Every event of a group has the group's moment: the chain holds that too.
                self.digest.add(event);
                return Ok(());
            }
            self.close()?;
        }
        Err(VerifyError::Outside(event.position))
    }

    fn close(&mut self) -> Result<(), VerifyError> {
        if let Some((group, _)) = self.groups.get(self.at) {
            if std::mem::take(&mut self.digest).finish() != group.digest {
                return Err(VerifyError::Altered { first: group.first, last: group.last });
            }
            self.at += 1;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), VerifyError> {
        while self.at < self.groups.len() {
            self.close()?;
        }
        Ok(())
    }
}

/// No event lies before the first group or after the last. Both are looked at in one statement: a group and its events
/// become visible together.
async fn outside(pool: &PgPool) -> Result<(), VerifyError> {
    let row = sqlx::query_scalar!(
        "SELECT position FROM events
         WHERE position < 1 OR position > coalesce((SELECT max(last_position) FROM log_groups), 0) LIMIT 1"
    )
    .fetch_optional(pool)
    .await?;
    row.map_or(Ok(()), |position| Err(VerifyError::Outside(position)))
}
