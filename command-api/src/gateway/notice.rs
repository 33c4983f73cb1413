//! What a gateway tells by itself: an event with an id, about something that carries our payment's id.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use domain::ids::PaymentId;
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
#[derive(Deserialize)]
struct Event {
    id: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    metadata: Option<ObjectMetadata>,
}

#[derive(Deserialize)]
struct ObjectMetadata {
    payment_id: Option<String>,
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
        let named = event.data.object.metadata.and_then(|metadata| metadata.payment_id);
        Ok(Self { id: event.id, payment_id: named.and_then(|id| id.parse().ok()) })
    }
}
