//! A part of an outside document, an invoice or a credit note, that an import has dealt with.
//!
//! It is settled once, in the same append as everything that the import made of it. So a second import of the same
//! document makes nothing, and says the same of it as the first: how much of each returned line was taken is kept
//! here, for what is left to return has changed meanwhile.
//!
//! The stream's id is the seller's, the part's ordinal among its document's and the document's number. It is not
//! published.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{OrderId, SellerId};
use crate::{Decide, cqrs_aggregate, domain_event};

/// One part of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// What came of it; nothing before it was imported.
    pub outcome: Option<Arc<Outcome>>,
}

/// The id of a part's stream.
pub fn id(seller_id: SellerId, ordinal: u64, number: &str) -> String {
    format!("{seller_id}/{ordinal}/{number}")
}

/// What came of a part of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Tells the part's contents from others under the same number.
    pub fingerprint: Uuid,
    /// The order that was made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// What was taken of each of its lines that returns something, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<TakenBack>,
}

/// The units of a line that returns something; the sum is the line's quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// These came back and were refunded.
    pub taken: u32,
    /// These the customer had not bought before, or had returned already.
    pub not_bought: u32,
    /// For these too little was left of the payments.
    pub not_paid: u32,
}

/// What may be asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportedCommand {
    /// It was dealt with.
    Settle(Outcome),
}

impl Decide for Imported {
    const TYPE: &'static str = "imports";
    type Command = ImportedCommand;
    type Event = ImportedEvent;
    type Error = ImportedError;

    fn decide(&self, command: ImportedCommand) -> Result<Vec<ImportedEvent>, ImportedError> {
        let ImportedCommand::Settle(outcome) = command;
        if self.outcome.is_some() {
            return Err(ImportedError::AlreadySettled);
        }
        Ok(vec![ImportedEvent::DocumentImported(outcome)])
    }

    fn evolve(&mut self, event: &ImportedEvent) {
        match event {
            ImportedEvent::DocumentImported(outcome) => self.outcome = Some(Arc::new(outcome.clone())),
        }
    }
}

cqrs_aggregate!(Imported);

/// What may have happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportedEvent {
    /// It was dealt with.
    DocumentImported(Outcome),
}

domain_event!(ImportedEvent { DocumentImported });

/// Why it refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportedError {
    /// It is imported once.
    #[error("the document was imported already")]
    AlreadySettled,
}

#[cfg(test)]
mod tests;
