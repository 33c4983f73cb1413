//! The numbers that people use for orders: `ORD-2026-000100`.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use sqlx::PgPool;
use tokio::sync::Mutex;

/// How many numbers are fetched at once: a round trip each would cost as much as the order's append.
const BLOCK: i32 = 64;

/// Numbers from the sequence `order_numbers`, fetched in blocks. Those that a process had left when it ended are gaps.
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct OrderNumbers {
    pool: PgPool,
    left: Arc<Mutex<VecDeque<i64>>>,
}

impl OrderNumbers {
    /// Numbers of the sequence that `pool` leads to.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, left: Arc::default() }
    }

    /// The number of an order that is placed at `at`. No other order has it, of any process.
    pub async fn next(&self, at: DateTime<Utc>) -> Result<String, sqlx::Error> {
        let mut left = self.left.lock().await;
        if left.is_empty() {
            let block = sqlx::query_scalar!(
                r#"SELECT nextval('order_numbers') AS "n!" FROM generate_series(1, $1::int)"#,
                BLOCK
            );
            left.extend(block.fetch_all(&self.pool).await?);
        }
        let number = left.pop_front().ok_or(sqlx::Error::RowNotFound)?;
        Ok(format!("ORD-{}-{number:06}", at.year()))
    }
}
