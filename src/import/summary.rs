//! What an import came to.

use std::fmt;
use std::time::Duration;

use domain::imported::Outcome;
use rust_decimal::Decimal;

use super::amount::Sum;
use super::document::{Content, Part};
use super::line::{Kind, Line, Reason, Reject};

/// What an import came to. A second import of the same file comes to the same, with 0 events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines of the file, without its header and without empty ones.
    pub lines: u64,
    /// Orders that are in the log.
    pub orders: u64,
    /// Lines of which something came back.
    pub returns: u64,
    /// Lines that adjusted a stock.
    pub adjustments: u64,
    /// Lines that were not taken, or only in part.
    pub rejected: u64,
    /// The sum of the lines of the orders.
    pub sales: Sum,
    /// What was given back.
    pub refunded: Sum,
    /// The sum, with their signs, of what was not taken.
    pub rejected_amount: Sum,
    /// The sum of quantity × price over the file: `sales − refunded + rejected_amount`.
    pub total: Sum,
    /// Events that this import appended.
    pub events: u64,
    /// How long it took.
    pub took: Duration,
}

impl Summary {
    /// Counts lines that were not taken.
    pub fn reject(&mut self, rejects: &[Reject]) {
        for reject in rejects {
            self.rejected += 1;
            self.rejected_amount += reject.amount;
        }
    }

    /// Counts what came of a part of a document; what of it was not taken.
    pub fn settle(&mut self, part: Part, outcome: &Outcome) -> Vec<Reject> {
        let lines = match part.content {
            Content::Sale { order, adjustments } => {
                self.orders += u64::from(!order.is_empty());
                self.adjustments += adjustments.len() as u64;
                for line in &order {
                    self.sales += line.amount;
                }
                return Vec::new();
            }
            Content::Return(lines) => lines,
        };
        let mut rejects = Vec::new();
        for (place, line) in lines.into_iter().enumerate() {
            let Some(Kind::Return(units)) = line.goods().map(|goods| goods.kind) else { continue };
            let of = outcome.returned.get(place).copied().unwrap_or_default();
            self.returns += u64::from(of.taken > 0);
            let left_out = units.saturating_sub(of.taken);
            let refunded = share(&line, of.taken);
            self.refunded -= refunded;
            if left_out > 0 {
                let reason =
                    Reason::NotTakenBack { not_bought: of.not_bought, not_paid: of.not_paid, of: units };
                let mut amount = Sum::from(line.amount);
                amount -= refunded;
                rejects.push(Reject { amount, ..Reject::whole(line, reason) });
            }
        }
        self.reject(&rejects);
        rejects
    }
}

/// What so many units of a line cost, with the line's sign.
fn share(line: &Line, units: u32) -> Sum {
    let Some(goods) = line.goods() else { return Sum::default() };
    let minor = -i128::from(goods.unit_price) * i128::from(units);
    // A price of 63 bits and a quantity of 32 fit into a decimal's 96.
    Decimal::try_from_i128_with_scale(minor, goods.currency.decimals()).unwrap_or_default().into()
}

/// One JSON object on one line. Amounts are exact decimal numbers.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lines,
            orders,
            returns,
            adjustments,
            rejected,
            sales,
            refunded,
            rejected_amount,
            total,
            events,
            took,
        } = self;
        write!(
            f,
            r#"{{"lines":{lines},"orders":{orders},"returns":{returns},"adjustments":{adjustments},"rejected":{rejected},"sales":{sales},"refunded":{refunded},"rejected_amount":{rejected_amount},"total":{total},"events":{events},"seconds":{:.1}}}"#,
            took.as_secs_f64(),
        )
    }
}
