//! A product on its way into the catalog: from a history, or from a file of products.

use domain::StreamId;
use domain::claim::{self, Claim};
use domain::decisions::{ImportProduct, ImportProductError, import_product};
use domain::ids::ProductId;
use domain::inventory::Inventory;
use domain::product::{Product, leads_to_a_product};
use event_store::{Accepted, Decider, Failure, Submission};

use super::ImportError;
use super::counted::Counted;

/// What came of a product.
pub enum Taken {
    /// It is in the catalog.
    Product {
        /// Its id.
        product_id: ProductId,
        /// So many events were appended.
        events: u64,
    },
    /// It is left out.
    Refused(NotTaken),
}

/// Why a product is left out of the catalog.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The rules refuse it.
    #[error(transparent)]
    Rules(#[from] ImportProductError),
    /// Postgres can't store it (SQLSTATE).
    #[error("{0}")]
    Unstorable(String),
    /// The decider took it for one that had come before, which only one with a key can be.
    #[error("it was imported before")]
    Before,
}

/// Has the decider take a product. `fresh`: nothing had its SKU a moment ago.
pub fn submit(
    decider: &Decider,
    submission: Submission,
    command: ImportProduct,
    fresh: bool,
) -> impl Future<Output = Result<Taken, ImportError>> + use<> {
    let fresh = if fresh { fresh_streams(&command) } else { Vec::new() };
    let decider = decider.clone();
    async move {
        let answer = match ask(&decider, Submission { fresh, ..submission.clone() }, &command).await {
            Err(Failure::Refused(_)) => ask(&decider, submission, &command).await, // another import may have it by now
            answer => answer,
        };
        match answer {
            Ok(Accepted::Done { value: (product_id, events), .. }) => {
                Ok(Taken::Product { product_id, events })
            }
            Ok(Accepted::Replayed(_)) => Ok(Taken::Refused(NotTaken::Before)),
            Err(Failure::Unstorable(code)) => Ok(Taken::Refused(NotTaken::Unstorable(code))),
            Err(failure) => Ok(Taken::Refused(failure.refusal()?.into())),
        }
    }
}

fn ask(
    decider: &Decider,
    submission: Submission,
    command: &ImportProduct,
) -> impl Future<Output = Result<Accepted<(ProductId, u64)>, Failure<ImportProductError>>> + use<> {
    let command = command.clone();
    let decide = move |decision: &mut event_store::Decision<'_>| {
        let mut counted = Counted::of(decision);
        Ok((import_product(&mut counted, &command)?, counted.events))
    };
    let decider = decider.clone();
    async move { decider.submit(submission, decide).await }
}

/// The slugs that a product may have, the last of them certainly free.
pub fn slugs(name: &str, sku: &str, product_id: ProductId) -> Vec<String> {
    let base: String = slug::slugify(name).chars().take(150).collect();
    let sku: String = slug::slugify(sku).chars().take(40).collect();
    let tail = product_id.0.simple().to_string().split_off(20);
    let of =
        |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("-");
    let mut slugs = vec![of(&[&base]), of(&[&base, &sku]), of(&[&base, &tail])];
    slugs.retain(|slug| !slug.is_empty() && leads_to_a_product(slug));
    slugs
}

/// Streams of ids just made up, and the SKU's, which was free a moment ago.
fn fresh_streams(command: &ImportProduct) -> Vec<StreamId> {
    vec![
        StreamId::of::<Product>(command.product_id),
        StreamId::of::<Inventory>(command.product_id),
        StreamId::of::<Claim>(claim::sku(command.details.seller_id, &command.details.sku)),
    ]
}
