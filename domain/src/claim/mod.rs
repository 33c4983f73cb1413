//! A name that only one may have: a SKU of a seller, a slug of a product or a category, an outside order number of a seller.
//!
//! The stream's id is the name; whoever claims it first owns it until it is released. Uniqueness over many
//! aggregates is thereby the uniqueness of one aggregate's id, decided in the same append as what is named.

use serde::{Deserialize, Serialize};

use crate::ids::SellerId;
use crate::{Decide, cqrs_aggregate, domain_event};

/// A name and who has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The id of what has the name; nothing while it is free.
    pub owner: Option<String>,
}

/// The name of a seller's SKU.
pub fn sku(seller_id: SellerId, sku: &str) -> String {
    format!("sku/{seller_id}/{sku}")
}

/// The name of a slug.
pub fn slug(slug: &str) -> String {
    format!("slug/{slug}")
}

/// The name of a category's slug; products' slugs are apart from them.
pub fn category(slug: &str) -> String {
    format!("category/{slug}")
}

/// The name of an order's number in an outside system of a seller.
pub fn external_order(seller_id: SellerId, number: &str) -> String {
    format!("order/{seller_id}/{number}")
}

/// What may be asked of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimCommand {
    /// To have it.
    Claim {
        /// The id of what is to have it.
        owner: String,
    },
    /// To give it back.
    Release {
        /// The id of what has it.
        owner: String,
    },
}

impl Decide for Claim {
    const TYPE: &'static str = "claims";
    type Command = ClaimCommand;
    type Event = ClaimEvent;
    type Error = ClaimError;

    fn decide(&self, command: ClaimCommand) -> Result<Vec<ClaimEvent>, ClaimError> {
        match (command, &self.owner) {
            (ClaimCommand::Claim { owner }, None) => Ok(vec![ClaimEvent::NameClaimed { owner }]),
            (ClaimCommand::Claim { owner: _ }, Some(owner)) => {
                Err(ClaimError::Taken { owner: owner.clone() })
            }
            (ClaimCommand::Release { owner }, Some(holder)) if owner == *holder => {
                Ok(vec![ClaimEvent::NameReleased { owner }])
            }
            (ClaimCommand::Release { owner: _ }, Some(_) | None) => Err(ClaimError::NotOwned),
        }
    }

    fn evolve(&mut self, event: &ClaimEvent) {
        match event {
            ClaimEvent::NameClaimed { owner } => self.owner = Some(owner.clone()),
            ClaimEvent::NameReleased { owner: _ } => self.owner = None,
        }
    }
}

cqrs_aggregate!(Claim);

/// What may have happened to a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimEvent {
    /// It was free and has an owner now.
    NameClaimed {
        /// The id of what has it.
        owner: String,
    },
    /// It is free again.
    NameReleased {
        /// The id of what had it.
        owner: String,
    },
}

domain_event!(ClaimEvent { NameClaimed, NameReleased });

/// Why a name is not given or taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Something has it, perhaps the one who asks.
    #[error("the name is taken")]
    Taken {
        /// The id of what has it.
        owner: String,
    },
    /// It is free, or something else's.
    #[error("the name is not the caller's to release")]
    NotOwned,
}

#[cfg(test)]
mod tests;
