//! Rules 14 and 15 under load: two deciders and one hot product.

use crate::harness::{Database, test};
use crate::process::Process;
use crate::shop::StockCommand;

/// Sends so many commands, some at a time.
async fn sell(process: &Process, total: usize, at_once: usize) -> usize {
    let mut sold = 0;
    for start in (0..total).step_by(at_once) {
        let sent: Vec<_> = (start..total.min(start + at_once))
            .map(|_| process.stock("hot", StockCommand::Reserve(1)))
            .collect();
        for sent in sent {
            sold += usize::from(sent.await.is_ok());
        }
    }
    sold
}

async fn race(database: &Database, at_once: usize) {
    let (x, y) = (Process::start(database).await, Process::start(database).await);
    x.stock("hot", StockCommand::Receive(500)).await.unwrap();
    let (by_x, by_y) = tokio::join!(sell(&x, 300, at_once), sell(&y, 300, at_once));
    assert_eq!(by_x + by_y, 500, "both finished, and exactly what there was is sold");
    assert_eq!((x.on_hand("hot").await, y.on_hand("hot").await), (0, 0));
    assert_eq!(database.head().await.position, 501);
    database.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_14_two_deciders_on_one_hot_product_both_finish() {
    test(async |database| race(database, 32).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_14_two_deciders_with_one_command_at_a_time_both_finish() {
    test(async |database| race(database, 1).await).await;
}
