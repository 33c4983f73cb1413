//! A decider as the command role starts it, and many callers at once.

use std::future::Future;
use std::time::Instant;

use domain::inventory::{Inventory, InventoryCommand, InventoryError};
use domain::{StreamId, Streams};
use event_store::decider::{Config, DeciderTask, Registry};
use event_store::{Accepted, Decider, Failure, LogWatch, Submission};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use crate::Error;
use crate::database::Database;

/// A running decider.
pub struct Running {
    /// The way to it.
    pub decider: Decider,
    /// The pool that it loads by.
    pub pool: PgPool,
    task: DeciderTask,
}

impl Running {
    /// Starts one with the default configuration.
    pub async fn start(database: &Database) -> Result<Self, Error> {
        Self::connect(database.application()).await
    }

    /// Starts one on the database that these options lead to.
    pub async fn connect(options: PgConnectOptions) -> Result<Self, Error> {
        let pool = event_store::connect::pool_with(options.clone(), 16).await?;
        let registry = Registry::default().with_snapshots::<Inventory>();
        let (decider, task) = Decider::start(
            registry,
            Config::default(),
            &options,
            pool.clone(),
            LogWatch::start(pool.clone()),
        )
        .await?;
        Ok(Self { decider, pool, task })
    }

    /// Ends it.
    pub async fn stop(self) {
        self.task.drain().await;
        self.pool.close().await;
    }
}

/// One command on one product's stock.
pub async fn stock(
    decider: &Decider,
    product: uuid::Uuid,
    fresh: bool,
    command: InventoryCommand,
) -> Result<Accepted<()>, Failure<InventoryError>> {
    let fresh = if fresh { vec![StreamId::of::<Inventory>(product)] } else { Vec::new() };
    let submission = Submission { fresh, bytes: 200, ..Submission::default() };
    decider
        .submit(submission, move |decision| {
            decision.execute::<Inventory, InventoryError>(product, command.clone())
        })
        .await
}

/// Runs `count` calls with `in_flight` at once; calls a second.
pub async fn rate<F, C>(in_flight: usize, count: usize, call: C) -> Result<f64, Error>
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
    C: Fn() -> F + Clone + Send + 'static,
{
    let started = Instant::now();
    let callers: Vec<_> = (0..in_flight)
        .map(|caller| {
            let call = call.clone();
            let calls = count / in_flight + usize::from(caller < count % in_flight);
            tokio::spawn(async move {
                for _ in 0..calls {
                    call().await?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(per_second(count, started))
}

/// How many a second since then.
#[allow(clippy::cast_precision_loss)] // Counts of a bench are far below 2^52.
pub fn per_second(count: usize, started: Instant) -> f64 {
    count as f64 / started.elapsed().as_secs_f64()
}
