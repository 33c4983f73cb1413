//! Projectors that are killed under load, from both sources, and with them the broker and the process that feeds an index
//! of product search: each time the other projector takes over, and what is read is what a fresh replay makes of the log.
//!
//! The short form kills two projectors of each source, the index's process once, and the broker once.
//! `tests/projectors.sh` runs the long one: `DAYBOOK_PROJECTOR_KILLS=20`, with the broker started anew twice.

mod load;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::Rng;
use rand::seq::IndexedRandom;
use tokio::time::Instant;

use self::load::Load;
use crate::harness::{
    Broker, Database, Market, Place, Process, equal_a_fresh_replay, everything_is_in_kafka, seen,
};

/// How long the broker is away: longer than a group waits for a member that says nothing, which is 6 s.
const OUTAGE: Duration = Duration::from_secs(7);

fn kills() -> usize {
    std::env::var("DAYBOOK_PROJECTOR_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(2)
}

/// A process that is killed and started again at its place.
struct Victim {
    place: Place,
    process: Option<Process>,
}

impl Victim {
    async fn at(place: Place) -> Self {
        let process = Some(place.start().await);
        Self { place, process }
    }

    async fn kill(&mut self) {
        self.process.take().unwrap().kill().await;
    }

    async fn start(&mut self) {
        self.process = Some(self.place.start().await);
    }

    async fn stop(self) {
        self.process.unwrap().stop().await;
    }
}

/// The process that takes commands and relays them, one that answers searches, and two that feed the read models.
struct World {
    source: &'static str,
    broker: Broker,
    shop: Victim,
    search: Victim,
    projectors: [Victim; 2],
    load: Load,
    database: Database,
    _folders: Vec<tempfile::TempDir>,
}

impl World {
    async fn new(source: &'static str) -> Self {
        let mut broker = Broker::new().expect("Kafka's jars: run ./dev test");
        broker.start();
        let database = Database::new().await;
        let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
        let place = |role, folder: usize| {
            Place::new(role, &database, folders[folder].path()).with("KAFKA_BROKERS", &broker.address)
        };
        let projector = |folder| place("projector", folder).saying(&["--from", source]).watched();
        // All at once: the shop waits a while for what projectors feed, and those of Kafka for the topics that it makes.
        let (shop, search, first, second) = tokio::join!(
            Victim::at(place("up", 0).with("DAYBOOK_PROJECTOR_SOURCE", "off")),
            Victim::at(place("query-api", 1)),
            Victim::at(projector(2)),
            Victim::at(projector(3)),
        );
        let load = Load::start(Market::open(&shop.place, &database).await).await;
        let projectors = [first, second];
        Self { source, broker, shop, search, projectors, load, database, _folders: folders }
    }

    /// Kills so many projectors and now and then the rest, and compares each time.
    async fn run(mut self) {
        let kills = kills();
        let restarts = if kills > 2 { 2 } else { 1 };
        let restart_before = |kill| (0..restarts).any(|nth| kill == nth * kills / restarts);
        let mut position = 0;
        for kill in 0..kills {
            let mut before = String::new();
            if restart_before(kill) {
                self.restart_the_broker().await;
                before += ", after the broker";
            }
            if kill % 2 == 0 {
                self.kill_the_index().await;
                before += ", after the process of the index";
            }
            let (victim, fed) = self.kill_a_projector().await;
            let closed = self.load.stop().await;
            position = equal_a_fresh_replay(&self.database, &self.search.place, &self.load.market).await;
            drop(closed);
            self.projectors[victim].start().await;
            let (source, kill) = (self.source, kill + 1);
            say(&format!("{source}: kill {kill} of {kills}{before}: it fed {fed:?}; equal at {position}"));
        }
        let (source, orders) = (self.source, self.load.orders());
        self.end().await;
        say(&format!(
            "{source}: {kills} kills and {} of the process of the index, {restarts} broker restarts, {orders} orders, \
             {position} events: six read models equal a fresh replay, each time",
            kills.div_ceil(2)
        ));
    }

    /// Kills the broker when all are at work, and starts it when it was away for long. The shop goes on meanwhile.
    async fn restart_the_broker(&mut self) {
        let before = self.shop.place.consumer("relay").await["position"].as_i64();
        seen("the relay is at work", async || {
            self.load.goes_on().await;
            let relay = self.shop.place.consumer("relay").await;
            if relay["position"].as_i64() > before {
                Ok(())
            } else {
                Err(format!("{relay} after {before:?}"))
            }
        })
        .await;
        self.fed().await;
        self.broker.kill();
        let killed = Instant::now();
        while killed.elapsed() < OUTAGE {
            self.load.goes_on().await;
        }
        let relay = self.shop.place.consumer("relay").await;
        assert!(relay["lag"].as_i64().unwrap() > 0, "it can't relay what happens meanwhile: {relay}");
        self.broker.start();
    }

    /// Kills the process that feeds an index of its own, and starts it again.
    async fn kill_the_index(&mut self) {
        self.load.goes_on().await;
        at_some_moment().await;
        self.search.kill().await;
        self.load.goes_on().await;
        self.search.start().await;
    }

    /// Kills a projector that was at work, and waits until the other one has taken over all that it fed. Which it was.
    async fn kill_a_projector(&mut self) -> (usize, BTreeSet<String>) {
        let mut fed = self.fed().await;
        assert!(
            self.source == "kafka" || fed[0].is_disjoint(&fed[1]),
            "from the log one alone feeds each: {fed:?}"
        );
        at_some_moment().await;
        let at_work: Vec<_> = (0..2).filter(|number| !fed[*number].is_empty()).collect();
        let victim = *at_work.choose(&mut rand::rng()).unwrap();
        self.projectors[victim].kill().await;
        let survivor = &self.projectors[1 - victim].place;
        let before = batches(survivor).await;
        let fed = std::mem::take(&mut fed[victim]);
        seen("the other projector feeds what the killed one has fed", async || {
            self.load.goes_on().await;
            let now = grown(&before, &batches(survivor).await);
            if fed.is_subset(&now) { Ok(()) } else { Err(format!("{now:?} of {fed:?}")) }
        })
        .await;
        (victim, fed)
    }

    /// Which read models each of the projectors has fed lately; one of them at least.
    async fn fed(&self) -> [BTreeSet<String>; 2] {
        let [first, second] = &self.projectors;
        let before = [batches(&first.place).await, batches(&second.place).await];
        seen("a projector is at work", async || {
            self.load.goes_on().await;
            let now = [batches(&first.place).await, batches(&second.place).await];
            let fed = [grown(&before[0], &now[0]), grown(&before[1], &now[1])];
            if fed.iter().all(BTreeSet::is_empty) { Err(format!("{now:?}")) } else { Ok(fed) }
        })
        .await
    }

    async fn end(self) {
        self.load.end().await;
        self.shop.place.caught_up().await;
        everything_is_in_kafka(&self.database, &self.broker.address).await;
        let [first, second] = self.projectors;
        for process in [self.shop, self.search, first, second] {
            process.stop().await;
        }
    }
}

/// How many batches a projector has taken, by read model.
async fn batches(projector: &Place) -> BTreeMap<String, f64> {
    let of = |sample: &str| {
        let model = sample.strip_prefix(r#"daybook_projection_batch_seconds_count{model=""#)?;
        Some(model.strip_suffix(r#""}"#)?.to_owned())
    };
    let samples = projector.scraped().await;
    samples.into_iter().filter_map(|(sample, count)| Some((of(&sample)?, count))).collect()
}

/// The read models that have taken some since.
fn grown(before: &BTreeMap<String, f64>, now: &BTreeMap<String, f64>) -> BTreeSet<String> {
    let more = |(model, count): (&String, &f64)| {
        (before.get(model).is_none_or(|before| before < count)).then(|| model.clone())
    };
    now.iter().filter_map(more).collect()
}

/// Lets a random time pass: a kill may come at any moment.
async fn at_some_moment() {
    let moment = Duration::from_millis(rand::rng().random_range(50..700));
    tokio::time::sleep(moment).await; // the random moment itself, not waiting for anything
}

#[allow(clippy::print_stdout, reason = "whoever runs the long form reads how far it is")]
fn say(line: &str) {
    println!("{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_projectors_from_the_log_lose_and_double_nothing() {
    World::new("log").await.run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_projectors_from_kafka_lose_and_double_nothing() {
    World::new("kafka").await.run().await;
}
