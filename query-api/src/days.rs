//! Which days are asked for: `from`, `to` and the time zone whose midnight begins them.

use api_contract::{Code, Fields};
use chrono::NaiveDate;
use chrono_tz::Tz;

/// Days of a time zone.
pub struct AskedDays {
    /// From this day.
    pub from: Option<NaiveDate>,
    /// To this day, and with it.
    pub to: Option<NaiveDate>,
    /// UTC where none is named.
    pub tz: Tz,
}

impl AskedDays {
    /// Reads `from`, `to` and `tz` (`timeZone`).
    pub fn read(f: &mut Fields<'_, '_>) -> Self {
        let (from, to) = (f.field("from").date(), f.field("to").date());
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            f.violation("to", Code::ValidationError, "to must not be before from");
        }
        let tz = f.field("tz").or("timeZone").parse(1..=64, |name| {
            name.parse::<Tz>().map_err(|_| "must be a time zone of the IANA database: Europe/Berlin".into())
        });
        Self { from, to, tz: tz.unwrap_or(Tz::UTC) }
    }
}
