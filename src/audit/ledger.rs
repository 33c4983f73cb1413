//! `daybook audit ledger`: what was captured and refunded, day by day.

use std::io::Write;

use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::ids::SellerId;
use event_store::{Head, Log};
use query_api::audit::daily::{COLUMNS, Ledger, Scope, csv, ndjson};

use super::bar;
use super::table::{Align, table};
use crate::Failure;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  daybook audit ledger --from 2026-01-01 --to 2026-03-31 --tz Europe/Berlin\n  \
    daybook audit ledger --format csv > ledger.csv\n\
    Goods, tax and shipping are net: captured less refunded. CSV and NDJSON have no totals, so that their rows can be summed."
)]
pub struct Args {
    /// From this day.
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// To this day, and with it.
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Only the goods of this seller.
    #[arg(long, value_name = "ID")]
    seller: Option<SellerId>,
    /// Where a day begins at midnight: a time zone of the IANA database.
    #[arg(long, default_value_t = Tz::UTC)]
    tz: Tz,
    /// What it looks like.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people, with totals.
    Table,
    /// One line a day under a header.
    Csv,
    /// One JSON object a day.
    Ndjson,
}

/// `daybook audit ledger`.
pub async fn run(args: Args, log: &Log) -> Result<(), Failure> {
    let Args { from, to, seller, tz, format } = args;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err("--to must not be before --from".into());
    }
    let bar = bar()?;
    let read = Ledger::read(log, Scope { from, to, seller, tz }, |position, head| {
        bar.set_length(head.position.unsigned_abs());
        bar.set_position(position.unsigned_abs());
    })
    .await;
    bar.finish_and_clear();
    let (ledger, head) = read?;
    let text = match format {
        Format::Table => for_people(&ledger, tz, head)?,
        Format::Csv => csv(&ledger.rows()?),
        Format::Ndjson => ndjson(&ledger.rows()?)?,
    };
    // If nobody reads to the end (`| head`), nothing is lost.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

fn for_people(ledger: &Ledger, tz: Tz, head: Head) -> Result<String, Failure> {
    let rows: Vec<_> = ledger.rows()?.iter().map(|row| row.figures.cells(row.date.to_string())).collect();
    let totals: Vec<_> = ledger.totals()?.iter().map(|total| total.cells("total".to_owned())).collect();
    let mut align = [Align::Right; COLUMNS.len()];
    align[..2].fill(Align::Left);
    let days = table(&COLUMNS, &align, &[&rows, &totals]);
    Ok(format!("{days}\nDays of {tz}. Added up from the log to {head}.\n"))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use domain::ids::{PaymentId, ProductId, RefundId};
    use domain::order::{GoodsAmount, OrderEvent, OrderPaid, OrderRefunded, Split};
    use uuid::Uuid;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn split(goods: i64, tax: i64) -> Split {
        let (product_id, seller_id) = (ProductId(Uuid::nil()), SellerId(Uuid::nil()));
        Split {
            goods: vec![GoodsAmount { line: 0, product_id, seller_id, quantity: 1, amount: goods }],
            tax,
            shipping: 0,
        }
    }

    #[test]
    fn a_table_has_its_days_and_a_total() {
        let mut ledger = Ledger::new(Scope::default());
        let (payment_id, customer_id, currency) = (PaymentId(Uuid::nil()), None, "USD".parse().unwrap());
        let paid =
            OrderPaid { payment_id, customer_id, amount: 104_999, currency, split: split(99_999, 5_000) };
        let refund_id = RefundId(Uuid::nil());
        let refunded =
            OrderRefunded { payment_id, refund_id, customer_id, amount: 105, currency, split: split(100, 5) };
        ledger.book(at("2026-05-01T10:00:00Z"), &OrderEvent::OrderPaid(paid)).unwrap();
        ledger.book(at("2026-05-03T10:00:00Z"), &OrderEvent::OrderRefunded(refunded)).unwrap();
        assert_eq!(
            for_people(&ledger, Tz::UTC, Head::EMPTY).unwrap(),
            format!(
                "date        currency  captured  refunded  balance   goods    tax  shipping\n\
                 2026-05-01  USD        1049.99      0.00  1049.99  999.99  50.00      0.00\n\
                 2026-05-03  USD           0.00      1.05    -1.05   -1.00  -0.05      0.00\n\
                 ----------  --------  --------  --------  -------  ------  -----  --------\n\
                 total       USD        1049.99      1.05  1048.94  998.99  49.95      0.00\n\
                 \nDays of UTC. Added up from the log to {}.\n",
                Head::EMPTY
            )
        );
    }
}
