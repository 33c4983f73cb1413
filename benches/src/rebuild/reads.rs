//! Reads that go on meanwhile, at a steady rate, and may neither fail nor show less than one before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{Days, NaiveDate};
use domain::ids::{SellerId, UserId};
use hdrhistogram::Histogram;
use projections::Answer;
use projections::order_history::{OrderFilter, Orders, Scope};
use projections::seller_stats::{Period, Stats, StatsFilter};
use sqlx::PgPool;
use tokio::task::JoinHandle;

use crate::Error;
use crate::http::load::{self, Caller};

/// Reads a second.
pub const RATE: f64 = 1000.0;
/// Reads that are on their way at once; what finds all of them busy waits, and that counts.
const READERS: usize = 32;
/// After so long it is looked whether they are to end.
const A_WHILE: Duration = Duration::from_millis(500);

/// What is asked, of whom or when, and the greatest count that was seen.
pub enum Asked {
    /// A customer's orders.
    Orders(Orders, Vec<(UserId, AtomicI64)>),
    /// A day of a seller.
    Stats(Stats, SellerId, Vec<(NaiveDate, AtomicI64)>),
}

impl Asked {
    /// The orders of some customers.
    pub async fn orders(pool: &PgPool, live: &str) -> Result<Self, Error> {
        let customers =
            format!("SELECT DISTINCT customer_id FROM {live} WHERE customer_id IS NOT NULL LIMIT 500");
        let ids: Vec<uuid::Uuid> = sqlx::query_scalar(&customers).fetch_all(pool).await?;
        let ids = ids.into_iter().map(|id| (UserId(id), AtomicI64::new(0)));
        Ok(Self::Orders(Orders::new(pool.clone()), ids.collect()))
    }

    /// The days of the largest seller.
    pub async fn stats(pool: &PgPool, live: &str) -> Result<Self, Error> {
        let days = format!(
            "SELECT seller_id, min(day), max(day) FROM {live} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
        );
        let (seller, first, last): (uuid::Uuid, NaiveDate, NaiveDate) =
            sqlx::query_as(&days).fetch_one(pool).await?;
        let days = first.iter_days().take_while(|day| *day <= last).map(|day| (day, AtomicI64::new(0)));
        Ok(Self::Stats(Stats::new(pool.clone()), SellerId(seller), days.collect()))
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
}

impl Caller for Reader {
    async fn call(&mut self) -> Result<(), Error> {
        let before = self.position.load(Ordering::SeqCst);
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        let (position, count, count_before) = self.asked.ask(nth).await?;
        if position < before || count < count_before {
            return Err(format!(
                "a step back: position {position} after {before}, {count} orders after {count_before}"
            )
            .into());
        }
        self.position.fetch_max(position, Ordering::SeqCst);
        Ok(())
    }
}

/// Reads that are going on.
pub struct Reading {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<Seen, Error>>,
}

/// What they came to.
pub struct Seen {
    /// How many.
    pub count: usize,
    /// In microseconds.
    pub times: Histogram<u64>,
}

impl Seen {
    /// The time within which this share was answered, in milliseconds.
    pub fn milliseconds(&self, quantile: f64) -> f64 {
        Duration::from_micros(self.times.value_at_quantile(quantile)).as_secs_f64() * 1000.0
    }
}

impl Reading {
    /// Begins.
    pub fn start(asked: &Arc<Asked>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (next, position) = (Arc::default(), Arc::default());
        let reader =
            |_| Reader { asked: Arc::clone(asked), next: Arc::clone(&next), position: Arc::clone(&position) };
        let readers = (0..READERS).map(reader).collect();
        Self { task: tokio::spawn(read(readers, Arc::clone(&stop))), stop }
    }

    /// Ends; refuses if one failed or stepped back.
    pub async fn stop(self) -> Result<Seen, Error> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

async fn read(mut readers: Vec<Reader>, stop: Arc<AtomicBool>) -> Result<Seen, Error> {
    let mut seen = Seen { count: 0, times: Histogram::new_with_bounds(1, 600_000_000, 3)? };
    while !stop.load(Ordering::Relaxed) {
        let (load, back) = load::open(readers, RATE, A_WHILE).await?;
        readers = back;
        seen.count += load.count;
        seen.times.add(load.times)?;
    }
    Ok(seen)
}
