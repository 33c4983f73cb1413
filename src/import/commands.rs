//! What a part of a document asks of the log.

use std::collections::BTreeMap;

use domain::decisions::{ImportOrder, ImportReturn, OutsideOrder, ReturnLine};
use domain::ids::{OrderId, PaymentId, ProductId, UserId};
use domain::order::{OrderLine, Region};
use uuid::Uuid;

use super::catalog::Sold;
use super::customers::Customers;
use super::document::{Content, Part};
use super::flight::{Command, Work};
use super::line::{Kind, Line, Reason};
use super::take::Placed;
use super::{ImportError, Importer};

impl Importer {
    /// What is to be done about a part that the log doesn't have.
    pub(super) async fn work(&self, placed: Placed, customers: &Customers) -> Result<Work, ImportError> {
        let Placed { part, number, document } = placed;
        let customer_id = part.customer.as_ref().and_then(|id| customers.get(id).copied());
        let fingerprint = part.fingerprint();
        let command = match &part.content {
            Content::Return(lines) => Some(Command::Return(ImportReturn {
                document,
                after: None,
                fingerprint,
                customer_id,
                currency: part.currency,
                lines: lines.iter().filter_map(|line| self.return_line(line)).collect(),
            })),
            Content::Sale { order, adjustments } => {
                let lines: Option<Vec<OrderLine>> = order.iter().map(|line| self.order_line(line)).collect();
                let adjustments = self.adjustments(adjustments);
                match (lines, adjustments) {
                    (Some(lines), Some(adjustments)) => {
                        let order = if lines.is_empty() {
                            None
                        } else {
                            Some(self.order(&part, number, customer_id, lines).await?)
                        };
                        let sale = ImportOrder { document, after: None, fingerprint, order, adjustments };
                        Some(Command::Order(sale))
                    }
                    (None, _) | (_, None) => None,
                }
            }
        };
        Ok(match command {
            Some(command) => Work::ask(part, command, customer_id),
            None => Work::Rejects(part.refused(&Reason::NoProduct)),
        })
    }

    async fn order(
        &self,
        part: &Part,
        external_id: String,
        customer_id: Option<UserId>,
        lines: Vec<OrderLine>,
    ) -> Result<OutsideOrder, ImportError> {
        Ok(OutsideOrder {
            order_id: OrderId(Uuid::now_v7()),
            payment_id: PaymentId(Uuid::now_v7()),
            number: self.numbers.next(part.at).await?,
            external_id,
            customer_id,
            lines,
            currency: part.currency,
            ship_to: Region { country: part.country.clone(), region: None },
        })
    }

    fn order_line(&self, line: &Line) -> Option<OrderLine> {
        let goods = line.goods()?;
        let Kind::Sale(quantity) = goods.kind else { return None };
        let seller_id = self.catalog.shop(&goods.seller)?;
        let Sold { product_id, name } = self.catalog.product(&goods.seller, &goods.code)?;
        let name = if goods.name.is_empty() { name } else { &goods.name };
        let name = if name.is_empty() { &goods.code } else { name };
        Some(OrderLine {
            product_id,
            seller_id,
            sku: goods.code.clone(),
            name: name.to_owned(),
            unit_price: goods.unit_price,
            quantity,
        })
    }

    fn return_line(&self, line: &Line) -> Option<ReturnLine> {
        let goods = line.goods()?;
        let Kind::Return(quantity) = goods.kind else { return None };
        let product_id = self.catalog.product(&goods.seller, &goods.code).map(|sold| sold.product_id);
        Some(ReturnLine { product_id, quantity, unit_price: goods.unit_price })
    }

    /// By product, each once; nothing where a product is missing.
    fn adjustments(&self, lines: &[Line]) -> Option<Vec<(ProductId, i64)>> {
        let mut adjustments: BTreeMap<(ProductId, bool), i64> = BTreeMap::new();
        for goods in lines.iter().filter_map(Line::goods) {
            let Kind::Adjustment(delta) = goods.kind else { continue };
            let product_id = self.catalog.product(&goods.seller, &goods.code)?.product_id;
            let sum = adjustments.entry((product_id, delta > 0)).or_default();
            *sum = sum.saturating_add(delta);
        }
        Some(adjustments.into_iter().map(|((product_id, _), delta)| (product_id, delta)).collect())
    }
}
