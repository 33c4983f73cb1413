//! Documents: an invoice, a credit note, an order with its returns; and the parts that are imported one by one.
//!
//! All that a document sells is one order, wherever its lines are: it is placed where the first of them stands, at its
//! time, for its customer. What comes back is taken where it stands. So a document has *parts*, in the file's order:
//! at most one that sells (adjustments of stock beside it belong to it), and one for each group of neighbouring lines
//! that return goods at one time for one customer.

use std::mem;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Currency;
use uuid::Uuid;

use super::file::FileError;
use super::line::{Kind, Line, Reason, Reject};

/// Lines of a document that sells nothing are passed on when there are so many: only an order has to be whole.
const ENOUGH: usize = 2048;

/// Neighbouring lines of one document, with the lines among them that can't be taken.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The document's number; nothing if no line can be taken.
    pub number: Option<String>,
    /// Whether it goes on with the document that the run before it ended with.
    pub continues: bool,
    /// In the file's order.
    pub lines: Vec<Line>,
}

impl Run {
    /// Where its first line stands that can be taken.
    pub fn begins(&self) -> Option<u64> {
        self.lines.iter().find(|line| line.reading.is_ok()).map(|line| line.number)
    }
}

/// Gathers neighbouring lines.
pub struct Runs<L> {
    lines: L,
    run: Run,
    sells: bool,
}

impl<L> Runs<L> {
    /// Of these lines.
    pub fn of(lines: L) -> Self {
        Self { lines, run: Run::default(), sells: false }
    }

    fn begin(&mut self, number: Option<String>, continues: bool) -> Run {
        self.sells = false;
        mem::replace(&mut self.run, Run { number, continues, lines: Vec::new() })
    }

    fn push(&mut self, line: Line) {
        self.sells |= matches!(line.goods().map(|goods| goods.kind), Some(Kind::Sale(_)));
        self.run.lines.push(line);
    }

    /// The run that ends before this line, if one does.
    fn ends_before(&mut self, line: &Line) -> Option<Run> {
        let enough = self.run.lines.len() >= ENOUGH && !self.sells;
        match (line.goods(), &self.run.number) {
            (Some(goods), Some(number)) if goods.document != *number => {
                Some(self.begin(Some(goods.document.clone()), false))
            }
            (Some(goods), None) => {
                self.run.number = Some(goods.document.clone());
                None
            }
            (Some(_) | None, _) if enough => {
                let number = self.run.number.clone();
                let continues = number.is_some();
                Some(self.begin(number, continues))
            }
            (Some(_) | None, _) => None,
        }
    }
}

impl<L: Iterator<Item = Result<Line, FileError>>> Iterator for Runs<L> {
    type Item = Result<Run, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(line) = self.lines.next() {
            let line = match line {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let ended = self.ends_before(&line);
            self.push(line);
            if let Some(run) = ended {
                return Some(Ok(run));
            }
        }
        let last = self.begin(None, false);
        (!last.lines.is_empty()).then_some(Ok(last))
    }
}

/// A part of a document.
#[derive(Clone, Debug)]
pub struct Part {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The seller of its first line.
    pub seller: Arc<str>,
    /// Who bought or returned; nothing for a guest.
    pub customer: Option<String>,
    /// Of its prices.
    pub currency: Currency,
    /// Where its goods went to.
    pub country: Option<String>,
    /// What it says.
    pub content: Content,
}

/// What a part of a document says.
#[derive(Clone, Debug)]
pub enum Content {
    /// It sells, or adjusts stocks, or both.
    Sale {
        /// The lines of the order; none if only stocks are adjusted.
        order: Vec<Line>,
        /// Adjustments of stocks.
        adjustments: Vec<Line>,
    },
    /// It returns goods.
    Return(Vec<Line>),
}

impl Part {
    fn begin(line: &Line, content: Content) -> Option<Self> {
        let goods = line.goods()?;
        Some(Self {
            at: goods.at,
            seller: Arc::clone(&goods.seller),
            customer: goods.customer.clone(),
            currency: goods.currency,
            country: goods.country.clone(),
            content,
        })
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let (first, second) = match &self.content {
            Content::Sale { order, adjustments } => (order, &adjustments[..]),
            Content::Return(lines) => (lines, &[][..]),
        };
        first.iter().chain(second)
    }

    fn into_lines(self) -> impl Iterator<Item = Line> {
        let (first, second) = match self.content {
            Content::Sale { order, adjustments } => (order, adjustments),
            Content::Return(lines) => (lines, Vec::new()),
        };
        first.into_iter().chain(second)
    }

    /// All of its lines, with why nothing of it is taken.
    pub fn refused(self, reason: &Reason) -> Vec<Reject> {
        self.into_lines().map(|line| Reject::whole(line, reason.clone())).collect()
    }

    /// Tells its contents from others under the same number. Who the customer is has no part in it: from a digest of a
    /// short number the number can be found.
    pub fn fingerprint(&self) -> Uuid {
        let mut text = String::new();
        for goods in self.lines().filter_map(Line::goods) {
            let kind = match goods.kind {
                Kind::Sale(units) => format!("sale {units}"),
                Kind::Return(units) => format!("return {units}"),
                Kind::Adjustment(delta) => format!("adjustment {delta}"),
            };
            let (seller, code) = (&goods.seller, &goods.code);
            let price = format!("{} {}", goods.unit_price, goods.currency);
            let product = format!("{seller:?} {code:?}");
            text.extend([kind.as_str(), " ", &price, " ", &product, "\n"]);
        }
        Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes())
    }

    fn takes(&mut self, line: Line) {
        match (&mut self.content, line.goods().map(|goods| goods.kind)) {
            (Content::Return(lines), _) => lines.push(line),
            (Content::Sale { adjustments, .. }, Some(Kind::Adjustment(_))) => adjustments.push(line),
            (Content::Sale { order, .. }, _) => order.push(line),
        }
    }

    fn returns_with(&self, line: &Line) -> bool {
        let same = |goods: &super::line::Goods| {
            (self.at, &self.customer, self.currency) == (goods.at, &goods.customer, goods.currency)
        };
        matches!(self.content, Content::Return(_)) && line.goods().is_some_and(same)
    }
}

/// The parts of a run, in order, and the lines that are in none of them.
pub fn parts(lines: Vec<Line>) -> (Vec<Part>, Vec<Reject>) {
    let mut parts: Vec<Part> = Vec::new();
    let mut rejects = Vec::new();
    let mut sale: Option<usize> = None;
    // A line that sells or adjusts stands between returns: what was sold there may be what comes back next.
    let mut open = false;
    for line in lines {
        let returns = match &line.reading {
            Ok(goods) => matches!(goods.kind, Kind::Return(_)),
            Err(reason) => {
                let reason = reason.clone();
                rejects.push(Reject::whole(line, reason));
                continue;
            }
        };
        let place = if returns {
            parts.len().checked_sub(1).filter(|last| open && parts[*last].returns_with(&line))
        } else {
            sale
        };
        open = returns;
        let place = place.unwrap_or_else(|| {
            let content = if returns {
                Content::Return(Vec::new())
            } else {
                Content::Sale { order: Vec::new(), adjustments: Vec::new() }
            };
            parts.extend(Part::begin(&line, content));
            parts.len() - 1
        });
        if !returns {
            sale = Some(place);
        }
        parts[place].takes(line);
    }
    for part in &mut parts {
        rejects.extend(settle_order(part));
    }
    (parts, rejects)
}

/// An order has one time, customer and currency, those of its first line (of the first that names a customer); lines
/// that say otherwise are not of it.
fn settle_order(part: &mut Part) -> Vec<Reject> {
    let Content::Sale { order, .. } = &mut part.content else { return Vec::new() };
    let Some(first) = order.first().and_then(Line::goods) else { return Vec::new() };
    part.at = first.at;
    part.seller = Arc::clone(&first.seller);
    part.currency = first.currency;
    let goods = || order.iter().filter_map(Line::goods);
    part.customer = goods().find_map(|goods| goods.customer.clone());
    part.country = goods().find_map(|goods| goods.country.clone());
    let mut rejects = Vec::new();
    for line in mem::take(order) {
        let other = line.goods().and_then(|goods| {
            if goods.customer.is_some() && goods.customer != part.customer {
                Some(Reason::OtherCustomer)
            } else if goods.currency != part.currency {
                Some(Reason::OtherCurrency)
            } else {
                None
            }
        });
        match other {
            Some(reason) => rejects.push(Reject::whole(line, reason)),
            None => order.push(line),
        }
    }
    rejects
}

#[cfg(test)]
mod tests;
