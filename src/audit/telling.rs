//! A history as people read it.

use std::fmt::{self, Display, Formatter};

use chrono::{DateTime, SecondsFormat, Utc};
use event_store::{AsOf, Metadata};
use query_api::audit::changes::Change;
use query_api::audit::history::{History, Step};
use serde_json::Value;

/// Each event with what it changed, then the state.
pub struct Telling<'a>(pub &'a History);

/// What belongs to an event stands under it, this far in.
const INDENT: &str = "                  ";

impl Display for Telling<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(History { subject, id, as_of, steps, state }) = self;
        write!(f, "{subject} {id}")?;
        match as_of {
            None => {}
            Some(AsOf::Position(position)) => {
                write!(f, ", as it had been recorded up to position {position}")?;
            }
            Some(AsOf::Time(time)) => write!(f, ", as it had occurred by {}", moment(*time))?,
        }
        writeln!(f)?;
        let Some(state) = state else { return write!(f, "\nNothing had happened by then.") };
        writeln!(f, "\n{:>10}  {:>4}  {:27}  event", "position", "seq", "occurred")?;
        steps.iter().try_for_each(|step| tell(f, step))?;
        // What is JSON in the log is JSON here; the text is only laid out.
        let state: Value = serde_json::from_str(state.get()).map_err(|_| fmt::Error)?;
        let count = steps.len();
        let events = if count == 1 { "event" } else { "events" };
        writeln!(f, "\nState after {count} {events}, in the words of the log, amounts in minor units:")?;
        write!(f, "{}", Clean(format!("{state:#}")))
    }
}

fn tell(f: &mut Formatter<'_>, Step { event, group, changes }: &Step) -> fmt::Result {
    let metadata = event.metadata();
    let known = |name| Clean(metadata.get(name).unwrap_or("-"));
    let occurred = moment(event.occurred_at());
    let (position, sequence) = (event.position, event.sequence);
    let (kind, version) = (Clean(&event.event_type), Clean(&event.event_version));
    writeln!(f, "{position:>10}  {sequence:>4}  {occurred:27}  {kind} {version}")?;
    writeln!(f, "{INDENT}recorded     {}", moment(event.recorded_at))?;
    writeln!(f, "{INDENT}actor        {}", known(Metadata::ACTOR))?;
    writeln!(f, "{INDENT}correlation  {}", known(Metadata::CORRELATION_ID))?;
    writeln!(f, "{INDENT}causation    {}", known(Metadata::CAUSATION_ID))?;
    let group = group.map_or_else(|| "none: the event is in no group".to_owned(), |hash| hash.to_string());
    writeln!(f, "{INDENT}group hash   {group}")?;
    for Change { path, before, after } in changes {
        if before.is_null() {
            appeared(f, path, after)?;
        } else {
            writeln!(f, "{INDENT}  {}: {} → {}", Clean(path), Clean(before), Clean(after))?;
        }
    }
    Ok(())
}

/// What stood nowhere before: an object by its members, a list of objects by its items.
fn appeared(f: &mut Formatter<'_>, path: &str, value: &Value) -> fmt::Result {
    match value {
        Value::Null => Ok(()),
        Value::Object(members) if !members.is_empty() => {
            members.iter().try_for_each(|(key, value)| appeared(f, &format!("{path}.{key}"), value))
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let line = |(place, item)| writeln!(f, "{INDENT}  {}[{place}] = {}", Clean(path), Clean(item));
            items.iter().enumerate().try_for_each(line)
        }
        value => writeln!(f, "{INDENT}  {} = {}", Clean(path), Clean(value)),
    }
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Text from the log, which must not steer the terminal that it is shown on.
struct Clean<T>(T);

impl<T: Display> Display for Clean<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        text.chars().try_for_each(|c| {
            if c.is_control() && c != '\n' { write!(f, "{}", c.escape_unicode()) } else { write!(f, "{c}") }
        })
    }
}

#[cfg(test)]
mod tests;
