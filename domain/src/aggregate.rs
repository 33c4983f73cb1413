//! What an aggregate is here, and its adapter to cqrs-es.

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};

/// An aggregate that decides and evolves as pure, synchronous functions.
///
/// The state of a stream is `evolve` folded over its events from `Default`; `decide` turns a command
/// into events, or refuses. Implement this and write `cqrs_aggregate!(Order)`: the adapter to
/// [`cqrs_es::Aggregate`], so that everything made for cqrs-es can read the stream.
pub trait Decide: Default + Clone + Send + Sync + 'static {
    /// The aggregate's type: the word in the log, in URLs, and in the topic's name.
    const TYPE: &'static str;
    /// What may be asked of it.
    type Command: Send;
    /// What may have happened to it.
    type Event: DomainEvent + 'static;
    /// Why it refuses.
    type Error: std::error::Error + Send + 'static;

    /// The events that `command` makes on this state, or why it is refused.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Error>;

    /// Changes the state by one event. An event that the log holds is never refused.
    fn evolve(&mut self, event: &Self::Event);

    /// Turns old versions of this aggregate's events into today's when they are loaded, in order.
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        Vec::new()
    }
}

/// An aggregate as both worlds know it: ours decides, cqrs-es stores and loads.
pub trait Stored: Decide + Aggregate<Event = <Self as Decide>::Event> {}
impl<A: Decide + Aggregate<Event = <A as Decide>::Event>> Stored for A {}

/// Reads one stored event of `A`, brought up to today's version by `upcasters` (`A::upcasters()`, made once).
///
/// Today's versions are parsed straight from the text; only an old one goes through a `serde_json::Value`.
pub fn parse_event<A: Decide>(
    upcasters: &[Box<dyn EventUpcaster>],
    event_type: &str,
    event_version: &str,
    payload: &str,
) -> Result<A::Event, serde_json::Error> {
    if !upcasters.iter().any(|upcaster| upcaster.can_upcast(event_type, event_version)) {
        return serde_json::from_str(payload);
    }
    let event = SerializedEvent {
        aggregate_id: String::new(),
        sequence: 0,
        aggregate_type: A::TYPE.to_owned(),
        event_type: event_type.to_owned(),
        event_version: event_version.to_owned(),
        payload: serde_json::from_str(payload)?,
        metadata: serde_json::Value::Null,
    };
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

/// Implements [`cqrs_es::DomainEvent`]: an event's type is its variant's name, its version `1.0` unless given.
#[macro_export]
macro_rules! domain_event {
    ($event:ident { $($variant:ident $(= $version:literal)?),* $(,)? }) => {
        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                match self { $(Self::$variant { .. } => stringify!($variant),)* }.to_owned()
            }

            fn event_version(&self) -> String {
                match self { $(Self::$variant { .. } => $crate::domain_event!(@version $($version)?),)* }.to_owned()
            }
        }
    };
    (@version) => { "1.0" };
    (@version $version:literal) => { $version };
}

/// Implements [`cqrs_es::Aggregate`] by [`Decide`]: `handle` decides and writes, `apply` evolves.
#[macro_export]
macro_rules! cqrs_aggregate {
    ($aggregate:ty) => {
        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = <$aggregate as $crate::Decide>::TYPE;
            type Command = <$aggregate as $crate::Decide>::Command;
            type Event = <$aggregate as $crate::Decide>::Event;
            type Error = <$aggregate as $crate::Decide>::Error;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                (): &(),
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in $crate::Decide::decide(self, command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                $crate::Decide::evolve(self, &event);
            }
        }
    };
}
