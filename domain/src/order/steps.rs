//! The steps of an order's lines.
//!
//! Each line has a status of its own, because each seller sends what is the seller's. The order has the status of its
//! least advanced line. Staff's step is for all lines, a seller's for the lines of the shop; lines that are further on
//! stay where they are. A step that not every line takes says in its event which do, and what the order is then.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Order, OrderError, OrderStatus};
use crate::ids::SellerId;

/// Which lines take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// All of them.
    All,
    /// Those of one seller.
    OfSeller(SellerId),
}

/// The part of an order that took a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// The lines that took it, each by its place in the order, from 0.
    pub lines: Vec<u32>,
    /// What the order is after it: what its least advanced line is.
    pub order_status: OrderStatus,
}

impl Part {
    /// The lines that a step was of, of an order with so many.
    pub fn lines_of(part: Option<&Self>, count: usize) -> Vec<u32> {
        part.map_or_else(|| (0..).take(count).collect(), |part| part.lines.clone())
    }
}

impl Order {
    /// The lines that would take the step, which leads from exactly the status before it.
    pub fn stepping(&self, lines: Lines, from: OrderStatus, to: OrderStatus) -> Result<Vec<u32>, OrderError> {
        let placed = self.placed()?;
        let theirs = |seller_id| match lines {
            Lines::All => true,
            Lines::OfSeller(seller) => seller == seller_id,
        };
        let known = (0_u32..).zip(placed.lines.iter().zip(&self.line_status));
        let theirs: Vec<(u32, OrderStatus)> = known
            .filter(|(_, (line, _))| theirs(line.seller_id))
            .map(|(place, (_, status))| (place, *status))
            .collect();
        let is = theirs.iter().map(|(_, status)| *status).min().ok_or(OrderError::NothingOfSeller)?;
        if is != from {
            return Err(OrderError::WrongStatus { is, to });
        }
        Ok(theirs.into_iter().filter(|(_, status)| *status == from).map(|(place, _)| place).collect())
    }

    /// What an event says of the lines that take a step: nothing if all do.
    pub(super) fn part(
        &self,
        lines: Lines,
        from: OrderStatus,
        to: OrderStatus,
    ) -> Result<Option<Part>, OrderError> {
        let lines = self.stepping(lines, from, to)?;
        if lines.len() == self.line_status.len() {
            return Ok(None);
        }
        let mut after = self.line_status.clone();
        put(&mut after, &lines, to);
        let order_status = after.into_iter().min().unwrap_or_default();
        Ok(Some(Part { lines, order_status }))
    }

    /// The whole order, or a part of it, becomes this.
    pub(super) fn becomes(&mut self, status: OrderStatus, part: Option<&Part>) {
        if let Some(part) = part {
            put(&mut self.line_status, &part.lines, status);
            self.status = part.order_status;
        } else {
            self.line_status.fill(status);
            self.status = status;
        }
    }
}

fn put(all: &mut [OrderStatus], lines: &[u32], status: OrderStatus) {
    for line in lines {
        if let Some(line) = all.get_mut(*line as usize) {
            *line = status;
        }
    }
}
