//! The customers of a history: outside ids, and who they are here.

use std::collections::{BTreeSet, HashMap};

use domain::ids::{PersonalId, UserId};

use super::document::{Content, Part};
use super::{ImportError, Importer, Scope};

/// Outside customers by their ids there.
pub type Customers = HashMap<String, UserId>;

impl Importer {
    /// The customers of some parts. Who buys is made where nobody has the outside id yet; who only returns is not.
    pub(super) async fn customers<'a>(
        &self,
        parts: impl Iterator<Item = &'a Part>,
    ) -> Result<Customers, ImportError> {
        let (buyers, all) = outside_ids(parts);
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
        let user = |(external, personal): (String, PersonalId)| (external, UserId(personal.0));
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
}

/// The customers who buy, and all.
fn outside_ids<'a>(parts: impl Iterator<Item = &'a Part>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut buyers, mut all) = (BTreeSet::new(), BTreeSet::new());
    for part in parts {
        if let Some(customer) = &part.customer {
            all.insert(customer.clone());
            if matches!(&part.content, Content::Sale { order, .. } if !order.is_empty()) {
                buyers.insert(customer.clone());
            }
        }
    }
    (buyers, all)
}
