//! Which connections of a pool are lent again, seen that after a failover some may lead to a standby.
//!
//! A standby refuses writes for as long as a connection to it lives, and it looks healthy. So now and then the connection that
//! is about to be lent is asked whether it takes writes. One that doesn't is closed, and the next that is opened is asked: if
//! it does, the address leads to a new primary, and all that were opened before it are closed when they would be lent. If it
//! doesn't, there is only a standby: reads go on by what there is, and it is asked less and less often.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor as _, PgConnection, Row as _};

/// Between two questions, while all is well.
const PAUSE: Duration = Duration::from_secs(1);

/// Between two questions, where there is only a standby.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// Makes a pool give up connections to a server that takes no writes any more.
///
/// Who comes when a question is due waits for one round trip more: in a busy pool one in a second, in a quiet one everybody who
/// comes a second after the last. A pool that only a standby is there for closes one connection in 16 seconds and opens another.
pub(super) fn watched(options: PgPoolOptions) -> PgPoolOptions {
    let trust = Arc::new(Trust::new(Instant::now()));
    let opened = Arc::clone(&trust);
    options
        .before_acquire(move |connection, metadata| {
            let trust = Arc::clone(&trust);
            Box::pin(async move {
                let now = Instant::now();
                match trust.before_lending(now, metadata.age) {
                    Verdict::Keep => Ok(true),
                    Verdict::Close => Ok(false),
                    Verdict::Ask => Ok(trust.answered(takes_writes(connection).await?)),
                }
            })
        })
        .after_connect(move |connection, _| {
            let trust = Arc::clone(&opened);
            Box::pin(async move {
                let now = Instant::now();
                if trust.is_in_doubt() {
                    trust.opened(now, takes_writes(connection).await?);
                }
                Ok(())
            })
        })
}

async fn takes_writes(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let read_only: String = connection.fetch_one("SHOW transaction_read_only").await?.try_get(0)?;
    Ok(read_only == "off")
}

/// What becomes of a connection that is about to be lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Keep,
    Ask,
    Close,
}

/// What a pool knows of its connections.
#[derive(Debug)]
struct Trust(Mutex<Known>);

#[derive(Debug)]
struct Known {
    /// When somebody is to be asked again.
    ask_at: Instant,
    /// From a question to the next one.
    pause: Duration,
    /// Whether one that was asked took no writes, and none has been opened since that does.
    in_doubt: bool,
    /// Whether none at all has been opened since.
    just_refused: bool,
    /// What was opened before this is not lent any more.
    since: Option<Instant>,
}

impl Trust {
    fn new(now: Instant) -> Self {
        Self(Mutex::new(Known {
            ask_at: now,
            pause: PAUSE,
            in_doubt: false,
            just_refused: false,
            since: None,
        }))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done with a connection of this age.
    fn before_lending(&self, now: Instant, age: Duration) -> Verdict {
        let mut known = self.known();
        if known.since.is_some_and(|since| now.saturating_duration_since(since) < age) {
            return Verdict::Close;
        }
        if now < known.ask_at {
            return Verdict::Keep;
        }
        known.ask_at = now + known.pause;
        Verdict::Ask
    }

    /// Takes note of what a connection that was asked before it is lent said. Whether it is kept.
    fn answered(&self, takes_writes: bool) -> bool {
        let mut known = self.known();
        if takes_writes {
            known.pause = PAUSE;
        } else {
            (known.in_doubt, known.just_refused) = (true, true);
        }
        takes_writes
    }

    /// Whether the next one that is opened is to be asked.
    fn is_in_doubt(&self) -> bool {
        self.known().in_doubt
    }

    /// Takes note of what a connection that was opened just now said.
    fn opened(&self, now: Instant, takes_writes: bool) {
        let mut known = self.known();
        if takes_writes {
            let ask_at = now + PAUSE;
            *known = Known { ask_at, pause: PAUSE, in_doubt: false, just_refused: false, since: Some(now) };
        } else if known.just_refused {
            known.just_refused = false;
            known.pause = (known.pause * 2).min(LONGEST_PAUSE);
            known.ask_at = now + known.pause;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn one_connection_in_a_second_is_asked_and_kept_if_it_takes_writes() {
        let start = Instant::now();
        let trust = Trust::new(start);
        assert_eq!(trust.before_lending(start, HOUR), Verdict::Ask);
        assert!(trust.answered(true));
        assert!(!trust.is_in_doubt());
        assert_eq!(trust.before_lending(after(start, 1), HOUR), Verdict::Keep);
        assert_eq!(trust.before_lending(after(start, 999), HOUR), Verdict::Keep);
        assert_eq!(trust.before_lending(after(start, 1000), HOUR), Verdict::Ask);
        assert_eq!(trust.before_lending(after(start, 1000), HOUR), Verdict::Keep);
    }

    #[test]
    fn where_a_new_one_takes_writes_all_older_ones_are_closed() {
        let start = Instant::now();
        let trust = Trust::new(start);
        assert_eq!(trust.before_lending(start, HOUR), Verdict::Ask);
        assert!(!trust.answered(false), "it is closed");
        assert!(trust.is_in_doubt());
        assert_eq!(
            trust.before_lending(after(start, 50), HOUR),
            Verdict::Keep,
            "there may be none that is better"
        );
        trust.opened(after(start, 100), true);
        assert!(!trust.is_in_doubt());
        for _ in 0..24 {
            assert_eq!(trust.before_lending(after(start, 200), HOUR), Verdict::Close);
        }
        assert_eq!(trust.before_lending(after(start, 200), Duration::from_millis(101)), Verdict::Close);
        assert_eq!(trust.before_lending(after(start, 200), Duration::from_millis(100)), Verdict::Keep);
        assert_eq!(trust.before_lending(after(start, 1100), Duration::from_secs(1)), Verdict::Ask);
    }

    #[test]
    fn where_there_is_only_a_standby_its_connections_are_kept_and_asked_less_and_less_often() {
        let start = Instant::now();
        let trust = Trust::new(start);
        let mut now = start;
        for pause in [2, 4, 8, 16, 16] {
            assert_eq!(trust.before_lending(now, HOUR), Verdict::Ask);
            assert!(!trust.answered(false));
            // As many as there may be are opened when requests come again.
            for _ in 0..24 {
                trust.opened(now, false);
            }
            assert!(trust.is_in_doubt());
            assert_eq!(trust.before_lending(after(now, pause * 1000 - 1), HOUR), Verdict::Keep);
            now += Duration::from_secs(pause);
        }
        trust.opened(now, true);
        assert_eq!(trust.before_lending(after(now, 999), Duration::ZERO), Verdict::Keep);
        assert_eq!(trust.before_lending(after(now, 1000), Duration::ZERO), Verdict::Ask);
    }
}
