//! Callers that call one after another, or at a rate that doesn't wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::Semaphore;

use crate::Error;

/// Somebody who calls: one request or a whole purchase.
pub trait Caller: Send + 'static {
    /// One call, to its end.
    fn call(&mut self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What callers got.
pub struct Load {
    /// Calls.
    pub count: usize,
    /// Calls a second.
    pub rate: f64,
    /// How long each took, in microseconds.
    pub times: Histogram<u64>,
}

impl Load {
    /// The time within which this share of the calls was answered, in milliseconds.
    pub fn milliseconds(&self, quantile: f64) -> f64 {
        Duration::from_micros(self.times.value_at_quantile(quantile)).as_secs_f64() * 1000.0
    }
}

fn histogram() -> Result<Histogram<u64>, Error> {
    Ok(Histogram::new_with_bounds(1, 600_000_000, 3)?)
}

/// Each caller calls again when it has its answer. The callers come back, to be used again.
pub async fn closed<C: Caller>(callers: Vec<C>, during: Duration) -> Result<(Load, Vec<C>), Error> {
    let started = Instant::now();
    let calling = callers.into_iter().map(|mut caller| async move {
        let mut times = histogram()?;
        while started.elapsed() < during {
            let began = Instant::now();
            caller.call().await?;
            times.record(micros(began.elapsed()))?;
        }
        Ok((times, caller))
    });
    gather(started, calling).await
}

/// Calls begin at this rate, whatever is still unanswered. A call that finds every caller busy waits for one, and the
/// waiting counts: times are from when it should have begun (coordinated omission).
pub async fn open<C: Caller>(callers: Vec<C>, rate: f64, during: Duration) -> Result<(Load, Vec<C>), Error> {
    paced(callers, rate, move |due| due > during).await
}

/// The same until `ended` says so, however long that is: one clock for all of it.
pub async fn open_until<C: Caller>(
    callers: Vec<C>,
    rate: f64,
    ended: Arc<AtomicBool>,
) -> Result<(Load, Vec<C>), Error> {
    paced(callers, rate, move |_| ended.load(Ordering::Relaxed)).await
}

/// Calls until one that is due then is over.
async fn paced<C: Caller>(
    callers: Vec<C>,
    rate: f64,
    is_over: impl Fn(Duration) -> bool + Clone + Send + 'static,
) -> Result<(Load, Vec<C>), Error> {
    let (next, begun) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
    let between = Duration::from_secs_f64(1.0 / rate);
    let started = Instant::now();
    let (count, due, ends) = (callers.len(), Arc::clone(&begun), is_over.clone());
    let pacing = tokio::task::spawn_blocking(move || {
        // Nobody calls any more where a measurement was given up.
        let is_over = |at| ends(at) || Arc::strong_count(&due) == 1;
        pace(&due, started, between, is_over);
        // Each caller asks once more, and ends.
        due.add_permits(count);
    });
    let calling = callers.into_iter().map(|mut caller| {
        let (next, begun, is_over) = (Arc::clone(&next), Arc::clone(&begun), is_over.clone());
        async move {
            let mut times = histogram()?;
            loop {
                begun.acquire().await?.forget();
                let due = between * next.fetch_add(1, Ordering::Relaxed);
                if is_over(due) {
                    return Ok((times, caller));
                }
                caller.call().await?;
                times.record(micros(started.elapsed().saturating_sub(due)))?;
            }
        }
    });
    let gathered = gather(started, calling).await?;
    pacing.await?;
    Ok(gathered)
}

/// Lets a call begin at each moment that is due. A thread sleeps as exactly as the kernel can, some 50 µs; the runtime's
/// timer counts in whole milliseconds, and up to one of them would be counted as the time of an answer.
fn pace(begun: &Semaphore, started: Instant, between: Duration, is_over: impl Fn(Duration) -> bool) {
    let due = (0_u32..).map(|n| between * n).take_while(|due| !is_over(*due));
    for due in due {
        std::thread::sleep((started + due).saturating_duration_since(Instant::now()));
        begun.add_permits(1);
    }
}

async fn gather<C: Caller>(
    started: Instant,
    calling: impl Iterator<Item = impl Future<Output = Result<(Histogram<u64>, C), Error>> + Send + 'static>,
) -> Result<(Load, Vec<C>), Error> {
    let tasks: Vec<_> = calling.map(tokio::spawn).collect();
    let (mut times, mut callers) = (histogram()?, Vec::with_capacity(tasks.len()));
    for task in tasks {
        let (theirs, caller) = task.await??;
        times.add(theirs)?;
        callers.push(caller);
    }
    let count = usize::try_from(times.len())?;
    Ok((Load { count, rate: crate::decider::per_second(count, started), times }, callers))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Ends the loop with its twentieth call.
    struct Counting {
        calls: Arc<AtomicUsize>,
        ended: Arc<AtomicBool>,
    }

    impl Caller for Counting {
        async fn call(&mut self) -> Result<(), Error> {
            if self.calls.fetch_add(1, Ordering::SeqCst) == 19 {
                self.ended.store(true, Ordering::SeqCst);
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn an_open_loop_ends_when_it_is_told_and_counts_every_call() {
        let (calls, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let counting = |_| Counting { calls: Arc::clone(&calls), ended: Arc::clone(&ended) };
        let (load, back) =
            open_until((0..4).map(counting).collect(), 10_000.0, Arc::clone(&ended)).await.unwrap();
        assert_eq!((load.count, back.len()), (calls.load(Ordering::SeqCst), 4));
        assert!((20..24).contains(&load.count), "{}", load.count);
    }
}
