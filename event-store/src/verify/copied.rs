//! Reading rows of the log from a binary `COPY`.

use uuid::Uuid;

use super::{Checker, VerifyError};
use crate::digest::Columns;

/// Rows in COPY's binary format (PostgreSQL documentation, COPY, "Binary Format"), as far as the log needs it.
#[derive(Default)]
pub(super) struct CopiedRows {
    bytes: Vec<u8>,
    at: usize,
    started: bool,
}

/// The header without an extension: a signature of 11 bytes, flags, and the extension's length.
const COPY_HEADER: usize = 19;
/// Microseconds from 1970 to Postgres' epoch, 2000-01-01.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl CopiedRows {
    /// Takes the next bytes of the copy.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
        if !self.started && self.bytes.len() >= COPY_HEADER {
            self.at = COPY_HEADER;
            self.started = true;
        }
    }

    /// Gives the whole rows that are here to the checker.
    pub(super) fn check(&mut self, checker: &mut Checker<'_>) -> Result<(), VerifyError> {
        while let Some(row) = self.next().map_err(|()| VerifyError::Unreadable(checker.position()))? {
            checker.event(&row)?;
        }
        Ok(())
    }

    /// The next whole row, if it is here.
    fn next(&mut self) -> Result<Option<Columns<'_>>, ()> {
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        if !self.started || rest.len() < 2 {
            return Ok(None);
        }
        let Some(count) = take(&mut rest, 2) else { return Ok(None) };
        if count == [0xff, 0xff] {
            return Ok(None);
        }
        let mut fields: [&[u8]; 10] = [&[]; 10];
        if count != [0, 10] {
            return Err(());
        }
        for field in &mut fields {
            let Some(length) = take(&mut rest, 4) else { return Ok(None) };
            let length = i32::from_be_bytes(length.try_into().map_err(|_| ())?);
            let Some(bytes) = take(&mut rest, usize::try_from(length).map_err(|_| ())?) else {
                return Ok(None);
            };
            *field = bytes;
        }
        self.at = self.bytes.len() - rest.len();
        let [position, recorded_at, event_id, sequence, texts @ ..] = fields;
        let number = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).map_err(|_| ());
        let [aggregate_type, aggregate_id, event_type, event_version, payload, metadata] = texts;
        Ok(Some(Columns {
            position: number(position)?,
            recorded_at: number(recorded_at)?.saturating_add(POSTGRES_EPOCH),
            event_id: Uuid::from_slice(event_id).map_err(|_| ())?,
            sequence: number(sequence)?,
            aggregate_type,
            aggregate_id,
            event_type,
            event_version,
            payload,
            metadata,
        }))
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}
