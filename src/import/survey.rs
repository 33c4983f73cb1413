//! The first reading: what each product is called, costs and needs, and which documents are scattered.

use std::collections::HashMap;
use std::sync::Arc;

use domain::imported::{self, Imported};

use super::document::{Part, Run, parts};
use super::line::Line;
use super::{ImportError, Importer, known};

impl Importer {
    /// Reads the whole file once, and once more if there are documents to be gathered.
    pub(super) async fn survey(&mut self) -> Result<(), ImportError> {
        let (mut batches, progress) = self.read("reading");
        while let Some(batch) = batches.recv().await {
            let runs = batch?;
            for run in &runs {
                self.scattered.remember(run).await?;
                for line in &run.lines {
                    self.summary.lines += 1;
                    self.summary.total += line.amount;
                }
            }
            self.note(runs).await?;
            progress.update();
        }
        drop(progress);
        if self.scattered.find().await? {
            let (mut batches, progress) = self.read("gathering");
            while let Some(batch) = batches.recv().await {
                self.scattered.keep(&batch?).await?;
                progress.update();
            }
            self.scattered.kept().await?;
        }
        self.open_shops().await
    }

    /// Notes the products of some runs. Goods of a part that the log has already have moved before: they need no
    /// stock now.
    async fn note(&mut self, runs: Vec<Run>) -> Result<(), ImportError> {
        let mut noted: Vec<(Part, Option<String>)> = Vec::new();
        let mut next = (String::new(), 0);
        for run in runs {
            let number = run.number.unwrap_or_default();
            // Of a scattered document's later runs it is not the right one, but nearly always one that came with it.
            let mut ordinal = if run.continues && next.0 == number { next.1 } else { 0 };
            for part in parts(run.lines).0 {
                let shop = self.find_shop(&part.seller).await?;
                let id = shop.map(|shop| imported::id(shop, ordinal, &number));
                ordinal += 1;
                noted.push((part, id));
            }
            next = (number, ordinal);
        }
        let ids: Vec<String> = noted.iter().filter_map(|(_, id)| id.clone()).collect();
        let there: HashMap<String, Imported> = known::states(&self.pool, &ids).await?;
        for (part, id) in &noted {
            let counts = !id.as_ref().is_some_and(|id| there.contains_key(id));
            for goods in part.lines().filter_map(Line::goods) {
                self.catalog.note(goods, counts);
            }
        }
        Ok(())
    }

    async fn find_shop(&mut self, seller: &Arc<str>) -> Result<Option<domain::ids::SellerId>, ImportError> {
        if !self.catalog.has_shop(seller) {
            let id = identity::shops::find_named(&self.pool, seller).await?;
            self.catalog.add_shop(seller, id);
        }
        Ok(self.catalog.shop(seller))
    }

    async fn open_shops(&mut self) -> Result<(), ImportError> {
        for seller in self.catalog.without_id() {
            let id = identity::shops::named(&self.pool, &seller).await?;
            self.catalog.add_shop(&seller, Some(id));
        }
        Ok(())
    }
}
