//! The second reading: the documents are imported, part by part, in the file's order.

use std::collections::{BTreeSet, HashMap};

use domain::claim::Claim;
use domain::decisions::{ImportError as Refusal, OutsideOrder, need_return};
use domain::imported::{self, Imported};
use domain::order::Order;
use domain::payment::Payment;
use domain::purchases::Purchases;
use domain::{StreamId, Streams};
use event_store::{Decision, Submission};

use super::document::{Part, Run, parts};
use super::flight::{Command, Flight, Work};
use super::line::{Reason, Reject};
use super::progress::Progress;
use super::{ImportError, Importer, known};

/// A part with its place among the log's streams.
pub struct Placed {
    /// It.
    pub part: Part,
    /// Its document's number.
    pub number: String,
    /// The id of its own stream.
    pub document: String,
}

/// What comes next in the file: a part, or what stands between two.
enum Item {
    Part(Placed),
    /// Lines that can't be taken, whatever the log says.
    Rejects(Vec<Reject>),
    /// All of a run is on its way.
    End,
}

impl Importer {
    /// Reads the whole file and imports it.
    pub(super) async fn take(&mut self) -> Result<(), ImportError> {
        let (mut batches, progress) = self.read("importing");
        let mut flight = Flight::default();
        let mut next = (String::new(), 0);
        while let Some(batch) = batches.recv().await {
            let coming = self.coming(batch?, &mut next).await?;
            self.send(coming, &mut flight, &progress).await?;
        }
        self.land(&mut flight, 0, &progress).await
    }

    /// The parts of some runs, with the lines of their orders gathered.
    async fn coming(
        &mut self,
        mut runs: Vec<Run>,
        next: &mut (String, u64),
    ) -> Result<Vec<Item>, ImportError> {
        let firsts = self.scattered.gather(&self.source, &mut runs).await?;
        let mut coming = Vec::new();
        for (run, first) in runs.into_iter().zip(firsts) {
            let number = run.number.unwrap_or_default();
            let mut ordinal = if run.continues && next.0 == number { next.1 } else { first };
            let (parts, rejects) = parts(run.lines);
            coming.push(Item::Rejects(rejects));
            for part in parts {
                // Every seller of the file has a shop by now.
                let Some(shop) = self.catalog.shop(&part.seller) else { continue };
                let document = imported::id(shop, ordinal, &number);
                coming.push(Item::Part(Placed { part, number: number.clone(), document }));
                ordinal += 1;
            }
            coming.push(Item::End);
            *next = (number, ordinal);
        }
        Ok(coming)
    }

    /// Puts them on their way, in order.
    async fn send(
        &mut self,
        coming: Vec<Item>,
        flight: &mut Flight,
        progress: &Progress,
    ) -> Result<(), ImportError> {
        let placed = || {
            coming.iter().filter_map(|item| if let Item::Part(placed) = item { Some(placed) } else { None })
        };
        let ids: Vec<String> = placed().map(|placed| placed.document.clone()).collect();
        let mut there: HashMap<String, Imported> = known::states(&self.pool, &ids).await?;
        let unknown = placed().filter(|placed| !there.contains_key(&placed.document));
        let customers = self.customers(unknown.map(|placed| &placed.part)).await?;
        let mut works = Vec::new();
        for item in coming {
            works.push(match item {
                Item::Rejects(rejects) => Work::Rejects(rejects),
                Item::End => Work::End,
                Item::Part(placed) => match there.remove(&placed.document).and_then(|known| known.outcome) {
                    Some(outcome) if outcome.fingerprint == placed.part.fingerprint() => {
                        Work::Known(placed.part, outcome)
                    }
                    Some(_) => {
                        let reason = Reason::Refused(Box::new(Refusal::OtherContents));
                        Work::Rejects(placed.part.refused(&reason))
                    }
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
        match self.decider.submit::<(), Refusal, _>(Submission::default(), look).await {
            Ok(_) => Ok(()),
            Err(failure) => failure.refusal().map(|_| ()).map_err(ImportError::from),
        }
    }
}
