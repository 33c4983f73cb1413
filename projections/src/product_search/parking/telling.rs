//! Saying how far an index is: soon after it moved, and not at each batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::keeper::TELL_EVERY;

/// What is said while the index moves is no older than that, and not said more often.
const TELL_MOVED_EVERY: Duration = Duration::from_millis(100);

/// By what it is said.
type Say = Arc<dyn Fn(i64) -> BoxFuture<'static, ()> + Send + Sync>;

/// Says where the index is, until it is dropped.
pub(super) struct Telling {
    say: Say,
    /// Where it is.
    position: Arc<AtomicI64>,
    /// When and where it was last said to be, or is about to be.
    told: Option<(Instant, i64)>,
    /// What is about to be said: perhaps nothing else happens that it could be said with.
    later: JoinSet<()>,
}

impl Telling {
    pub(super) fn by(say: impl Fn(i64) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self { say: Arc::new(say), position: Arc::default(), told: None, later: JoinSet::new() }
    }

    /// The index is there now. Where it stands still that is said once in a while, so that it is known to be looked after.
    pub(super) async fn tell(&mut self, position: i64) {
        let now = Instant::now();
        self.position.store(position, Ordering::Relaxed);
        let (due, is_about_to) = match self.told {
            None => (now, false),
            Some((at, _)) if at > now => (at, true),
            Some((at, told)) if told == position => (at + TELL_EVERY, false),
            Some((at, _)) => (at + TELL_MOVED_EVERY, false),
        };
        let is_told = self.told.is_some_and(|(_, told)| told == position);
        if due <= now {
            // What is being said is of before: it must not come last.
            while self.later.join_next().await.is_some() {}
            self.told = Some((now, position));
            (self.say)(position).await;
        } else if !is_told {
            self.told = Some((due, position));
            if !is_about_to {
                self.say_at(due);
            }
        }
    }

    fn say_at(&mut self, due: Instant) {
        while self.later.try_join_next().is_some() {}
        let (say, position) = (Arc::clone(&self.say), Arc::clone(&self.position));
        self.later.spawn(async move {
            sleep_until(due).await;
            say(position.load(Ordering::Relaxed)).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::{advance, sleep};

    use super::*;

    /// What was said, and how long after the begin.
    type Said = Arc<Mutex<Vec<(Duration, i64)>>>;

    /// It was said to be at 0.
    async fn begun() -> (Telling, Said) {
        let (said, begin) = (Said::default(), Instant::now());
        let saying = Arc::clone(&said);
        let mut telling = Telling::by(move |position| {
            saying.lock().unwrap().push((begin.elapsed(), position));
            Box::pin(std::future::ready(()))
        });
        telling.tell(0).await;
        (telling, said)
    }

    fn positions(said: &Said) -> Vec<i64> {
        said.lock().unwrap().iter().map(|(_, position)| *position).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_moves_is_said_within_a_tenth_of_a_second_and_ten_times_a_second_at_most() {
        let (mut telling, said) = begun().await;
        for position in 1..=500 {
            telling.tell(position).await;
            sleep(Duration::from_millis(7)).await;
            let told = positions(&said)[said.lock().unwrap().len() - 1];
            assert!(told + 16 > position, "{told} at {position}, 7 ms each");
        }
        sleep(TELL_MOVED_EVERY).await;
        let said = said.lock().unwrap();
        assert_eq!(said.last().map(|(_, position)| *position), Some(500), "it stands still");
        for pair in said.windows(2) {
            // As exact as timers are.
            let between = pair[1].0.saturating_sub(pair[0].0) + Duration::from_millis(1);
            assert!(between >= TELL_MOVED_EVERY, "{pair:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_moves_once_is_said_though_nothing_happens_after_it() {
        let (mut telling, said) = begun().await;
        sleep(TELL_EVERY / 2).await;
        telling.tell(1).await;
        assert_eq!(positions(&said), [0, 1]);
        sleep(Duration::from_millis(1)).await;
        telling.tell(2).await;
        telling.tell(3).await;
        assert_eq!(positions(&said), [0, 1]);
        sleep(TELL_MOVED_EVERY).await;
        assert_eq!(positions(&said), [0, 1, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_stands_still_is_said_once_in_a_while() {
        let (mut telling, said) = begun().await;
        for _ in 0..30 {
            advance(Duration::from_secs(1)).await;
            telling.tell(0).await;
        }
        assert_eq!(positions(&said), [0; 4]);
    }
}
