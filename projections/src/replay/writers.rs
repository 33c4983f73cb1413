//! Writers of a rebuild that go event by event: each takes the aggregates that fall to it, in order, on a connection of its own.
//!
//! A read model takes the events of different aggregates in any order, so what is written at the same time needs no
//! agreement. Nobody reads the new generation and nobody goes on with one that was broken off, so its checkpoint doesn't
//! move meanwhile, and a transaction of a writer is as large as is good for Postgres.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::public::PublicEvent;
use futures::future::join_all;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::runner::connection::connect;
use crate::runner::failure::FeedError;
use crate::runner::intake::Intake;
use crate::runner::source::{PublicBatch, Undecodable};

/// So many at most, whatever the machine has: each holds a connection.
const MOST: usize = 8;

/// Events that a writer writes together. What happens to an aggregate within them is folded into one row.
const TOGETHER: usize = 20_000;

/// What falls to one writer of a batch.
#[derive(Default)]
struct Part {
    events: Vec<PublicEvent>,
    undecodable: Vec<Undecodable>,
}

/// The running writers.
pub(super) struct Writers {
    parts: Vec<mpsc::Sender<Part>>,
    tasks: JoinSet<Result<(), FeedError>>,
}

impl Writers {
    /// One for each core. `any_parked`: whether aggregates may be parked already.
    pub(super) async fn start(
        model: &'static dyn ReadModel,
        generation: Generation,
        owner: &PgPool,
        any_parked: bool,
    ) -> Result<Self, FeedError> {
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(MOST);
        let (mut parts, mut tasks) = (Vec::with_capacity(count), JoinSet::new());
        for _ in 0..count {
            let (sender, taken) = mpsc::channel(1);
            let writer = Writer { model, generation, db: connect(owner).await?, any_parked };
            tasks.spawn(writer.run(taken));
            parts.push(sender);
        }
        Ok(Self { parts, tasks })
    }

    /// Hands out a batch; waits while the writers have enough.
    pub(super) async fn take(&mut self, batch: PublicBatch) -> Result<(), FeedError> {
        let PublicBatch { events, undecodable, head: _ } = batch;
        if let Some(event) = undecodable.iter().find(|event| event.aggregate_type == Undecodable::ANY) {
            return Err(FeedError::Undecodable { position: event.position, error: event.error.clone() });
        }
        let mut parts: Vec<Part> = self.parts.iter().map(|_| Part::default()).collect();
        for event in events {
            let place = self.place(event.aggregate_type, &event.aggregate_id);
            parts[place].events.push(event);
        }
        for event in undecodable {
            let place = self.place(&event.aggregate_type, &event.aggregate_id);
            parts[place].undecodable.push(event);
        }
        let sent = join_all(self.parts.iter().zip(parts).map(|(writer, part)| writer.send(part))).await;
        if sent.iter().any(Result::is_err) {
            return self.ended().await;
        }
        Ok(())
    }

    /// Which writer an aggregate falls to.
    fn place(&self, aggregate_type: &str, aggregate_id: &str) -> usize {
        let mut hasher = DefaultHasher::new();
        (aggregate_type, aggregate_id).hash(&mut hasher);
        let count = self.parts.len() as u64;
        usize::try_from(hasher.finish() % count).unwrap_or_default()
    }

    /// Waits until all is written.
    pub(super) async fn finish(mut self) -> Result<(), FeedError> {
        self.ended().await
    }

    async fn ended(&mut self) -> Result<(), FeedError> {
        self.parts.clear();
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

struct Writer {
    model: &'static dyn ReadModel,
    generation: Generation,
    db: PgConnection,
    /// Whether it has parked anything.
    any_parked: bool,
}

impl Writer {
    async fn run(mut self, mut taken: mpsc::Receiver<Part>) -> Result<(), FeedError> {
        let mut together = Part::default();
        while let Some(part) = taken.recv().await {
            together.events.extend(part.events);
            together.undecodable.extend(part.undecodable);
            if together.events.len() >= TOGETHER {
                self.write(std::mem::take(&mut together)).await?;
            }
        }
        self.write(together).await
    }

    async fn write(&mut self, Part { events, undecodable }: Part) -> Result<(), FeedError> {
        let intake = Intake {
            model: self.model,
            generation: self.generation,
            events: &events,
            undecodable: &undecodable,
        };
        let mut tx = self.db.begin().await?;
        self.any_parked |= intake.take(self.any_parked, &mut tx).await? > 0;
        Ok(tx.commit().await?)
    }
}
