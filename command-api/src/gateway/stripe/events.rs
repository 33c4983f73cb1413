//! Stripe's list of its events of the last 30 days (<https://docs.stripe.com/api/events/list>): what a webhook would have told.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::super::notice::Event;
use super::super::{GatewayError, NoticePage};
use super::objects::{List, PAGE};
use super::{Stripe, refused_call, unexpected};

/// Those after which Stripe knows something that the log may not know. Others aren't asked for, and as webhooks they change
/// nothing.
const TYPES: [&str; 6] = [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refund.updated",
    "refund.updated",
    "refund.failed",
];

impl Stripe {
    /// A page of the events since then, and before the one of this id.
    pub(super) async fn events(
        &self,
        since: Option<DateTime<Utc>>,
        before: Option<&str>,
    ) -> Result<NoticePage, GatewayError> {
        let listed = self.http.get::<List<Event>>(&path(since, before)).await?.result;
        let List { data, has_more } = listed.map_err(|problem| refused_call(&problem))?;
        let notices = data.into_iter().map(|event| {
            let at = event.created.and_then(|created| DateTime::from_timestamp(created, 0));
            Ok((at.ok_or_else(|| unexpected("an event of Stripe's has no time"))?, event.into()))
        });
        Ok(NoticePage { notices: notices.collect::<Result<_, _>>()?, has_more })
    }
}

fn path(since: Option<DateTime<Utc>>, before: Option<&str>) -> String {
    let mut path = format!("/v1/events?limit={PAGE}");
    for kind in TYPES {
        let _ = write!(path, "&types[]={kind}");
    }
    if let Some(since) = since {
        let _ = write!(path, "&created[gte]={}", since.timestamp());
    }
    if let Some(before) = before {
        let _ = write!(path, "&starting_after={before}");
    }
    path
}
