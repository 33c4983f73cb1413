//! Reads that go on meanwhile, at a steady rate, and may neither fail nor show less than one before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Instant;

use chrono::{Days, NaiveDate};
use domain::ids::{SellerId, UserId};
use projections::Answer;
use projections::order_history::{OrderFilter, Orders, Scope};
use projections::seller_stats::{Period, Stats, StatsFilter};
use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::watched::Watched;
use crate::Error;
use crate::faults::Faults;
use crate::http::Load;
use crate::http::load::{self, Caller};

/// Reads a second.
pub const RATE: f64 = 1000.0;
/// Reads that are on their way at once; what finds all of them busy waits, and that counts.
const READERS: usize = 32;

/// What is asked, of whom or when, and the greatest count that was seen.
pub enum Asked {
    /// A customer's orders.
    Orders(Orders, Vec<(UserId, AtomicI64)>),
    /// A day of a seller.
    Stats(Stats, SellerId, Vec<(NaiveDate, AtomicI64)>),
}

impl Asked {
    /// The orders of the customers.
    pub fn orders(pool: &PgPool, watched: &Watched) -> Self {
        let customers = watched.customers.iter().map(|id| (*id, AtomicI64::new(0)));
        Self::Orders(Orders::new(pool.clone()), customers.collect())
    }

    /// The days of the seller.
    pub fn stats(pool: &PgPool, watched: &Watched) -> Self {
        let days = watched.days.iter().map(|day| (*day, AtomicI64::new(0)));
        Self::Stats(Stats::new(pool.clone()), watched.seller, days.collect())
    }

    /// The nth answer: its position, how many orders it counts, and the greatest count before.
    async fn ask(&self, nth: usize) -> Result<(i64, i64, i64), Error> {
        match self {
            Self::Orders(orders, customers) => {
                let (customer, seen) = &customers[nth % customers.len()];
                let before = seen.load(Ordering::SeqCst);
                let filter = OrderFilter { limit: 20, ..OrderFilter::default() };
                let Answer { position, value } = orders.list(Scope::Customer(*customer), &filter).await?;
                seen.fetch_max(value.total, Ordering::SeqCst);
                Ok((position, value.total, before))
            }
            Self::Stats(stats, seller, days) => {
                let (day, seen) = &days[nth % days.len()];
                let before = seen.load(Ordering::SeqCst);
                let to = day.checked_add_days(Days::new(0));
                let period = Period { from: Some(*day), to, ..Period::default() };
                let filter = StatsFilter { seller: Some(*seller), period, top: 5, ..StatsFilter::default() };
                let Answer { position, value } = stats.report(&filter).await?;
                let count = value.totals.iter().map(|totals| totals.sums.orders).sum();
                seen.fetch_max(count, Ordering::SeqCst);
                Ok((position, count, before))
            }
        }
    }
}

struct Reader {
    asked: Arc<Asked>,
    next: Arc<AtomicUsize>,
    position: Arc<AtomicI64>,
    faults: Arc<Faults>,
}

impl Caller for Reader {
    async fn call(&mut self) -> Result<(), Error> {
        let before = self.position.load(Ordering::SeqCst);
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        match self.asked.ask(nth).await {
            Err(error) => self.faults.fail(&error),
            Ok((position, count, count_before)) if position < before || count < count_before => {
                let back = format!("position {position} after {before}, {count} orders after {count_before}");
                self.faults.step_back(back);
            }
            Ok((position, ..)) => {
                self.position.fetch_max(position, Ordering::SeqCst);
            }
        }
        Ok(())
    }
}

/// Reads that are going on, in one open loop from the beginning to the end.
pub struct Reading {
    started: Instant,
    stop: Arc<AtomicBool>,
    faults: Arc<Faults>,
    task: JoinHandle<Result<(Load, Vec<Reader>), Error>>,
}

/// What they came to.
pub struct Seen {
    /// Of those that were to begin, whenever they were answered: the rate is of the [`RATE`] that was wanted, times are from
    /// when each should have begun.
    pub load: Load,
    /// Those that failed, or showed less than one that had ended before they began.
    pub faults: Arc<Faults>,
}

impl Seen {
    /// Whether fewer were answered than were wanted.
    pub fn is_short(&self) -> bool {
        self.load.rate.round() < RATE
    }
}

impl Reading {
    /// Begins.
    pub fn start(asked: &Arc<Asked>) -> Self {
        let (stop, faults) = (Arc::new(AtomicBool::new(false)), Arc::<Faults>::default());
        let (next, position) = (Arc::default(), Arc::default());
        let reader = |_| Reader {
            asked: Arc::clone(asked),
            next: Arc::clone(&next),
            position: Arc::clone(&position),
            faults: Arc::clone(&faults),
        };
        let readers: Vec<Reader> = (0..READERS).map(reader).collect();
        let task = tokio::spawn(load::open_until(readers, RATE, Arc::clone(&stop)));
        Self { started: Instant::now(), stop, faults, task }
    }

    /// Ends.
    pub async fn stop(self) -> Result<Seen, Error> {
        let during = self.started.elapsed();
        self.stop.store(true, Ordering::Relaxed);
        let (load, _) = self.task.await??;
        let rate = f64::from(u32::try_from(load.count)?) / during.as_secs_f64();
        Ok(Seen { load: Load { rate, ..load }, faults: self.faults })
    }
}
