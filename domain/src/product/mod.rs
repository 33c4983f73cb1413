//! A product of a seller's catalog. Its stock is another aggregate, with the same id.
//!
//! A product is created, revised any number of times, and at last withdrawn: no longer sold, while the history of
//! what was sold keeps it. Meanwhile it may be hidden and shown again. It belongs to one seller for good. That its SKU
//! and slug are unique is decided by [claims](crate::claim) in the same append.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Decide, cqrs_aggregate};

mod changes;
mod events;
pub mod public;
mod slug;

pub use changes::ProductChanges;
pub use events::{Attribute, Image, ProductDetails, ProductEvent};
pub use slug::leads_to_a_product;

/// One product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// What the catalog says of it; nothing before it is created.
    pub details: Option<Arc<ProductDetails>>,
    /// No longer sold.
    pub withdrawn: bool,
}

/// What may be asked of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductCommand {
    /// Into the catalog.
    Create(Box<ProductDetails>),
    /// Its details are now these, all of them; the same ones change nothing.
    Revise(Box<ProductDetails>),
    /// No longer sold.
    Withdraw,
}

impl Product {
    /// What the catalog says of it, if it is for sale.
    pub fn on_sale(&self) -> Option<&Arc<ProductDetails>> {
        self.kept().filter(|details| !details.hidden)
    }

    /// What the catalog says of it, hidden or not, unless it was withdrawn.
    pub fn kept(&self) -> Option<&Arc<ProductDetails>> {
        self.details.as_ref().filter(|_| !self.withdrawn)
    }
}

impl Decide for Product {
    const TYPE: &'static str = "products";
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Error = ProductError;

    fn decide(&self, command: ProductCommand) -> Result<Vec<ProductEvent>, ProductError> {
        match command {
            ProductCommand::Create(_) if self.details.is_some() => Err(ProductError::AlreadyExists),
            ProductCommand::Create(details) => {
                check(&details)?;
                Ok(vec![ProductEvent::ProductCreated(details)])
            }
            ProductCommand::Revise(details) => {
                let before = self.kept().ok_or(ProductError::NotFound)?;
                if before.seller_id != details.seller_id {
                    return Err(ProductError::OtherSeller);
                }
                check(&details)?;
                Ok(if **before == *details { vec![] } else { vec![ProductEvent::ProductRevised(details)] })
            }
            ProductCommand::Withdraw => {
                self.kept().ok_or(ProductError::NotFound)?;
                Ok(vec![ProductEvent::ProductWithdrawn {}])
            }
        }
    }

    fn evolve(&mut self, event: &ProductEvent) {
        match event {
            ProductEvent::ProductCreated(details) | ProductEvent::ProductRevised(details) => {
                self.details = Some(Arc::new((**details).clone()));
            }
            ProductEvent::ProductWithdrawn {} => self.withdrawn = true,
        }
    }
}

cqrs_aggregate!(Product);

fn check(details: &ProductDetails) -> Result<(), ProductError> {
    for (field, text) in [("sku", &details.sku), ("slug", &details.slug), ("name", &details.name)] {
        if text.trim().is_empty() {
            return Err(ProductError::Missing { field });
        }
    }
    if details.price.amount < 0 {
        return Err(ProductError::NegativePrice);
    }
    match details.compare_at_price {
        Some(other) if other.amount < 0 => Err(ProductError::NegativePrice),
        Some(other) if other.currency != details.price.currency => Err(ProductError::TwoCurrencies),
        Some(_) | None => Ok(()),
    }
}

/// Why a product refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProductError {
    /// Its id is taken.
    #[error("the product exists already")]
    AlreadyExists,
    /// There is no such product, or it was withdrawn.
    #[error("there is no such product")]
    NotFound,
    /// A product belongs to one seller for good.
    #[error("a product cannot change its seller")]
    OtherSeller,
    /// What every product has.
    #[error("{field} must not be empty")]
    Missing {
        /// Which field.
        field: &'static str,
    },
    /// A price is 0 or more.
    #[error("a price must not be negative")]
    NegativePrice,
    /// A discount makes it cheaper.
    #[error("the discounted price must not be above the price")]
    DiscountAbovePrice,
    /// Both prices have one currency.
    #[error("both prices must have the same currency")]
    TwoCurrencies,
}

#[cfg(test)]
mod tests;
