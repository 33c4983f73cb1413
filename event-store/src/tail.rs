//! The end of the log in memory, for those who follow it in the process that appends to it.
//!
//! A process appends, and five parts of it follow: the relay, the projections, the process managers. Each would read what
//! the process has just written back from Postgres. The tail keeps the last groups that the decider knows to be in the log,
//! its own and those of others that it learned of under the log's lock, and hands them on. It is a cache and no more: what
//! doesn't begin at the end of a group that it holds, by position and hash, is read from Postgres, and so is whatever other
//! processes append while this one decides nothing.
//!
//! A failover may lose groups. So it lets go of all when the connection that appends is lost or finds the log's end where it
//! was not known to be, and when who watches the log finds it shorter than what is kept.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::append::{Group, NewEvent, Sealed};
use crate::head::Head;
use crate::log::Batch;
use crate::recorded::Recorded;

/// How much is kept, in bytes of events as [`weight`] counts them.
const MOST_BYTES: usize = 16 << 20;

/// Others' events are known together, and not where their groups end. So more of them than this are not kept: they would come
/// as one batch, whatever was asked for.
const MOST_READ: usize = 1_000;

/// What an event takes beside its texts, in bytes.
const OVERHEAD: usize = 300;

/// The last groups of the log. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<Links>>);

/// What is kept: each link begins where the one before it ends.
#[derive(Debug, Default)]
struct Links {
    links: VecDeque<Link>,
    bytes: usize,
}

/// Whole groups of the log.
#[derive(Debug)]
struct Link {
    after: Head,
    head: Head,
    events: Events,
    bytes: usize,
}

/// Events as whoever knew them first has them.
#[derive(Clone, Debug)]
enum Events {
    /// A group of this process.
    Appended { group: Arc<Group>, recorded_at: DateTime<Utc> },
    /// What other processes appended.
    Read(Arc<[Recorded]>),
}

impl Tail {
    /// A group of this process is in the log.
    pub(crate) fn appended(&self, sealed: &Sealed) {
        let bytes = sealed.group().events.iter().map(weight).sum();
        let events =
            Events::Appended { group: Arc::clone(sealed.group()), recorded_at: sealed.recorded_at() };
        self.lock().add(Link { after: sealed.after(), head: sealed.head(), events, bytes });
    }

    /// Other processes have appended these: all that there is between two heads. Where they are many, what is kept begins anew
    /// after them.
    pub(crate) fn read(&self, after: Head, head: Head, events: &[Recorded]) {
        let bytes = events.iter().map(|event| event.payload.len() + event.metadata.len() + OVERHEAD).sum();
        if after != head && events.len() <= MOST_READ {
            self.lock().add(Link { after, head, events: Events::Read(events.into()), bytes });
        }
    }

    /// What is kept may not be in the log any more, or not be what comes next.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Where what is kept ends.
    pub(crate) fn end(&self) -> Option<Head> {
        self.lock().links.back().map(|last| last.head)
    }

    /// The log was seen to end at `found`, after what is kept ended at `end`: it may have grown, but not shrunk.
    pub(crate) fn found(&self, end: Option<Head>, found: Head) {
        if end.is_some_and(|end| {
            found.position < end.position || found.position == end.position && found != end
        }) {
            self.clear();
        }
    }

    /// What comes after `after`, as [`crate::Log::read_after`] says, of these types if any are given; nothing where it
    /// isn't known here.
    pub(crate) fn after(&self, after: &Head, at_most: i64, event_types: Option<&[&str]>) -> Option<Batch> {
        let wanted = self.lock().after(after, at_most)?;
        let head = wanted.last()?.1;
        let of_type =
            |event_type: &str| event_types.is_none_or(|event_types| event_types.contains(&event_type));
        let mut events = Vec::new();
        for (after, _, found) in wanted {
            match found {
                Events::Appended { group, recorded_at } => {
                    let numbered = (after.position + 1..).zip(&group.events);
                    let wanted = numbered.filter(|(_, event)| of_type(&event.event_type));
                    events.extend(wanted.map(|(position, event)| recorded(event, position, recorded_at)));
                }
                Events::Read(read) => {
                    events.extend(read.iter().filter(|event| of_type(&event.event_type)).cloned());
                }
            }
        }
        Some(Batch { events, head })
    }

    /// Who has written between two positions, as [`crate::Log::writers`] says; nothing where not all of it is known here.
    pub(crate) fn writers(&self, after: i64, until: i64) -> Option<Vec<(String, i64)>> {
        let between = self.lock().between(after, until)?;
        let mut writers = HashMap::new();
        let mut note = |position: i64, metadata: &str| {
            if (after + 1..=until).contains(&position)
                && let Some(writer) = writer(metadata)
            {
                writers.insert(writer, position);
            }
        };
        for (begins, events) in &between {
            match events {
                Events::Appended { group, .. } => {
                    (begins + 1..).zip(&group.events).for_each(|(place, event)| note(place, &event.metadata));
                }
                Events::Read(read) => read.iter().for_each(|event| note(event.position, &event.metadata)),
            }
        }
        Some(writers.into_iter().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Links> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Links {
    fn add(&mut self, link: Link) {
        if self.links.back().is_some_and(|last| last.head != link.after) {
            self.clear();
        }
        self.bytes += link.bytes;
        self.links.push_back(link);
        while self.bytes > MOST_BYTES
            && let Some(oldest) = self.links.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
    }

    fn clear(&mut self) {
        self.links.clear();
        self.bytes = 0;
    }

    /// The links with everything between two positions, each with where it begins.
    fn between(&self, after: i64, until: i64) -> Option<Vec<(i64, Events)>> {
        let first = self.links.partition_point(|link| link.head.position <= after);
        let from = self.links.range(first..).take_while(|link| link.after.position < until);
        let whole =
            self.links.get(first)?.after.position <= after && self.links.back()?.head.position >= until;
        whole.then(|| from.map(|link| (link.after.position, link.events.clone())).collect())
    }

    /// The links after `after` with some `at_most` events, each with its two ends. A first one that is larger comes alone.
    fn after(&self, after: &Head, at_most: i64) -> Option<Vec<(Head, Head, Events)>> {
        let first = self.links.partition_point(|link| link.after.position < after.position);
        let from = self.links.range(first..);
        if from.clone().next()?.after != *after {
            return None;
        }
        let within = |link: &&Link| link.head.position - after.position <= at_most;
        let count = from.clone().take_while(within).count().max(1);
        Some(from.take(count).map(|link| (link.after, link.head, link.events.clone())).collect())
    }
}

/// Who wrote an event, or had a process write it.
fn writer(metadata: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Writer {
        on_behalf_of: Option<String>,
        actor: Option<String>,
    }
    let Writer { on_behalf_of, actor } = serde_json::from_str(metadata).ok()?;
    let actor = actor?;
    Some(on_behalf_of.unwrap_or(actor))
}

/// The bytes that an event takes.
fn weight(event: &NewEvent) -> usize {
    event.payload.len() + event.metadata.len() + OVERHEAD
}

/// An event as it is read back from Postgres.
fn recorded(event: &NewEvent, position: i64, recorded_at: DateTime<Utc>) -> Recorded {
    Recorded {
        position,
        recorded_at,
        event_id: event.event_id,
        sequence: event.sequence,
        aggregate_type: event.stream.aggregate_type.to_owned(),
        aggregate_id: event.stream.aggregate_id.to_string(),
        event_type: event.event_type.clone(),
        event_version: event.event_version.clone(),
        payload: event.payload.clone(),
        metadata: event.metadata.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use domain::StreamId;
    use uuid::Uuid;

    use super::*;

    /// A group of one event that is so long, after this head.
    fn group(after: Head, length: usize) -> Sealed {
        let event = NewEvent {
            event_id: Uuid::now_v7(),
            stream: StreamId { aggregate_type: "stock", aggregate_id: "a".into() },
            sequence: after.position + 1,
            event_type: "Received".to_owned(),
            event_version: "1.0".to_owned(),
            payload: "1".repeat(length),
            metadata: "{}".into(),
        };
        let group = Group { events: vec![event], keys: Vec::new() };
        Sealed::new(group.into(), after, DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let (tail, mut heads) = (Tail::default(), vec![Head::EMPTY]);
        for _ in 0..10 {
            let sealed = group(heads[heads.len() - 1], MOST_BYTES / 4 - OVERHEAD - 2);
            tail.appended(&sealed);
            heads.push(sealed.head());
        }
        assert!(tail.after(&heads[5], 100, None).is_none(), "that has been let go");
        let known = tail.after(&heads[6], 100, None).unwrap();
        assert_eq!((known.events.len(), known.head), (4, heads[10]));
        assert!(tail.after(&heads[10], 100, None).is_none(), "nothing is known beyond the end");
    }

    #[test]
    fn a_group_that_is_too_large_to_be_kept_is_not() {
        let tail = Tail::default();
        let large = group(Head::EMPTY, MOST_BYTES);
        tail.appended(&large);
        assert!(tail.after(&Head::EMPTY, 100, None).is_none());
        let next = group(large.head(), 1);
        tail.appended(&next);
        assert_eq!(tail.after(&large.head(), 100, None).map(|known| known.head), Some(next.head()));
    }
}
