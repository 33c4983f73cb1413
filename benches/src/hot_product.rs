//! One hot product beside cold ones: every buyer reserves a unit of the same stock, or each of a stock of his own.

use domain::ids::OrderId;
use domain::inventory::InventoryCommand;
use event_store::Failure;
use uuid::Uuid;

use crate::Error;
use crate::database::Server;
use crate::decider::{Running, rate, stock};
use crate::report::{Measurement, Report};

const BUYERS: usize = 64;
const PURCHASES: usize = 60_000;
/// The hot product has fewer units than there are purchases: the rest must be refused.
const SHORT_OF: usize = 1000;

pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    let measurement =
        Measurement { name: "hot-product", unit: "commands/s", peer: "distinct cold products", aim: 0.9 };
    if !report.wants(measurement.name) {
        return Ok(());
    }
    let database = server.daybook().await?;
    let mut rounds = Vec::new();
    for _ in 0..report.rounds() {
        let running = Running::start(&database).await?;
        let hot = Uuid::now_v7();
        let units = u64::try_from(PURCHASES - SHORT_OF)?;
        stock(&running.decider, hot, true, InventoryCommand::Receive { quantity: units, reason: None })
            .await?;
        let hot_rate = sell(&running, move || hot).await?;
        let sold: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM events WHERE aggregate_id = $1 AND event_type = 'StockReserved'",
        )
        .bind(hot.to_string())
        .fetch_one(&running.pool)
        .await?;
        if u64::try_from(sold)? != units {
            return Err(format!("{sold} units were sold of {units}").into());
        }
        let cold: Vec<Uuid> = (0..PURCHASES).map(|_| Uuid::now_v7()).collect();
        for some in cold.chunks(4096) {
            let received = some.iter().map(|id| {
                stock(&running.decider, *id, true, InventoryCommand::Receive { quantity: 1, reason: None })
            });
            futures::future::try_join_all(received).await?;
        }
        let next = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let cold_rate = sell(&running, move || {
            cold.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).copied().unwrap_or_default()
        })
        .await?;
        running.stop().await;
        rounds.push((hot_rate, cold_rate));
    }
    report.add(&measurement, &rounds)?;
    database.drop().await
}

async fn sell(running: &Running, product: impl Fn() -> Uuid + Clone + Send + 'static) -> Result<f64, Error> {
    let decider = running.decider.clone();
    rate(BUYERS, PURCHASES, move || {
        let (decider, product) = (decider.clone(), product());
        async move {
            match stock(&decider, product, false, reserve()).await {
                // Sold out is an answer like any other.
                Ok(_) | Err(Failure::Refused(_)) => Ok(()),
                Err(failure) => Err(failure.into()),
            }
        }
    })
    .await
}

/// A buyer's command.
pub fn reserve() -> InventoryCommand {
    InventoryCommand::Reserve { order_id: OrderId(Uuid::now_v7()), quantity: 1, expires_at: None }
}
