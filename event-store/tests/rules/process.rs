//! A process of the application, as far as the log knows it: a decider with connections of its own.

use std::pin::Pin;
use std::time::Duration;

use domain::{Halt, Streams};
use event_store::decider::{Config, DeciderTask, Registry};
use event_store::{Accepted, Decider, Decision, Failure, IdempotencyKey, LogWatch, Submission, connect};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;

use crate::harness::Database;
use crate::proxy::Proxy;
use crate::shop::{Coupon, CouponCommand, Stock, StockCommand, StockError};

/// What a command comes to.
pub type Answer<R = ()> = Result<Accepted<R>, Failure<StockError>>;

/// A command that is under way.
pub type Sent<R = ()> = Pin<Box<dyn Future<Output = Answer<R>> + Send>>;

/// How a process is started.
pub struct Setup<'a> {
    pub config: Config,
    pub append: Option<&'a Proxy>,
    pub load: Option<&'a Proxy>,
    pub snapshots: bool,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        let config = Config { patience: Duration::from_secs(20), ..Config::default() };
        Self { config, append: None, load: None, snapshots: false }
    }
}

/// A process.
pub struct Process {
    pub decider: Decider,
    pub task: DeciderTask,
    /// By which it follows the log.
    pub watch: LogWatch,
}

impl Process {
    /// One that nothing stands in the way of.
    pub async fn start(database: &Database) -> Self {
        Self::with(database, Setup::default()).await
    }

    /// One whose appends go by a proxy.
    pub async fn behind(database: &Database, proxy: &Proxy) -> Self {
        Self::with(database, Setup { append: Some(proxy), ..Setup::default() }).await
    }

    pub async fn with(database: &Database, setup: Setup<'_>) -> Self {
        let by = |proxy: Option<&Proxy>| -> PgConnectOptions {
            proxy.map_or_else(|| database.app(), |proxy| proxy.lead(database.app()))
        };
        let pool = connect::pool_with(by(setup.load), 4).await.unwrap();
        let registry = if setup.snapshots {
            Registry::default().with_snapshots::<Stock>()
        } else {
            Registry::default().with::<Stock>()
        };
        let registry = registry.with::<Coupon>();
        // Each process follows the log by a pool of its own, out of the way of what a test does to its loads.
        let watch = LogWatch::start(connect::pool_with(database.app(), 2).await.unwrap());
        let (decider, task) =
            Decider::start(registry, setup.config, &by(setup.append), pool, watch.clone()).await.unwrap();
        Self { decider, task, watch }
    }

    /// Sends a command. It is in the decider's queue when this returns, and runs whether or not it is awaited.
    pub fn send<R: Send + 'static>(
        &self,
        submission: Submission,
        decide: impl Fn(&mut Decision<'_>) -> Result<R, Halt<StockError>> + Send + 'static,
    ) -> Sent<R> {
        let decider = self.decider.clone();
        let mut sent: Sent<R> = Box::pin(async move { decider.submit(submission, decide).await });
        // The first poll puts it into the queue; what it says is said again by a later one, unless it is the answer.
        match futures::FutureExt::now_or_never(&mut sent) {
            Some(answer) => Box::pin(std::future::ready(answer)),
            None => sent,
        }
    }

    /// Sends one stock's command.
    pub fn stock(&self, id: &str, command: StockCommand) -> Sent {
        self.keyed(id, command, None)
    }

    /// Sends one stock's command with an idempotency key.
    pub fn keyed(&self, id: &str, command: StockCommand, key: Option<IdempotencyKey>) -> Sent {
        let id = id.to_owned();
        self.send(Submission { key, ..Submission::default() }, move |decision| {
            decision.remember(201, &id);
            decision.execute::<Stock, _>(&id, command.clone())
        })
    }

    /// Sends one coupon's command.
    pub fn coupon(&self, id: &str, command: CouponCommand) -> Sent {
        let id = id.to_owned();
        self.send(Submission::default(), move |decision| {
            decision.execute::<Coupon, StockError>(&id, command.clone())
        })
    }

    /// Reserves one of a stock for whoever has a coupon.
    pub fn redeem(&self, coupon: &str, stock: &str) -> Sent {
        let (coupon, stock) = (coupon.to_owned(), stock.to_owned());
        self.send(Submission::default(), move |decision| {
            if !decision.state::<Coupon, StockError>(&coupon)?.valid {
                return Err(Halt::Refused(StockError::NoCoupon));
            }
            decision.execute::<Stock, _>(&stock, StockCommand::Reserve(1))
        })
    }

    /// What this process thinks is on hand.
    pub async fn on_hand(&self, id: &str) -> i64 {
        let id = id.to_owned();
        let read = move |decision: &mut Decision<'_>| {
            decision.state::<Stock, StockError>(&id).map(|stock| stock.on_hand)
        };
        value(self.send(Submission::default(), read).await)
    }
}

/// What a command that was taken returned.
pub fn value<R: std::fmt::Debug>(answer: Answer<R>) -> R {
    match answer.unwrap() {
        Accepted::Done { value, .. } => value,
        Accepted::Replayed(remembered) => panic!("replayed: {remembered:?}"),
    }
}

/// The position of a command that was taken.
pub fn position<R: std::fmt::Debug>(answer: &Answer<R>) -> i64 {
    match answer {
        Ok(Accepted::Done { position, .. }) => *position,
        other => panic!("not taken: {other:?}"),
    }
}

/// Whether a command has not been answered.
pub fn is_unanswered<R>(sent: &mut Sent<R>) -> bool {
    futures::FutureExt::now_or_never(sent).is_none()
}

/// Counts how often a command was decided.
#[derive(Clone)]
pub struct Tries(watch::Sender<u32>);

impl Tries {
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Once more.
    pub fn count(&self) {
        self.0.send_modify(|tries| *tries += 1);
    }

    /// How often by now.
    pub fn so_far(&self) -> u32 {
        *self.0.borrow()
    }

    /// Until so many.
    pub async fn reach(&self, tries: u32) {
        self.0.subscribe().wait_for(|so_far| *so_far >= tries).await.unwrap();
    }
}
