//! The decider's task.
//!
//! A command arrives, steps out to load what it needs ([`loading`]), and is decided ([`deciding`]): its events join the
//! group that fills ([`filling`]). That takes off as soon as the one before has landed ([`flying`]). What else may become
//! of a group (another process was faster, Postgres refuses it or isn't there) is a setback ([`setbacks`]).

mod deciding;
mod filling;
mod flying;
mod linger;
mod loading;
mod others;
mod setbacks;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgPool};
use tokio::sync::{Notify, mpsc, oneshot};

use self::filling::Filling;
use self::linger::Linger;
use super::Config;
use super::cache::Cache;
use super::flight::{self, Landing, Order};
use super::job::Pending;
use super::keys::Keys;
use super::known::{Known, known};
use super::loads::{Loaded, Loads};
use super::meters::Meters;
use super::registry::Registry;
use crate::log::LogError;
use crate::watch::LogWatch;

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
        let known = known(&mut appending.connect().await?).await?;
        let (loads, loaded) = Loads::new(Arc::clone(&registry), pool.clone());
        let (orders, taken) = mpsc::channel(1);
        let (landed, landings) = mpsc::channel(2);
        let tail = watch.tail().clone();
        tokio::spawn(flight::run(appending, tail, config.patience, config.silence, taken, landed));
        let wake = Arc::new(Notify::new());
        tokio::spawn(others::notify(pool.clone(), watch.clone(), Arc::clone(&wake)));
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
            filling: Filling::numbered(1),
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
            && !linger.is_over(count)
            && !self.is_full()
            && self.suspects == 0
            && !self.stopping;
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
}
