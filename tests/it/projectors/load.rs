//! People who are at work in a shop, all the time that the gate is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{RwLock, RwLockWriteGuard};
use tokio::task::JoinHandle;

use crate::harness::{Market, seen};

const PEOPLE: usize = 6;

/// So much has to happen before it is believed that it goes on.
const SOME: u64 = 10;

/// Whoever is refused anything gives up, and the test with him.
pub struct Load {
    pub market: Arc<Market>,
    gate: Arc<RwLock<()>>,
    /// How many turns are done; each began with an order.
    done: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    people: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins when each kind of thing has happened once.
    pub async fn start(market: Market) -> Self {
        let begun = u64::try_from(market.one_of_each().await.len()).unwrap();
        let (market, turns) = (Arc::new(market), Arc::new(AtomicU64::new(begun)));
        let (gate, over) = (Arc::<RwLock<()>>::default(), Arc::<AtomicBool>::default());
        let done = Arc::new(AtomicU64::new(begun));
        let people = (0..PEOPLE).map(|_| {
            let (market, gate, over) = (Arc::clone(&market), Arc::clone(&gate), Arc::clone(&over));
            let (turns, done) = (Arc::clone(&turns), Arc::clone(&done));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let _open = gate.read().await;
                    market.turn(turns.fetch_add(1, Ordering::Relaxed)).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let people = people.collect();
        let this = Self { market, gate, done, over, people };
        this.goes_on().await;
        this
    }

    /// How many orders were placed.
    pub fn orders(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Waits until some more has happened.
    pub async fn goes_on(&self) {
        let wanted = self.orders() + SOME;
        seen("more happens in the shop", async || {
            let gave_up = self.people.iter().filter(|person| person.is_finished()).count();
            assert_eq!(gave_up, 0, "so many were refused something: what, is said above");
            let orders = self.orders();
            if orders >= wanted { Ok(()) } else { Err(format!("{orders} of {wanted} orders")) }
        })
        .await;
    }

    /// Closes the gate as long as this is held.
    pub async fn stop(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// Everybody goes home.
    pub async fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        for person in self.people {
            person.await.expect("nobody was refused anything");
        }
    }
}
