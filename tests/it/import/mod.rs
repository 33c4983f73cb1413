//! Taking over history from elsewhere: the `daybook import orders` command on files that tests write, and on real ones.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod again;
mod bad_file;
mod daybook_form;
mod ledger;
mod online_retail;
mod products;
mod properties;
mod real;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use tempfile::TempDir;

use crate::harness::{Database, Place};

const RETAIL: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
const DAYBOOK: &str =
    "order_number,occurred_at,customer,seller,sku,name,quantity,unit_price,currency,country";

/// A database, and a folder for files.
struct Importing {
    place: Place,
    database: Database,
    folder: TempDir,
}

/// Line, amount and reason.
type Reject = (u64, String, String);

/// What an import said.
#[derive(Debug, PartialEq)]
struct Said {
    /// The last line's values, as they were written.
    summary: BTreeMap<String, String>,
    /// What was not taken.
    rejects: Vec<Reject>,
}

impl Said {
    /// A value of the summary, as it was written.
    fn get(&self, name: &str) -> &str {
        &self.summary[name]
    }

    /// Everything but what a second run says otherwise.
    fn same(&self) -> (BTreeMap<String, String>, &[Reject]) {
        let mut summary = self.summary.clone();
        summary.retain(|name, _| name != "events" && name != "seconds");
        (summary, &self.rejects)
    }

    /// The counts and amounts that are asked for, in one line.
    fn show(&self, names: &str) -> String {
        names.split(' ').map(|name| self.get(name)).collect::<Vec<_>>().join(" ")
    }
}

impl Importing {
    async fn new() -> Self {
        let database = Database::new().await;
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new("up", &database, folder.path());
        Self { place, database, folder }
    }

    fn rejects(&self) -> PathBuf {
        self.folder.path().join("rejects.csv")
    }

    fn file(&self, header: &str, lines: &[impl AsRef<str>]) -> PathBuf {
        let path = self.folder.path().join("history.csv");
        let all: Vec<&str> = std::iter::once(header).chain(lines.iter().map(AsRef::as_ref)).collect();
        std::fs::write(&path, all.join("\n")).unwrap();
        path
    }

    /// The arguments of an import of this file.
    fn arguments(&self, path: &Path, more: &[&str]) -> Vec<String> {
        Self::arguments_to(&self.rejects(), path, more)
    }

    fn arguments_to(rejects: &Path, path: &Path, more: &[&str]) -> Vec<String> {
        let own = std::fs::read(path).unwrap().starts_with(DAYBOOK.as_bytes());
        let format = if own { "daybook" } else { "online-retail" };
        let mut arguments = vec!["import", "orders", "--format", format, "--rejects"];
        arguments.extend([rejects.to_str().unwrap(), path.to_str().unwrap()]);
        arguments.extend(more);
        arguments.into_iter().map(str::to_owned).collect()
    }

    async fn run(&self, path: &Path, more: &[&str]) -> Said {
        self.run_to(&self.rejects(), path, more).await
    }

    /// With a file of its own for what can't be taken.
    async fn run_to(&self, rejects: &Path, path: &Path, more: &[&str]) -> Said {
        let arguments = Self::arguments_to(rejects, path, more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = self.place.output(&arguments).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        let last = printed.lines().last().unwrap();
        let summary: BTreeMap<String, Box<RawValue>> = serde_json::from_str(last).unwrap();
        let summary = summary.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect();
        Said { summary, rejects: read_rejects(rejects) }
    }

    async fn retail(&self, lines: &[impl AsRef<str>]) -> Said {
        self.run(&self.file(RETAIL, lines), &[]).await
    }

    async fn daybook(&self, lines: &[impl AsRef<str>]) -> Said {
        self.run(&self.file(DAYBOOK, lines), &[]).await
    }

    /// One value from the database.
    async fn ask<T>(&self, query: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(query).fetch_one(&self.database.pool).await.unwrap()
    }

    /// What the log says was captured and refunded, in minor units.
    async fn money(&self) -> (i64, i64) {
        let sum = |event: &str| {
            format!(
                "SELECT coalesce(sum((payload -> '{event}' ->> 'amount')::bigint), 0)::bigint
                 FROM events WHERE event_type = '{event}'"
            )
        };
        let (paid, refunded) = (sum("OrderPaid"), sum("OrderRefunded"));
        assert_eq!(self.ask::<i64>(&sum("PaymentCaptured")).await, self.ask::<i64>(&paid).await);
        assert_eq!(self.ask::<i64>(&sum("PaymentRefunded")).await, self.ask::<i64>(&refunded).await);
        (self.ask(&paid).await, self.ask(&refunded).await)
    }

    /// How many units of each SKU are on hand, by the log; never below 0 on the way.
    async fn stock(&self) -> BTreeMap<String, i64> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "WITH moves AS (
                 SELECT aggregate_id, sequence,
                        CASE event_type
                            WHEN 'StockReceived' THEN (payload -> event_type ->> 'quantity')::bigint
                            WHEN 'StockReturned' THEN (payload -> event_type ->> 'quantity')::bigint
                            WHEN 'StockAdjusted' THEN (payload -> event_type ->> 'delta')::bigint
                            WHEN 'ReservationCommitted' THEN -(payload -> event_type ->> 'quantity')::bigint
                            ELSE 0 END AS moved
                 FROM events WHERE aggregate_type = 'inventory'),
             levels AS (SELECT *, sum(moved) OVER (PARTITION BY aggregate_id ORDER BY sequence) AS level FROM moves)
             SELECT p.payload -> 'ProductCreated' ->> 'sku', coalesce(sum(moved), 0)::bigint,
                    coalesce(min(level), 0)::bigint
             FROM events p LEFT JOIN levels USING (aggregate_id)
             WHERE p.event_type = 'ProductCreated' GROUP BY 1",
        )
        .fetch_all(&self.database.pool)
        .await
        .unwrap();
        assert!(rows.iter().all(|(_, _, lowest)| *lowest >= 0), "a stock was below 0: {rows:?}");
        rows.into_iter().map(|(sku, level, _)| (sku, level)).collect()
    }
}

/// A line of Online Retail, at a day of 2011, from the United Kingdom.
fn retail(invoice: &str, code: &str, quantity: i64, day: u32, price: &str, customer: &str) -> String {
    format!(
        "{invoice},{code},Thing {code},{quantity},2011-01-{day:02} 09:30:00,{price},{customer},United Kingdom"
    )
}

fn read_rejects(path: &Path) -> Vec<Reject> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap().iter().take(3).collect::<Vec<_>>(), ["line", "amount", "reason"]);
    reader
        .records()
        .map(|record| record.unwrap())
        .map(|record| (record[0].parse().unwrap(), record[1].to_owned(), record[2].to_owned()))
        .collect()
}
