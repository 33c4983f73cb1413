//! What a gateway tells by itself: an event with an id, about something that carries our payment's id. It sends it to us (a
//! webhook), and may keep a list in which it can be read when it never came.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use domain::ids::PaymentId;
use event_store::Metadata;
use serde::Deserialize;

use super::signature;

/// Something that a gateway tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its own id of it.
    pub id: String,
    /// Which payment it is about; nothing where it is none of ours.
    pub payment_id: Option<PaymentId>,
}

/// A page of what a gateway told, as it keeps it: the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticePage {
    /// Each with the gateway's own time of it.
    pub notices: Vec<(DateTime<Utc>, Notice)>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// What was told can't be believed or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNotice {
    /// Nobody but the gateway may tell.
    #[error("the signature does not hold")]
    Signature,
    /// It holds, and the body is no event.
    #[error("the body is no event")]
    Body,
}

/// An event in Stripe's form (<https://docs.stripe.com/api/events/object>), as far as it matters.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Event {
    pub id: String,
    /// In seconds since 1970. A list must have it; of a webhook nobody asks.
    pub created: Option<i64>,
    data: Data,
}

#[derive(Clone, Debug, Deserialize)]
struct Data {
    object: Object,
}

#[derive(Clone, Debug, Deserialize)]
struct Object {
    #[serde(default)]
    metadata: Option<ObjectMetadata>,
}

#[derive(Clone, Debug, Deserialize)]
struct ObjectMetadata {
    payment_id: Option<String>,
}

impl From<Event> for Notice {
    fn from(event: Event) -> Self {
        let named = event.data.object.metadata.and_then(|metadata| metadata.payment_id);
        Self { id: event.id, payment_id: named.and_then(|id| id.parse().ok()) }
    }
}

impl Notice {
    /// Reads an event that is signed in Stripe's way, in the header of this name.
    pub(super) fn signed(
        headers: &HeaderMap,
        name: &str,
        body: &[u8],
        secret: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, BadNotice> {
        let header = headers.get(name).and_then(|header| header.to_str().ok()).ok_or(BadNotice::Signature)?;
        if !signature::holds(header, body, secret, now) {
            return Err(BadNotice::Signature);
        }
        let event: Event = serde_json::from_slice(body).map_err(|_| BadNotice::Body)?;
        Ok(event.into())
    }

    /// What is recorded beside the events that it led to.
    pub fn because(&self, gateway: &str) -> Metadata {
        Metadata::default()
            .with(Metadata::ACTOR, format!("gateway:{gateway}"))
            .with(Metadata::CAUSATION_ID, format!("notice:{}", self.id))
    }
}
