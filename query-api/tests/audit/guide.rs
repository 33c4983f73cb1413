//! The statement in the auditors' guide does what the guide says, and needs nothing of ours.

use std::fs;

use sqlx::Row;

use crate::harness::{Database, test};
use crate::shop::Sold;

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guides/auditors.md");

fn statement() -> String {
    let guide = fs::read_to_string(GUIDE).unwrap();
    let (_, after) = guide.split_once("```sql\n").unwrap();
    after.split_once("```").unwrap().0.to_owned()
}

/// First and last position, and the three findings, of each group that a statement finds.
async fn findings(database: &Database, statement: &str) -> Vec<(i64, i64, [bool; 3])> {
    let rows = sqlx::query(statement).fetch_all(&database.pool).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), [row.get(2), row.get(3), row.get(4)])).collect()
}

#[tokio::test]
async fn a_group_is_hashed_again_in_plain_postgres() {
    test(async |database| {
        let sold = Sold { n: 1, number: "ORD-2010-000001 – Grüße", external_id: None };
        let first = vec![sold.placed("2010-12-01T08:26:00Z"), sold.paid("2010-12-01T08:26:00Z")];
        database.append(first).await;
        database.append(vec![sold.confirmed("2010-12-01T08:27:00Z")]).await;

        let statement = statement();
        let one = |position: &str| statement.replace(":position", position);
        assert_eq!(findings(database, &one("2")).await, [(1, 2, [true; 3])]);
        assert_eq!(findings(database, &one("3")).await, [(3, 3, [true; 3])]);

        let all: Vec<_> = statement.lines().filter(|line| !line.ends_with("-- one group")).collect();
        assert_eq!(findings(database, &all.join("\n")).await, [(1, 2, [true; 3]), (3, 3, [true; 3])]);
    })
    .await;
}
