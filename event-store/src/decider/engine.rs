//! The decider's task.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::StreamId;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgPool};
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::{error, warn};

use super::Config;
use super::cache::Cache;
use super::decision::{Decision, Made, holds_nul};
use super::flight::{self, Known, Landing, Missed, Order};
use super::job::{Answer, Pending, Verdict};
use super::keys::{self, KeyState, Keys, Taken};
use super::loads::{Loaded, Loads};
use super::meters::Meters;
use super::registry::{AggregateType, Registry};
use crate::append::{Group, NewEvent};
use crate::log::LogError;
use crate::recorded::Recorded;
use crate::snapshot;
use crate::watch::{self, LogWatch};

/// After a lost swap this many groups take the log's lock before they are decided: a race that was lost once would
/// be lost again, and an append that fails is a round trip under the lock for nothing.
const CONTENDED_GROUPS: u32 = 32;

/// When a group has landed, those who were answered are about to come back. The next group waits for them, so that one
/// commit serves all and not each half of them in turn: at most a quarter of the time that the last flight took, and
/// never longer than this.
const LONGEST_LINGER: Duration = Duration::from_micros(400);

/// At most one notice goes to other processes in this time.
const NOTICE_PACE: Duration = Duration::from_millis(5);

/// What the next group waits for before it takes off.
struct Linger {
    commands: usize,
    until: Instant,
}

/// A command that was decided and waits for its group.
struct Decided {
    pending: Pending,
    outcome: Outcome,
}

/// What a decided command's caller will be told.
enum Outcome {
    /// What the decision came to; with the place in the group of its last event, if it made one.
    Told(Option<usize>),
    /// What was answered to the earlier command with this key.
    Replayed([u8; 32]),
    KeyReused,
    /// Postgres would store what it made, and no reader could read it (SQLSTATE).
    Unstorable(&'static str),
}

/// A group that fills, or that is on its way.
#[derive(Default)]
struct Filling {
    number: u64,
    commands: Vec<Decided>,
    group: Group,
    bytes: usize,
    touched: Vec<StreamId>,
}

pub struct Engine {
    registry: Arc<Registry>,
    config: Config,
    pool: PgPool,
    watch: LogWatch,
    commands: mpsc::UnboundedReceiver<Pending>,
    stopped: oneshot::Receiver<()>,
    stopping: bool,
    loads: Loads,
    loaded: mpsc::UnboundedReceiver<Loaded>,
    orders: mpsc::Sender<Order>,
    landings: mpsc::Receiver<Landing>,
    wake: Arc<Notify>,

    known: Known,
    cache: Cache,
    keys: Keys,
    arrivals: u64,
    /// Commands that wait for loads.
    waiting: HashMap<u64, Pending>,
    /// Commands that can't be decided yet, in the order they came.
    undecided: BTreeMap<u64, Pending>,
    filling: Filling,
    in_flight: Option<Filling>,
    took_off: Instant,
    linger: Option<Linger>,
    /// The log's lock is being taken: what is known is about to change.
    locking: bool,
    /// A lock that was taken because a swap was lost: nothing is decided until what was missed is known.
    behind: bool,
    contended: u32,
    /// Commands of a group that Postgres refused and that haven't been answered: they go one to a group.
    suspects: usize,
    meters: Meters,
}

impl Engine {
    pub async fn start(
        registry: Registry,
        config: Config,
        appending: PgConnectOptions,
        pool: PgPool,
        watch: LogWatch,
        commands: mpsc::UnboundedReceiver<Pending>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<Self, LogError> {
        let registry = Arc::new(registry);
        let known = flight::known(&mut appending.connect().await?).await?;
        let (loads, loaded) = Loads::new(Arc::clone(&registry), pool.clone());
        let (orders, taken) = mpsc::channel(1);
        let (landed, landings) = mpsc::channel(2);
        tokio::spawn(flight::run(appending, config.patience, config.silence, taken, landed));
        let wake = Arc::new(Notify::new());
        tokio::spawn(notify_others(pool.clone(), watch.clone(), Arc::clone(&wake)));
        Ok(Self {
            cache: Cache::new(config.cache),
            registry,
            config,
            pool,
            watch,
            commands,
            stopped,
            stopping: false,
            loads,
            loaded,
            orders,
            landings,
            wake,
            known,
            keys: Keys::default(),
            arrivals: 0,
            waiting: HashMap::new(),
            undecided: BTreeMap::new(),
            filling: Filling { number: 1, ..Filling::default() },
            in_flight: None,
            took_off: Instant::now(),
            linger: None,
            locking: false,
            behind: false,
            contended: 0,
            suspects: 0,
            meters: Meters::new(),
        })
    }

    /// Runs until it is stopped and everything that was accepted is answered.
    pub async fn run(mut self) {
        let mut arrived = Vec::new();
        loop {
            while self.lingers() {
                tokio::task::yield_now().await;
                while self.has_room()
                    && let Ok(pending) = self.commands.try_recv()
                {
                    self.arrive(pending);
                }
            }
            self.launch().await;
            if self.stopping && self.is_idle() && self.commands.is_empty() {
                self.wake.notify_one();
                return;
            }
            tokio::select! {
                biased;
                Some(landing) = self.landings.recv() => self.landed(landing),
                Some(loaded) = self.loaded.recv() => self.installed(loaded),
                count = self.commands.recv_many(&mut arrived, 256), if self.has_room() => {
                    self.stopping |= count == 0;
                    for pending in arrived.drain(..) {
                        self.arrive(pending);
                    }
                }
                _ = &mut self.stopped, if !self.stopping => self.stopping = true,
            }
        }
    }

    /// Whether a group that could take off waits for more. Its turn is given away meanwhile, not slept through: a timer
    /// is too coarse for this.
    fn lingers(&mut self) -> bool {
        let Some(linger) = &self.linger else { return false };
        let count = self.filling.commands.len();
        let lingers = self.in_flight.is_none()
            && !self.locking
            && count > 0
            && count < linger.commands
            && !self.is_full()
            && self.suspects == 0
            && !self.stopping
            && Instant::now() < linger.until;
        if !lingers && count > 0 {
            self.linger = None;
        }
        lingers
    }

    fn is_idle(&self) -> bool {
        self.in_flight.is_none()
            && !self.locking
            && self.filling.commands.is_empty()
            && self.undecided.is_empty()
            && self.waiting.is_empty()
    }

    /// Whether commands are still taken from the queue. Those beyond stay there, within its bounds.
    fn has_room(&self) -> bool {
        let over = self.stopping && self.commands.is_empty();
        !over && !self.is_full() && self.undecided.len() < self.config.max_commands
    }

    fn is_full(&self) -> bool {
        self.filling.group.events.len() >= self.config.group_events
            || self.filling.bytes >= self.config.group_bytes
    }

    /// Whether a command may be decided now.
    fn decides(&self) -> bool {
        let alone = self.suspects > 0;
        !self.behind
            && !self.is_full()
            && (!alone || (self.filling.commands.is_empty() && self.in_flight.is_none() && !self.locking))
    }

    fn arrive(&mut self, mut pending: Pending) {
        self.arrivals += 1;
        pending.order = self.arrivals;
        if self.decides() && self.undecided.is_empty() {
            self.decide(pending);
        } else {
            self.undecided.insert(pending.order, pending);
        }
    }

    /// Decides what waited, in the order it came.
    fn decide_waiting(&mut self) {
        while self.decides()
            && let Some((_, pending)) = self.undecided.pop_first()
        {
            self.decide(pending);
        }
    }

    /// Decides one command: its events are applied and join the group that fills.
    fn decide(&mut self, mut pending: Pending) {
        if let Some(key) = pending.key {
            match self.keys.get(&key.key) {
                None => {
                    pending.loads = 1;
                    self.loads.ask_key(key.key, pending.order);
                    self.waiting.insert(pending.order, pending);
                    return;
                }
                Some(KeyState::Taken(taken)) => {
                    let outcome = if taken.fingerprint == key.fingerprint {
                        Outcome::Replayed(key.key)
                    } else {
                        Outcome::KeyReused
                    };
                    return self.join(pending, outcome);
                }
                Some(KeyState::Free) => {}
            }
        }
        self.assume_fresh(&pending);
        let mut decision = Decision::new(&mut self.cache, &pending.fresh);
        let began = Instant::now();
        let verdict = pending.job.decide(&mut decision);
        self.meters.decision.record(began.elapsed());
        let (savepoints, made, remembered) = decision.finish();
        match verdict {
            Verdict::NotLoaded(streams) => {
                self.cache.roll_back(savepoints);
                self.forget_fresh(&pending);
                self.load(pending, &streams);
            }
            Verdict::Refused | Verdict::Broken => {
                self.cache.roll_back(savepoints);
                self.forget_fresh(&pending);
                self.join(pending, Outcome::Told(None));
            }
            Verdict::Accepted if made.iter().any(Made::holds_nul) || holds_nul(&pending.metadata_json()) => {
                self.cache.roll_back(savepoints);
                self.forget_fresh(&pending);
                self.join(pending, Outcome::Unstorable("22P05"));
            }
            Verdict::Accepted => {
                self.cache.keep(savepoints, self.filling.number, &mut self.filling.touched);
                self.forget_fresh(&pending);
                let last = self.fill(&pending, made, remembered);
                self.join(pending, Outcome::Told(last));
            }
        }
    }

    fn assume_fresh(&mut self, pending: &Pending) {
        for stream in &pending.fresh {
            if !self.cache.knows(stream)
                && !self.loads.underway(stream)
                && let Some(kind) = self.registry.get(stream.aggregate_type)
            {
                self.cache.install(stream.clone(), kind.absent(), 0, true);
            }
        }
    }

    fn forget_fresh(&mut self, pending: &Pending) {
        for stream in &pending.fresh {
            self.cache.forget_assumed(stream);
        }
    }

    /// Puts a decision's events into the group that fills; the place of the last.
    fn fill(
        &mut self,
        pending: &Pending,
        made: Vec<Made>,
        remembered: Option<super::Remembered>,
    ) -> Option<usize> {
        if made.is_empty() {
            return None;
        }
        let group = &mut self.filling.group;
        let metadata = pending.metadata_json();
        let mut first = None;
        if let (Some(key), Some(remembered)) = (pending.key, remembered) {
            let with_key = keys::write(&pending.metadata, &key, &remembered, made.len());
            first = Some(serde_json::to_string(&with_key).unwrap_or_default().into());
            group.keys.push(keys::row(&key, &remembered, group.events.len() + made.len() - 1));
            self.keys.take(key.key, Taken { fingerprint: key.fingerprint, answer: remembered });
        }
        for event in made {
            self.filling.bytes += event.payload.len() + metadata.len() + 200;
            group.events.push(NewEvent {
                event_id: uuid::Uuid::now_v7(),
                stream: event.stream,
                sequence: event.sequence,
                event_type: event.event_type,
                event_version: event.event_version,
                payload: event.payload,
                metadata: first.take().unwrap_or_else(|| Arc::clone(&metadata)),
            });
        }
        Some(group.events.len() - 1)
    }

    fn join(&mut self, mut pending: Pending, outcome: Outcome) {
        for stream in pending.pins.drain(..) {
            self.cache.unpin(&stream);
        }
        self.filling.commands.push(Decided { pending, outcome });
    }

    /// A command steps out to load what it needs.
    fn load(&mut self, mut pending: Pending, streams: &[StreamId]) {
        for stream in streams {
            self.loads.ask(stream, pending.order);
        }
        pending.loads = streams.len();
        self.waiting.insert(pending.order, pending);
    }

    fn installed(&mut self, loaded: Loaded) {
        match loaded {
            Loaded::Stream { stream, epoch, found } => {
                let Some((waiting, passed)) = self.loads.arrived(&stream, epoch) else { return };
                let failed = found.is_err();
                match found {
                    Ok((state, sequence)) => {
                        self.cache.install(stream.clone(), state, sequence, false);
                        for event in passed {
                            self.pass(&stream, &event);
                        }
                    }
                    Err(error) => {
                        error!(error = &error as &dyn std::error::Error, %stream, "a stream can't be loaded");
                    }
                }
                for order in waiting {
                    // It may have failed by another of its loads.
                    if let Some(pending) = self.waiting.get_mut(&order) {
                        self.cache.pin(&stream);
                        pending.pins.push(stream.clone());
                    }
                    self.load_ended(order, failed);
                }
            }
            Loaded::Keys { keys, epoch, found } => {
                let Some(waiting) = self.loads.keys_arrived(&keys, epoch) else { return };
                let failed = found.is_err();
                if let Ok(mut found) = found {
                    for key in keys {
                        self.keys.install(key, found.remove(&key));
                    }
                }
                for order in waiting {
                    self.load_ended(order, failed);
                }
            }
        }
        self.decide_waiting();
    }

    /// One of a command's loads has ended; after the last it may be decided.
    fn load_ended(&mut self, order: u64, failed: bool) {
        let Some(pending) = self.waiting.get_mut(&order) else { return };
        pending.loads = pending.loads.saturating_sub(1);
        if pending.loads > 0 && !failed {
            return;
        }
        if let Some(mut pending) = self.waiting.remove(&order) {
            if failed {
                for stream in pending.pins.drain(..) {
                    self.cache.unpin(&stream);
                }
                self.settled(&pending);
                pending.job.answer(Answer::Unavailable);
            } else {
                self.undecided.insert(order, pending);
            }
        }
    }

    /// Sends the group that is full enough, if none is on its way.
    async fn launch(&mut self) {
        if self.in_flight.is_some() || self.locking {
            return;
        }
        self.decide_waiting();
        if self.filling.commands.is_empty() {
            return;
        }
        let order = if self.contended > 0 {
            self.contended -= 1;
            self.locking = true;
            Order::Lock(self.known)
        } else if self.filling.group.events.is_empty() {
            self.take_off();
            Order::Check(self.known)
        } else {
            Order::Append(self.take_off(), self.known)
        };
        // The pilot takes the next order as soon as the last has landed, so this doesn't wait.
        let _ = self.orders.send(order).await;
    }

    /// The group that fills is on its way; another one fills.
    fn take_off(&mut self) -> Arc<Group> {
        let next = Filling { number: self.filling.number + 1, ..Filling::default() };
        let mut filling = std::mem::replace(&mut self.filling, next);
        let group = Arc::new(std::mem::take(&mut filling.group));
        self.meters.took_off(filling.commands.len(), group.events.len());
        self.in_flight = Some(filling);
        self.took_off = Instant::now();
        group
    }

    fn landed(&mut self, landing: Landing) {
        match landing {
            Landing::Done(known) => self.done(known),
            Landing::Moved => {
                self.meters.moved.increment(1);
                self.start_over(None);
                self.contended = CONTENDED_GROUPS;
                self.catch_up();
            }
            Landing::Locked(missed) => self.missed(missed),
            Landing::Unstorable(code) => self.unstorable(&code),
            Landing::Unavailable => self.unavailable(),
        }
        self.decide_waiting();
    }

    /// A group is in the log, or its refusals were decided on the log's end.
    fn done(&mut self, known: Known) {
        let before = self.known.head.position;
        self.known = known;
        let Some(filling) = self.in_flight.take() else { return };
        if known.head.position > before {
            self.meters.append.record(self.took_off.elapsed());
        }
        self.linger = Some(Linger {
            commands: filling.commands.len() + self.filling.commands.len(),
            until: Instant::now() + (self.took_off.elapsed() / 4).min(LONGEST_LINGER),
        });
        self.watch.advance(known.head.position);
        self.wake.notify_one();
        let positions = |last: Option<usize>| {
            last.and_then(|last| i64::try_from(last).ok())
                .map_or(known.head.position, |last| before + 1 + last)
        };
        for decided in &filling.commands {
            // Positions are known only now.
            if let (Outcome::Told(Some(last)), Some(key)) = (&decided.outcome, decided.pending.key)
                && let Some(KeyState::Taken(taken)) = self.keys.get(&key.key)
            {
                let mut taken = taken.clone();
                taken.answer.position = positions(Some(*last));
                self.keys.settle(key.key, taken);
            }
        }
        for stream in &filling.touched {
            self.cache.commit(stream, filling.number);
            self.snapshot(stream);
        }
        for decided in filling.commands {
            self.settled(&decided.pending);
            let answer = match decided.outcome {
                Outcome::Told(last) => Answer::Decided(positions(last)),
                Outcome::KeyReused => Answer::KeyReused,
                Outcome::Unstorable(code) => Answer::Unstorable(code.to_owned()),
                Outcome::Replayed(key) => match self.keys.get(&key) {
                    Some(KeyState::Taken(taken)) => Answer::Replayed(taken.answer.clone()),
                    // Its own group took it, or the log had it: it can't be free now.
                    Some(KeyState::Free) | None => Answer::Unavailable,
                },
            };
            decided.pending.job.answer(answer);
        }
        self.cache.evict();
    }

    /// A command will be answered: what was remembered for its sake isn't needed any more.
    fn settled(&mut self, pending: &Pending) {
        if let Some(key) = pending.key {
            self.keys.forget_free(&key.key);
        }
        self.suspects -= usize::from(pending.suspect);
    }

    fn snapshot(&mut self, stream: &StreamId) {
        if !self.registry.get(stream.aggregate_type).is_some_and(AggregateType::snapshots) {
            return;
        }
        let Some((state, sequence)) = self.cache.grown(stream, snapshot::EVERY) else { return };
        let (registry, pool, stream) = (Arc::clone(&self.registry), self.pool.clone(), stream.clone());
        tokio::spawn(async move {
            if let Some(kind) = registry.get(stream.aggregate_type)
                && let Err(error) = kind.snapshot(&pool, &stream.aggregate_id, state, sequence).await
            {
                warn!(error = &error as &dyn std::error::Error, %stream, "a snapshot was not kept");
            }
        });
    }

    /// Drops everything speculative: each stream and key is again as the log has it, and the commands of the groups
    /// that were on their way and filling wait to be decided again, in the order they came.
    fn start_over(&mut self, suspects: Option<u64>) {
        let filling = std::mem::take(&mut self.filling);
        self.filling.number = filling.number + 1;
        // The older group first: its undo holds the older state, and an undo restores the oldest there is.
        for group in self.in_flight.take().into_iter().chain([filling]) {
            for stream in &group.touched {
                self.cache.undo(stream);
            }
            for mut decided in group.commands {
                if let (Outcome::Told(Some(_)), Some(key)) = (&decided.outcome, decided.pending.key) {
                    self.keys.give_back(key.key);
                }
                if suspects == Some(group.number) && !decided.pending.suspect {
                    decided.pending.suspect = true;
                    self.suspects += 1;
                }
                self.undecided.insert(decided.pending.order, decided.pending);
            }
        }
    }

    /// Takes the log's lock to learn what was missed, and decides again under it: a command that lost a race is not
    /// starved.
    fn catch_up(&mut self) {
        self.behind = true;
        self.locking = true;
        let _ = self.orders.try_send(Order::Lock(self.known));
    }

    /// The log's lock is held, and what was missed is known.
    fn missed(&mut self, missed: Missed) {
        self.locking = false;
        self.behind = false;
        if missed.known.head != self.known.head {
            self.start_over(None);
            if let Some(events) = missed.events {
                for event in &events {
                    self.overtaken(event);
                }
            } else {
                // Too many, or another log: what was known is worth nothing.
                self.cache.clear();
                self.keys.clear();
                self.loads.forget();
            }
            self.known = missed.known;
        }
        // Everything that can be decided is decided now: commands that need a load step out, never under the lock.
        self.decide_waiting();
        let group = self.take_off();
        let _ = missed.group.send(group);
    }

    /// An event of another process passes.
    fn overtaken(&mut self, event: &Recorded) {
        if let Some((key, taken)) = keys::read(&event.metadata, event.position) {
            self.keys.settle(key, taken);
        }
        // Aggregates of types that this decider doesn't know are none of its business.
        let Some(aggregate_type) = self.registry.name(&event.aggregate_type) else { return };
        let stream = StreamId { aggregate_type, aggregate_id: event.aggregate_id.as_str().into() };
        self.loads.pass(&stream, event);
        self.pass(&stream, event);
    }

    fn pass(&mut self, stream: &StreamId, event: &Recorded) {
        if let Err(error) = self.cache.pass(&self.registry, stream, event) {
            error!(error = &error as &dyn std::error::Error, %stream, position = event.position, "an event can't be read");
        }
    }

    /// Postgres refused a group. A command that was alone in it is the one; else they are decided again, one to a group.
    fn unstorable(&mut self, code: &str) {
        let group = self.in_flight.as_ref();
        let writers = group
            .map_or(0, |g| g.commands.iter().filter(|d| matches!(d.outcome, Outcome::Told(Some(_)))).count());
        let number = group.map(|g| g.number);
        if writers > 1 {
            warn!(code, commands = writers, "Postgres refused a group; its commands go one to a group");
            return self.start_over(number);
        }
        let culprit = self.in_flight.as_mut().and_then(|group| {
            let place = group.commands.iter().position(|d| matches!(d.outcome, Outcome::Told(Some(_))))?;
            Some(group.commands.remove(place))
        });
        self.start_over(None);
        let Some(Decided { mut pending, .. }) = culprit else { return };
        if let Some(key) = pending.key {
            self.keys.give_back(key.key);
        }
        // Perhaps an id that had just been made up was taken after all: look, and decide once more.
        if !pending.fresh.is_empty() && code.starts_with("23") {
            pending.fresh.clear();
            self.undecided.insert(pending.order, pending);
            return;
        }
        self.settled(&pending);
        pending.job.answer(Answer::Unstorable(code.to_owned()));
    }

    /// A group is certainly not in the log and can't get there for now: its commands are told so, the others are
    /// decided again.
    fn unavailable(&mut self) {
        self.locking = false;
        self.behind = false;
        let failed = self.in_flight.take();
        if let Some(group) = &failed {
            // The undo of both groups is taken back at once; the commands that fail are not decided again.
            for stream in &group.touched {
                self.cache.undo(stream);
            }
        }
        let mut failed = failed.map(|group| group.commands).unwrap_or_default();
        if failed.is_empty() {
            // The lock could not be had: those who wait for it have waited long enough.
            failed = std::mem::take(&mut self.filling.commands);
            for stream in std::mem::take(&mut self.filling.touched) {
                self.cache.undo(&stream);
            }
            self.filling.group = Group::default();
            self.filling.bytes = 0;
            let undecided = std::mem::take(&mut self.undecided);
            failed.extend(
                undecided.into_values().map(|pending| Decided { pending, outcome: Outcome::Told(None) }),
            );
        }
        for decided in &failed {
            if let (Outcome::Told(Some(_)), Some(key)) = (&decided.outcome, decided.pending.key) {
                self.keys.give_back(key.key);
            }
        }
        self.start_over(None);
        for mut decided in failed {
            for stream in decided.pending.pins.drain(..) {
                self.cache.unpin(&stream);
            }
            self.settled(&decided.pending);
            decided.pending.job.answer(Answer::Unavailable);
        }
    }
}

/// Tells other processes that the log has grown, once for all groups since the last time, and not in the append: a NOTIFY
/// there takes a lock of the whole cluster at each commit. Nobody waits for the flush of this one's: what is lost with it
/// is found by polling.
async fn notify_others(pool: PgPool, watch: LogWatch, wake: Arc<Notify>) {
    // The engine holds the other end; when it is gone nothing wakes this any more and the last notice is out.
    while Arc::strong_count(&wake) > 1 {
        wake.notified().await;
        let told = sqlx::query("SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)")
            .bind(watch::CHANNEL)
            .bind(watch.position().to_string())
            .execute(&pool)
            .await;
        if let Err(error) = told {
            warn!(
                error = &error as &dyn std::error::Error,
                "the others were not told that the log has grown"
            );
        }
        tokio::time::sleep(NOTICE_PACE).await;
    }
}
