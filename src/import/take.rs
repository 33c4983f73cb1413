//! The second reading: the documents are imported, part by part, in the file's order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::claim::Claim;
use domain::decisions::{
    ImportError as Refusal, ImportOrder, ImportReturn, OutsideOrder, ReturnLine, need_return,
};
use domain::ids::{OrderId, PaymentId, ProductId, UserId};
use domain::imported::{self, Imported};
use domain::order::{Order, OrderLine, Region};
use domain::payment::Payment;
use domain::purchases::Purchases;
use domain::{StreamId, Streams};
use event_store::Decision;
use uuid::Uuid;

use super::catalog::Sold;
use super::document::{Content, Part, Run, parts};
use super::flight::{Command, Flight, Work};
use super::line::{Kind, Line, Reason, Reject};
use super::progress::Progress;
use super::{ImportError, Importer, Scope, known};

/// A part with its place among the log's streams.
struct Placed {
    part: Part,
    number: String,
    document: String,
}

/// What is between two parts in the file's order.
enum Step {
    Part(Placed),
    /// Lines that can't be taken, whatever the log says.
    Rejects(Vec<Reject>),
    /// All of a run is on its way.
    End,
}

/// Outside customers by their ids there.
type Customers = HashMap<String, UserId>;

impl Importer {
    /// Reads the whole file and imports it.
    pub(super) async fn take(&mut self) -> Result<(), ImportError> {
        let (mut batches, progress) = self.read("importing");
        let mut flight = Flight::default();
        let mut next = (String::new(), 0);
        while let Some(batch) = batches.recv().await {
            let steps = self.steps(batch?, &mut next).await?;
            self.send(steps, &mut flight, &progress).await?;
        }
        self.land(&mut flight, 0, &progress).await
    }

    /// The parts of some runs, with the lines of their orders gathered.
    async fn steps(
        &mut self,
        mut runs: Vec<Run>,
        next: &mut (String, u64),
    ) -> Result<Vec<Step>, ImportError> {
        let firsts = self.scattered.gather(&self.source, &mut runs).await?;
        let mut steps = Vec::new();
        for (run, first) in runs.into_iter().zip(firsts) {
            let number = run.number.unwrap_or_default();
            let mut ordinal = if run.continues && next.0 == number { next.1 } else { first };
            let (parts, rejects) = parts(run.lines);
            steps.push(Step::Rejects(rejects));
            for part in parts {
                // Every seller of the file has a shop by now.
                let Some(shop) = self.catalog.shop(&part.seller) else { continue };
                let document = imported::id(shop, ordinal, &number);
                steps.push(Step::Part(Placed { part, number: number.clone(), document }));
                ordinal += 1;
            }
            steps.push(Step::End);
            *next = (number, ordinal);
        }
        Ok(steps)
    }

    /// Puts them on their way, in order.
    async fn send(
        &mut self,
        steps: Vec<Step>,
        flight: &mut Flight,
        progress: &Progress,
    ) -> Result<(), ImportError> {
        let placed = || {
            steps.iter().filter_map(|step| if let Step::Part(placed) = step { Some(placed) } else { None })
        };
        let ids: Vec<String> = placed().map(|placed| placed.document.clone()).collect();
        let mut there: HashMap<String, Imported> = known::states(&self.pool, &ids).await?;
        let unknown = placed().filter(|placed| !there.contains_key(&placed.document));
        let (buyers, returners) = customers_of(unknown);
        let customers = self.customers(buyers, returners).await?;
        let mut works = Vec::new();
        for step in steps {
            works.push(match step {
                Step::Rejects(rejects) => Work::Rejects(rejects),
                Step::End => Work::End,
                Step::Part(placed) => match there.remove(&placed.document).and_then(|known| known.outcome) {
                    Some(outcome) if outcome.fingerprint == placed.part.fingerprint() => {
                        Work::Known(placed.part, outcome)
                    }
                    Some(_) => refused(placed.part, &Refusal::OtherContents.to_string()),
                    None => self.work(placed, &customers).await?,
                },
            });
        }
        let names = works.iter().filter_map(Work::order).flat_map(OutsideOrder::names).collect::<Vec<_>>();
        let taken: HashMap<String, Claim> = known::states(&self.pool, &names).await?;
        self.warm(&mut works, &taken).await?;
        for work in works {
            flight.launch(self, work);
            self.land(flight, Flight::WIDTH, progress).await?;
        }
        Ok(())
    }

    /// Lands the oldest until no more than so many are on their way.
    async fn land(
        &mut self,
        flight: &mut Flight,
        most: usize,
        progress: &Progress,
    ) -> Result<(), ImportError> {
        while flight.len() > most {
            flight.land(self).await?;
            progress.update();
        }
        Ok(())
    }

    async fn customers(
        &self,
        buyers: BTreeSet<String>,
        all: BTreeSet<String>,
    ) -> Result<Customers, ImportError> {
        let all: Vec<String> = all.into_iter().collect();
        if all.is_empty() {
            return Ok(Customers::default());
        }
        let scope = match &self.scope {
            Scope::Shop(name) => self.catalog.shop(name).map(|id| id.to_string()).unwrap_or_default(),
            Scope::System(name) => name.clone(),
        };
        let find =
            async |ids: &[String]| identity::personal::external_customers(&self.pool, &scope, ids).await;
        let user = |(external, personal): (String, domain::ids::PersonalId)| (external, UserId(personal.0));
        let mut known: Customers = find(&all).await?.into_iter().map(user).collect();
        let mut missing: Vec<String> = buyers.into_iter().filter(|id| !known.contains_key(id)).collect();
        let made = identity::personal::make_external_customers(&self.pool, &scope, &missing).await?;
        let made: HashMap<String, UserId> = made.into_iter().map(user).collect();
        missing.retain(|id| !made.contains_key(id));
        if !missing.is_empty() {
            known.extend(find(&missing).await?.into_iter().map(user));
        }
        known.extend(made);
        Ok(known)
    }

    /// What is to be done about a part that the log doesn't have.
    async fn work(&self, placed: Placed, customers: &Customers) -> Result<Work, ImportError> {
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
            None => refused(part, "the product can't be taken into the catalog"),
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

    /// Has the decider load what these commands look at, so that none of them has to step aside for that and is
    /// overtaken. What the log can't have yet is not looked for; a customer's purchases are, for a return only reads
    /// them, and another import may have written them since this one made the customer.
    async fn warm(&self, works: &mut [Work], taken: &HashMap<String, Claim>) -> Result<(), ImportError> {
        let mut needed = BTreeSet::new();
        let mut returns = Vec::new();
        for asked in works.iter_mut().filter_map(Work::asked_mut) {
            let mut fresh = vec![StreamId::of::<Imported>(asked.command.document())];
            match &*asked.command {
                Command::Return(command) => {
                    needed.extend(command.customer_id.map(StreamId::of::<Purchases>));
                    returns.push(command.clone());
                }
                Command::Order(command) => {
                    if let Some(order) = &command.order {
                        fresh.push(StreamId::of::<Order>(order.order_id));
                        fresh.push(StreamId::of::<Payment>(order.payment_id));
                        let free = order.names().into_iter().filter(|name| !taken.contains_key(name));
                        fresh.extend(free.map(StreamId::of::<Claim>));
                    }
                    needed.extend(command.streams().into_iter().filter(|stream| !fresh.contains(stream)));
                }
            }
            asked.fresh = fresh;
        }
        if needed.is_empty() {
            return Ok(());
        }
        let needed: Vec<StreamId> = needed.into_iter().collect();
        returns.retain(|command| command.customer_id.is_some());
        let look = move |decision: &mut Decision<'_>| {
            decision.need::<Refusal>(&needed)?;
            returns.iter().try_for_each(|command| need_return(decision, command))
        };
        let submission = event_store::Submission::default();
        match self.decider.submit::<(), Refusal, _>(submission, look).await {
            Ok(_) | Err(event_store::Failure::Refused(_)) => Ok(()),
            Err(failure) => Err(ImportError::Log(failure.to_string())),
        }
    }
}

/// Nothing of a part is taken.
fn refused(part: Part, why: &str) -> Work {
    Work::Rejects(
        part.into_lines().map(|line| Reject::whole(line, Reason::Refused(why.to_owned()))).collect(),
    )
}

/// The customers who buy, and all.
fn customers_of<'a>(parts: impl Iterator<Item = &'a Placed>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut buyers, mut all) = (BTreeSet::new(), BTreeSet::new());
    for Placed { part, .. } in parts {
        if let Some(customer) = &part.customer {
            all.insert(customer.clone());
            if matches!(&part.content, Content::Sale { order, .. } if !order.is_empty()) {
                buyers.insert(customer.clone());
            }
        }
    }
    (buyers, all)
}
