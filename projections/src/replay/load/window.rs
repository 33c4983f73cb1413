//! A range of the log, decoded and folded.

use event_store::Recorded;

use crate::read_model::{ApplyError, Fold, Loaded};
use crate::runner::refused::Refused;
use crate::runner::source::publish;

/// What a range of whole streams comes to.
#[derive(Default)]
pub(super) struct Window {
    pub(super) loaded: Loaded,
    /// Where streams end too early: what can't be decoded, and what can't be folded.
    pub(super) refused: Vec<Refused>,
}

impl Window {
    /// One stream is decoded and folded after the other: its events are still in the processor's cache when they are folded,
    /// and the next one's are where they were.
    pub(super) fn of<T: AsRef<str>>(recorded: &[Recorded<T>], fold: Fold) -> Result<Self, ApplyError> {
        let mut window = Self::default();
        for stream in recorded.chunk_by(|one, next| one.aggregate_id == next.aggregate_id) {
            window.take(stream, fold)?;
        }
        Ok(window)
    }

    fn take<T: AsRef<str>>(&mut self, stream: &[Recorded<T>], fold: Fold) -> Result<(), ApplyError> {
        let (mut events, undecodable) = publish(stream.iter());
        if let Some(first) = undecodable.first() {
            let refused = Refused::undecodable(first);
            refused.hold_back(&mut events);
            self.refused.push(refused);
        }
        while let Err(error) = fold(&events, &mut self.loaded) {
            let ApplyError::BadEvent { position, .. } = error else { return Err(error) };
            let Some(place) = events.iter().position(|event| event.position == position) else {
                return Err(error);
            };
            self.refused.push(Refused::of(&events[place], &error));
            events.truncate(place);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::public::PublicEvent;
    use uuid::Uuid;

    use super::*;
    use crate::rows::Target;

    const EVENTS: Target = Target { table: "events", columns: &[] };

    /// A row for each event of streams without the one at position 5.
    fn but_the_fifth(stream: &[PublicEvent], loaded: &mut Loaded) -> Result<(), ApplyError> {
        if let Some(fifth) = stream.iter().find(|event| event.position == 5) {
            return Err(ApplyError::bad(fifth, "it is the fifth"));
        }
        for _ in stream {
            loaded.rows(EVENTS).row();
        }
        Ok(())
    }

    /// Two orders of three events each.
    fn recorded() -> Vec<Recorded> {
        let event = |position: i64| Recorded {
            position,
            recorded_at: DateTime::UNIX_EPOCH,
            event_id: Uuid::nil(),
            sequence: (position - 1) % 3 + 1,
            aggregate_type: "orders".to_owned(),
            aggregate_id: if position <= 3 { "a" } else { "b" }.to_owned(),
            event_type: "OrderConfirmed".to_owned(),
            event_version: "1.0".to_owned(),
            payload: r#"{"OrderConfirmed":{}}"#.to_owned(),
            metadata: "{}".to_owned(),
        };
        (1..=6).map(event).collect()
    }

    #[test]
    fn a_stream_is_folded_up_to_what_cannot_be_taken_and_the_next_one_nevertheless() {
        let mut recorded = recorded();
        recorded[1].payload = "{}".to_owned();
        let mut window = Window::of(&recorded, but_the_fifth).unwrap();
        assert_eq!(window.loaded.rows(EVENTS).count(), 2);
        let refused = |place: usize, id, sequence| window.refused[place].holds_back("orders", id, sequence);
        assert_eq!(window.refused.len(), 2);
        assert!(refused(0, "a", 2) && !refused(0, "a", 1));
        assert!(refused(1, "b", 2) && !refused(1, "b", 1));
    }

    #[test]
    fn a_stream_that_is_refused_has_added_nothing() {
        let mut window = Window::of(&recorded()[3..], but_the_fifth).unwrap();
        assert_eq!((window.loaded.rows(EVENTS).count(), window.refused.len()), (1, 1));
    }
}
