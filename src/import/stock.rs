//! Before the documents are imported: every product that they sell is in the catalog, with stock enough for all of them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::claim::{self, Claim};
use domain::decisions::ImportProduct;
use domain::ids::{ProductId, SellerId};
use domain::product::ProductDetails;
use event_store::Submission;
use futures::stream::{self, StreamExt};
use uuid::Uuid;

use super::catalog::Code;
use super::product::{self, Taken};
use super::{ImportError, Importer, known};

/// So many products are looked up at once, and so many are on their way to the log.
const AT_ONCE: usize = 256;

/// A product that is looked for.
struct Wanted {
    seller: Arc<str>,
    seller_id: SellerId,
    code: String,
}

impl Importer {
    /// Finds or creates every product that was sold, with stock enough for what the log doesn't have yet.
    pub(super) async fn stock_up(&mut self) -> Result<(), ImportError> {
        let of = |(seller, seller_id, code): (&Arc<str>, SellerId, &String)| Wanted {
            seller: Arc::clone(seller),
            seller_id,
            code: code.clone(),
        };
        let mut wanted: Vec<Wanted> = self.catalog.codes().map(of).collect();
        wanted.sort_by(|one, other| (&one.seller, &one.code).cmp(&(&other.seller, &other.code)));
        for wanted in wanted.chunks(AT_ONCE) {
            self.stock_up_some(wanted).await?;
        }
        Ok(())
    }

    async fn stock_up_some(&mut self, wanted: &[Wanted]) -> Result<(), ImportError> {
        let names: Vec<String> = wanted.iter().map(|it| claim::sku(it.seller_id, &it.code)).collect();
        let mut owners = known::states::<Claim>(&self.pool, &names).await?;
        let mut commands = Vec::new();
        for (it, name) in wanted.iter().zip(&names) {
            let owner = owners.remove(name).and_then(|claim| claim.owner);
            let Some(code) = self.catalog.code_mut(&it.seller, &it.code) else { continue };
            code.product = owner.as_deref().and_then(|owner| owner.parse().ok());
            if code.moved && (owner.is_none() || code.opening() > 0) {
                commands.push((it, command(it, code), code.since, owner.is_none()));
            }
        }
        let products = stream::iter(commands)
            .map(|(it, command, since, fresh)| {
                let submitted = self.submit_product(command, since, fresh);
                async move { (it, submitted.await) }
            })
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for (it, product) in products {
            let (product_id, events) = product?;
            self.summary.events += events;
            if let Some(code) = self.catalog.code_mut(&it.seller, &it.code) {
                code.product = product_id;
            }
        }
        Ok(())
    }

    /// The product and how many events it took; no product where the rules refuse it.
    fn submit_product(
        &self,
        command: ImportProduct,
        since: DateTime<Utc>,
        fresh: bool,
    ) -> impl Future<Output = Result<(Option<ProductId>, u64), ImportError>> + use<> {
        let submission = Submission { bytes: 1024, ..self.submission(since) };
        let submitted = product::submit(&self.decider, submission, command, fresh);
        async move {
            Ok(match submitted.await? {
                Taken::Product { product_id, events } => (Some(product_id), events),
                Taken::Refused(_) => (None, 0),
            })
        }
    }
}

fn command(it: &Wanted, code: &Code) -> ImportProduct {
    let product_id = ProductId(Uuid::now_v7());
    let name = if code.name.is_empty() { it.code.clone() } else { code.name.clone() };
    let slugs = product::slugs(&name, &it.code, product_id);
    let details = ProductDetails {
        external_id: Some(it.code.clone()),
        ..ProductDetails::plain(it.seller_id, it.code.clone(), name, code.price)
    };
    ImportProduct { product_id, details, slugs, stock: code.opening() }
}
