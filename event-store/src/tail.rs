//! The end of the log in memory, for those who follow it in the process that appends to it.
//!
//! A process appends, and five parts of it follow: the relay, the projections, the process managers. Each would read what
//! the process has just written back from Postgres. The tail keeps the last groups that the decider knows to be in the log,
//! its own and those of others that it learned of under the log's lock, and hands them on. It is a cache and no more: what
//! doesn't begin at the end of a group that it holds, by position and hash, is read from Postgres, and so is whatever other
//! processes append while this one decides nothing.
//!
//! A failover may lose groups. So it lets go of all when the connection that appends is lost, when who takes the log's lock
//! finds that the log doesn't go on from where it was known to end, and when who looks for the log's end finds the log shorter
//! than what is kept, or another of the same length.

use std::collections::{HashMap, VecDeque, vec_deque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::append::{Group, NewEvent, Sealed};
use crate::head::Head;
use crate::log::Batch;
use crate::recorded::Recorded;

/// How much is kept, in bytes of events as [`Placed::bytes`] counts them.
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

/// Whole groups of the log. Cheap to clone.
#[derive(Clone, Debug)]
struct Link {
    after: Head,
    head: Head,
    events: Events,
}

/// Events as whoever knew them first has them.
#[derive(Clone, Debug)]
enum Events {
    /// A group of this process.
    Appended { group: Arc<Group>, recorded_at: DateTime<Utc> },
    /// What other processes appended.
    Read(Arc<[Recorded]>),
}

/// One of them, in its place in the log.
#[derive(Clone, Copy, Debug)]
enum Placed<'a> {
    Appended { position: i64, event: &'a NewEvent, recorded_at: DateTime<Utc> },
    Read(&'a Recorded),
}

impl Tail {
    /// A group of this process is in the log.
    pub(crate) fn appended(&self, sealed: &Sealed) {
        let events =
            Events::Appended { group: Arc::clone(sealed.group()), recorded_at: sealed.recorded_at() };
        self.lock().add(Link { after: sealed.after(), head: sealed.head(), events });
    }

    /// Other processes have appended these: all that there is between two heads. Where they are many, what is kept begins anew
    /// after them.
    pub(crate) fn read(&self, after: Head, head: Head, events: &[Recorded]) {
        if after != head && events.len() <= MOST_READ {
            self.lock().add(Link { after, head, events: Events::Read(events.into()) });
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
        let links = self.lock().after(after, at_most)?;
        let head = links.last()?.head;
        let wanted = |event: &Placed<'_>| event_types.is_none_or(|types| types.contains(&event.event_type()));
        let events = links.iter().flat_map(Link::events).filter(wanted);
        Some(Batch { events: events.map(Placed::recorded).collect(), head })
    }

    /// Who has written between two positions, as [`crate::Log::writers`] says; nothing where not all of it is known here.
    pub(crate) fn writers(&self, after: i64, until: i64) -> Option<Vec<(String, i64)>> {
        let links = self.lock().between(after, until)?;
        let events = links.iter().flat_map(Link::events);
        let within = events.filter(|event| (after + 1..=until).contains(&event.position()));
        let written = within.filter_map(|event| Some((writer(event.metadata())?, event.position())));
        // The last of each writer's is left.
        let last: HashMap<_, _> = written.collect();
        Some(last.into_iter().collect())
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
        self.bytes += link.bytes();
        self.links.push_back(link);
        while self.bytes > MOST_BYTES
            && let Some(oldest) = self.links.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
    }

    fn clear(&mut self) {
        self.links.clear();
        self.bytes = 0;
    }

    /// The links from the one on that holds what comes after a position.
    fn from(&self, position: i64) -> vec_deque::Iter<'_, Link> {
        self.links.range(self.links.partition_point(|link| link.head.position <= position)..)
    }

    /// The links with everything between two positions.
    fn between(&self, after: i64, until: i64) -> Option<Vec<Link>> {
        let from = self.from(after);
        let whole = from.clone().next()?.after.position <= after && self.links.back()?.head.position >= until;
        whole.then(|| from.take_while(|link| link.after.position < until).cloned().collect())
    }

    /// The links after `after` with some `at_most` events. A first one that is larger comes alone.
    fn after(&self, after: &Head, at_most: i64) -> Option<Vec<Link>> {
        let from = self.from(after.position);
        if from.clone().next()?.after != *after {
            return None;
        }
        let within = |link: &&Link| link.head.position - after.position <= at_most;
        let count = from.clone().take_while(within).count().max(1);
        Some(from.take(count).cloned().collect())
    }
}

impl Link {
    /// Its events, in order.
    fn events(&self) -> Box<dyn Iterator<Item = Placed<'_>> + '_> {
        match &self.events {
            Events::Appended { group, recorded_at } => {
                let places = self.after.position + 1..;
                Box::new(places.zip(&group.events).map(|(position, event)| Placed::Appended {
                    position,
                    event,
                    recorded_at: *recorded_at,
                }))
            }
            Events::Read(read) => Box::new(read.iter().map(Placed::Read)),
        }
    }

    fn bytes(&self) -> usize {
        self.events().map(Placed::bytes).sum()
    }
}

impl<'a> Placed<'a> {
    fn position(self) -> i64 {
        match self {
            Self::Appended { position, .. } => position,
            Self::Read(event) => event.position,
        }
    }

    fn event_type(self) -> &'a str {
        match self {
            Self::Appended { event, .. } => &event.event_type,
            Self::Read(event) => &event.event_type,
        }
    }

    fn payload(self) -> &'a str {
        match self {
            Self::Appended { event, .. } => &event.payload,
            Self::Read(event) => &event.payload,
        }
    }

    fn metadata(self) -> &'a str {
        match self {
            Self::Appended { event, .. } => &event.metadata,
            Self::Read(event) => &event.metadata,
        }
    }

    /// What it takes of the room that there is.
    fn bytes(self) -> usize {
        self.payload().len() + self.metadata().len() + OVERHEAD
    }

    /// As it is read back from Postgres.
    fn recorded(self) -> Recorded {
        match self {
            Self::Appended { position, event, recorded_at } => Recorded {
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
            },
            Self::Read(event) => event.clone(),
        }
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
