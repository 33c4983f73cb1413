//! From stored text to a stored event of today's version.

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use domain::aggregate::Stored;

/// Reads an event of `A`, upcasting it first where it is of an old version.
pub fn decode<A: Stored>(
    upcasters: &[Box<dyn EventUpcaster>],
    event_type: &str,
    event_version: &str,
    payload: &str,
) -> Result<<A as domain::Decide>::Event, serde_json::Error> {
    if !upcasters.iter().any(|upcaster| upcaster.can_upcast(event_type, event_version)) {
        return serde_json::from_str(payload);
    }
    let event = SerializedEvent::new(
        String::new(),
        0,
        <A as domain::Decide>::TYPE.to_owned(),
        event_type.to_owned(),
        event_version.to_owned(),
        serde_json::from_str(payload)?,
        serde_json::Value::Null,
    );
    serde_json::from_value(upcast(upcasters, event).payload)
}

/// Applies every upcaster that fits, in order.
pub fn upcast(upcasters: &[Box<dyn EventUpcaster>], event: SerializedEvent) -> SerializedEvent {
    upcasters.iter().fold(event, |event, upcaster| {
        if upcaster.can_upcast(&event.event_type, &event.event_version) {
            upcaster.upcast(event)
        } else {
            event
        }
    })
}
