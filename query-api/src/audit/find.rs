//! What people call an order or a product, and the id that the log calls it.
//!
//! An id needs no looking up. Numbers are looked up in read models, which may be behind: a number that is not found
//! may be too new, a number that is found is right.

use std::fmt::{self, Write as _};

use api_contract::ApiError;
use domain::coupon::CouponCode;
use domain::ids::OrderId;
use domain::review;
use projections::QueryError;
use projections::catalog::{CatalogProduct, Products};
use projections::order_history::{OrderSummary, Orders};
use sqlx::PgPool;

use super::subject::Subject;
use crate::unanswered::unanswered;

/// Why a word names nothing.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Nothing has this id, number or code.
    #[error("there is no {subject} {word}")]
    Unknown {
        /// Of this kind.
        subject: Subject,
        /// What was looked for.
        word: String,
    },
    /// Several have it.
    #[error("{word} names more than one {subject}; say which by its id:{candidates}")]
    Ambiguous {
        /// Of this kind.
        subject: Subject,
        /// What was looked for.
        word: String,
        /// Those that were found.
        candidates: Candidates,
    },
    /// A read model could not be asked.
    #[error(transparent)]
    ReadModel(#[from] QueryError),
}

impl From<FindError> for ApiError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Unknown { subject, .. } => Self::not_found(subject.noun()),
            FindError::Ambiguous { .. } => Self::invalid("id", error.to_string()),
            FindError::ReadModel(error) => unanswered(error),
        }
    }
}

/// Those that a word may mean: each one's id, and what tells it from the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates(Vec<(String, String)>);

/// One in a line.
impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(id, what)| write!(f, "\n  {id}  {what}"))
    }
}

/// Finds ids.
#[derive(Debug)]
pub struct Finder {
    orders: Orders,
    products: Products,
}

impl Finder {
    /// By this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { orders: Orders::new(pool.clone()), products: Products::new(pool) }
    }

    /// The id that a word means: itself, a coupon's code in capitals; of an order its number or that of an outside
    /// system (an invoice's); of a product and its inventory the seller's code or an outside system's id; of a
    /// category its slug or name.
    pub async fn find(&self, subject: Subject, word: &str) -> Result<String, FindError> {
        if subject == Subject::Coupon {
            let unknown = |_| FindError::Unknown { subject, word: word.to_owned() };
            return word.parse::<CouponCode>().map(String::from).map_err(unknown);
        }
        if let Some(id) = id(word) {
            return Ok(id);
        }
        let found = match subject {
            Subject::Order => self.orders(word).await?,
            Subject::Inventory | Subject::Product => self.products(word).await?,
            Subject::Category => self.categories(word).await?,
            // Its own id has the product's and the user's in it.
            Subject::Review => review::of_stream(word)
                .map(|(product, user)| (review::stream(product, user), String::new()))
                .into_iter()
                .collect(),
            Subject::Payment | Subject::Cart | Subject::Coupon => Vec::new(),
        };
        one(subject, word, found)
    }

    async fn orders(&self, word: &str) -> Result<Vec<(String, String)>, QueryError> {
        if let Some(found) = self.orders.id_by_number(word).await?.value {
            return Ok(vec![(found.to_string(), String::new())]);
        }
        let found = self.orders.by_external_id(word).await?.value;
        let candidate = |order: OrderSummary| {
            let what =
                format!("{}  {}  {}", order.number, order.placed_at.format("%F"), order.status.as_str());
            (order.order_id.to_string(), what)
        };
        Ok(found.into_iter().map(candidate).collect())
    }

    async fn products(&self, word: &str) -> Result<Vec<(String, String)>, QueryError> {
        let found = self.products.by_outside_id_or_sku(word).await?.value;
        let candidate = |product: CatalogProduct| {
            let details = product.details;
            let mut what = format!("{}  {}  seller {}", details.sku, details.name, details.seller_id);
            if product.withdrawn {
                // Writing to a string can't fail.
                let _ = write!(what, "  withdrawn");
            }
            (product.product_id.to_string(), what)
        };
        Ok(found.into_iter().map(candidate).collect())
    }

    async fn categories(&self, word: &str) -> Result<Vec<(String, String)>, QueryError> {
        let tree = self.products.bare_tree().await?.value;
        let found = tree.find(word).map(|it| (it.category_id.to_string(), it.name.clone()));
        Ok(found.into_iter().collect())
    }
}

/// A UUID in the form that the log has it. Every kind of id is read alike.
fn id(word: &str) -> Option<String> {
    if word.len() == 36 { word.parse::<OrderId>().ok().map(|id| id.to_string()) } else { None }
}

fn one(subject: Subject, word: &str, mut found: Vec<(String, String)>) -> Result<String, FindError> {
    let word = word.to_owned();
    match (found.pop(), found.is_empty()) {
        (None, _) => Err(FindError::Unknown { subject, word }),
        (Some((id, _)), true) => Ok(id),
        (Some(last), false) => {
            found.push(last);
            Err(FindError::Ambiguous { subject, word, candidates: Candidates(found) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(count: usize) -> Vec<(String, String)> {
        (1..=count).map(|n| (format!("id-{n}"), format!("what {n}"))).collect()
    }

    #[test]
    fn an_id_is_taken_in_the_form_of_the_log() {
        let upper = "01890000-0000-7000-8000-00000000000A";
        assert_eq!(id(upper).as_deref(), Some("01890000-0000-7000-8000-00000000000a"));
        assert_eq!(id("536365"), None);
        assert_eq!(id("01890000000070008000000000000000"), None);
    }

    #[test]
    fn only_one_is_an_answer() {
        assert_eq!(one(Subject::Order, "536365", candidates(1)).unwrap(), "id-1");
        let none = one(Subject::Order, "536365", candidates(0)).unwrap_err();
        assert_eq!(none.to_string(), "there is no order 536365");
        let two = one(Subject::Inventory, "85123A", candidates(2)).unwrap_err();
        assert_eq!(
            two.to_string(),
            "85123A names more than one inventory; say which by its id:\n  id-1  what 1\n  id-2  what 2"
        );
    }
}
