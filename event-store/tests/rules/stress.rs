//! Everything at once: random commands of three processes on few aggregates, and connections that are cut.

use std::collections::HashMap;

use domain::Streams;
use event_store::decider::Config;
use event_store::{Accepted, Failure, IdempotencyKey, Metadata, Submission};
use std::time::Duration;

use crate::harness::{Database, test};
use crate::process::{Answer, Process, Setup};
use crate::proxy::Proxy;
use crate::shop::{Stock, StockCommand, StockError};

/// A generator that gives the same numbers for the same seed (Steele, Lea, Flood: `SplitMix`, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// What was asked, and what was answered.
struct Asked {
    name: String,
    events: usize,
    answer: Answer,
}

/// One client's commands, several under way at a time; each event carries the name of its command.
async fn client(process: &Process, name: &str, seed: u64, commands: usize) -> Vec<Asked> {
    let mut random = Random(seed);
    let mut asked = Vec::new();
    for batch in 0..commands / 8 {
        let mut sent = Vec::new();
        for place in 0..8 {
            let name = format!("{name}-{batch}-{place}");
            let streams: Vec<String> = (0..=random.below(3)).map(|_| random.below(4).to_string()).collect();
            let (kind, quantity) = (random.below(10), i64::try_from(random.below(6) + 1).unwrap());
            let key = (random.below(3) == 0).then(|| {
                let key = u8::try_from(random.below(200)).unwrap();
                IdempotencyKey { key: [key; 32], fingerprint: [0; 32] }
            });
            let command = match kind {
                0..=3 => StockCommand::Receive(quantity),
                4..=8 => StockCommand::Reserve(quantity),
                _ => StockCommand::ReceiveAs(quantity, "\0".to_owned()),
            };
            let metadata = Metadata::default().with(Metadata::CORRELATION_ID, &name);
            let events = streams.len();
            let submission = Submission { metadata, key, ..Submission::default() };
            let deciding = process.send(submission, move |decision| {
                decision.remember(201, "");
                for stream in &streams {
                    decision.execute::<Stock, StockError>(stream, command.clone())?;
                }
                Ok(())
            });
            sent.push((name, events, deciding));
        }
        for (name, events, deciding) in sent {
            asked.push(Asked { name, events, answer: deciding.await });
        }
    }
    asked
}

/// The log against what was answered.
async fn check(database: &Database, processes: &[Process], asked: &[Asked]) {
    let events = database.events().await;
    let mut of_command: HashMap<String, Vec<i64>> = HashMap::new();
    let (mut on_hand, mut sequences) = (HashMap::<String, i64>::new(), HashMap::<String, i64>::new());
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position);
        let sequence = sequences.entry(event.aggregate_id.clone()).or_default();
        *sequence += 1;
        assert_eq!(event.sequence, *sequence);
        let name = event.metadata().get(Metadata::CORRELATION_ID).unwrap().to_owned();
        of_command.entry(name).or_default().push(position);
        let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
        let quantity = payload[&event.event_type]["quantity"].as_i64().unwrap();
        let stock = on_hand.entry(event.aggregate_id.clone()).or_default();
        *stock += if event.event_type == "Received" { quantity } else { -quantity };
        assert!(*stock >= 0, "at {position} there is less than nothing");
    }
    for Asked { name, events, answer } in asked {
        let stored = of_command.remove(name).unwrap_or_default();
        match answer {
            Ok(Accepted::Done { position, .. }) => {
                assert_eq!(stored.len(), *events, "{name} was acknowledged");
                assert_eq!(stored.last(), Some(position), "{name}");
                assert_eq!(
                    position - stored[0] + 1,
                    i64::try_from(stored.len()).unwrap(),
                    "{name} is in one piece"
                );
            }
            Ok(Accepted::Replayed(_))
            | Err(Failure::Refused(_) | Failure::Unstorable(_) | Failure::Unavailable) => {
                assert_eq!(stored, [0_i64; 0], "{name}: {answer:?}");
            }
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(of_command.len(), 0, "nobody asked for these");
    for process in processes {
        for (id, stock) in &on_hand {
            assert_eq!(process.on_hand(id).await, *stock, "{id}");
        }
    }
    let (rows, distinct): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(DISTINCT metadata->>'idempotency_key') FROM events
         WHERE metadata->>'idempotency_key' IS NOT NULL",
    )
    .fetch_one(&database.pool)
    .await
    .unwrap();
    assert_eq!(rows, distinct, "a key counted twice");
    assert_eq!(rows, database.number("SELECT count(*) FROM idempotency_keys").await);
    database.verify().await.unwrap();
}

async fn run(seed: u64) {
    test(async |database| {
        let mut proxies = Vec::new();
        let mut processes = Vec::new();
        for _ in 0..3 {
            let proxy = Proxy::start(&database.app()).await;
            let config =
                Config { cache: 3, group_events: 12, patience: Duration::from_secs(30), ..Config::default() };
            let setup = Setup { config, append: Some(&proxy), load: Some(&proxy), snapshots: true };
            processes.push(Process::with(database, setup).await);
            proxies.push(proxy);
        }
        let clients = async {
            let [x, y, z] = &processes[..] else { panic!("three") };
            let asked = tokio::join!(
                client(x, "x", seed, 320),
                client(x, "xx", seed + 1, 320),
                client(y, "y", seed + 2, 320),
                client(y, "yy", seed + 3, 320),
                client(z, "z", seed + 4, 320),
            );
            let asked: Vec<Asked> =
                [asked.0, asked.1, asked.2, asked.3, asked.4].into_iter().flatten().collect();
            asked
        };
        // Cuts, each after some more of the log.
        let cuts = async {
            let mut random = Random(seed);
            loop {
                let position = database.head().await.position + i64::try_from(random.below(40) + 1).unwrap();
                while database.head().await.position < position {
                    tokio::task::yield_now().await;
                }
                proxies[usize::try_from(random.below(3)).unwrap()].cut_all();
            }
        };
        let asked = tokio::select! {
            asked = clients => asked,
            () = cuts => panic!("the cuts have no end"),
        };
        check(database, &processes, &asked).await;
        // As told by whoever has seen nothing of it.
        check(database, &[Process::start(database).await], &asked).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_hold_together_under_random_commands_and_cuts() {
    run(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_hold_together_under_other_commands_and_cuts() {
    run(4_711).await;
}
