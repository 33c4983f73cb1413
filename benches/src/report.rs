//! Rounds, ratios, and the list that is written.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};

use crate::Error;
use crate::http::Load;

/// One measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    name: String,
    unit: &'static str,
    ours: f64,
    peer: f64,
    peer_name: String,
    ratio: f64,
    ratio_min: f64,
    ratio_max: f64,
    aim: f64,
}

/// What is measured and against what.
pub struct Measurement {
    /// Its name.
    pub name: &'static str,
    /// What the rates count: `commands/s`, `events/s`.
    pub unit: &'static str,
    /// Who stands beside us.
    pub peer: &'static str,
    /// The ratio that we want, ours to the peer's.
    pub aim: f64,
}

/// What clients get of one request: no peer stands beside it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figure {
    name: String,
    /// The rates of each round.
    a_second: Vec<f64>,
    /// Milliseconds within which half, and 99 of 100, were answered, in each round.
    p50: Vec<f64>,
    p99: Vec<f64>,
    /// Milliseconds within which we want 99 of 100 to be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    aim: Option<f64>,
}

impl Figure {
    /// One without rounds.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same, of which we want 99 of 100 within so many milliseconds.
    #[must_use]
    pub fn within(self, aim: f64) -> Self {
        Self { aim: Some(aim), ..self }
    }

    /// Adds a round.
    pub fn add(&mut self, load: &Load) {
        self.a_second.push(load.rate.round());
        self.p50.push(thousandths(load.milliseconds(0.5)));
        self.p99.push(thousandths(load.milliseconds(0.99)));
    }
}

/// Two of one kind of request: as fast as can be, and at half of that.
#[derive(Clone, Debug)]
pub struct Figures {
    saturated: Figure,
    at_half: Figure,
}

impl Figures {
    /// Without rounds.
    pub fn of(name: &str) -> Self {
        Self { saturated: Figure::new(name), at_half: Figure::new(format!("{name}, at half of that")) }
    }

    /// The same, of which we want 99 of 100 within so many milliseconds at half of the rate.
    #[must_use]
    pub fn within(self, aim: f64) -> Self {
        Self { at_half: self.at_half.within(aim), ..self }
    }

    /// Adds a round.
    pub fn add(&mut self, saturated: &Load, at_half: &Load) {
        self.saturated.add(saturated);
        self.at_half.add(at_half);
    }

    /// Hands them over.
    pub fn tell(&self, report: &mut Report) -> Result<(), Error> {
        report.figure(&self.saturated)?;
        report.figure(&self.at_half)
    }
}

/// The measurements so far.
pub struct Report {
    rounds: usize,
    only: Option<String>,
    out: PathBuf,
    entries: Vec<Entry>,
    /// [`Figure`]s, and what took how long.
    beside: Vec<Value>,
}

/// A line for whoever watches.
#[allow(clippy::print_stderr)] // This is a command line tool's progress.
pub fn say(line: &str) {
    eprintln!("{line}");
}

impl Report {
    /// An empty one.
    pub fn new(rounds: usize, only: Option<String>, out: PathBuf) -> Self {
        Self { rounds: rounds.max(1), only, out, entries: Vec::new(), beside: Vec::new() }
    }

    /// How often ours and the peer take turns.
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// Whether this measurement was asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    /// Takes the rates of each round, ours and the peer's, in pairs.
    pub fn add(&mut self, measurement: &Measurement, rounds: &[(f64, f64)]) -> Result<(), Error> {
        let ratios = sorted(rounds.iter().map(|(ours, peer)| ours / peer));
        let entry = Entry {
            name: measurement.name.to_owned(),
            unit: measurement.unit,
            ours: neat(median(&sorted(rounds.iter().map(|(ours, _)| *ours)))),
            peer: neat(median(&sorted(rounds.iter().map(|(_, peer)| *peer)))),
            peer_name: measurement.peer.to_owned(),
            ratio: thousandths(median(&ratios)),
            ratio_min: thousandths(ratios.first().copied().unwrap_or_default()),
            ratio_max: thousandths(ratios.last().copied().unwrap_or_default()),
            aim: measurement.aim,
        };
        say(&format!(
            "{:<34} {:>9} {:<10} beside {:>9} by {}: {:.2}x ({:.2} to {:.2} in {} rounds), aim {}x{}",
            entry.name,
            entry.ours,
            entry.unit,
            entry.peer,
            entry.peer_name,
            entry.ratio,
            entry.ratio_min,
            entry.ratio_max,
            rounds.len(),
            entry.aim,
            if entry.ratio < entry.aim { "  <- short of it" } else { "" }
        ));
        self.entries.push(entry);
        std::fs::write(&self.out, serde_json::to_vec_pretty(&self.entries)?)?;
        Ok(())
    }
}

impl Report {
    /// Takes the rounds of what has no peer; they go to a list beside that of the ratios.
    pub fn figure(&mut self, figure: &Figure) -> Result<(), Error> {
        let short = figure.aim.filter(|aim| median(&sorted(figure.p99.iter().copied())) > *aim);
        say(&format!(
            "{:<34} {} a second, p50 {} ms, p99 {} ms, in {} rounds{}{}",
            figure.name,
            spread(&figure.a_second, 0),
            spread(&figure.p50, 2),
            spread(&figure.p99, 2),
            figure.a_second.len(),
            figure.aim.map(|aim| format!(", aim {aim} ms at p99")).unwrap_or_default(),
            if short.is_some() { "  <- short of it" } else { "" }
        ));
        self.put_beside(serde_json::to_value(figure)?)
    }

    /// Takes how long something took, each time, in seconds.
    pub fn seconds(&mut self, name: &str, seconds: &[f64]) -> Result<(), Error> {
        say(&format!("{name:<34} {} s, {} times", spread(seconds, 1), seconds.len()));
        let seconds: Vec<f64> = seconds.iter().copied().map(thousandths).collect();
        self.put_beside(json!({ "name": name, "seconds": seconds }))
    }

    fn put_beside(&mut self, told: Value) -> Result<(), Error> {
        self.beside.push(told);
        let beside = self.out.with_file_name("bench-http.json");
        Ok(std::fs::write(beside, serde_json::to_vec_pretty(&self.beside)?)?)
    }
}

/// The median, and the least and the greatest where there are several: `5.31 (4.90–7.25)`.
fn spread(values: &[f64], decimals: usize) -> String {
    let values = sorted(values.iter().copied());
    let middle = median(&values);
    match values.as_slice() {
        [least, .., most] => format!("{middle:.decimals$} ({least:.decimals$}–{most:.decimals$})"),
        [] | [_] => format!("{middle:.decimals$}"),
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The one in the middle, or the mean of the two that are; 0 of nothing.
fn median(sorted: &[f64]) -> f64 {
    let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(at(middle.saturating_sub(1)), at(middle))
    } else {
        at(middle)
    }
}

/// A rate in whole numbers; a share or a score to four places.
fn neat(value: f64) -> f64 {
    if value.abs() >= 10.0 { value.round() } else { (value * 10_000.0).round() / 10_000.0 }
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_an_even_number_is_between_the_two() {
        for (values, expected) in
            [(&[][..], 0.0), (&[3.0][..], 3.0), (&[1.0, 4.0][..], 2.5), (&[1.0, 2.0, 9.0][..], 2.0)]
        {
            assert!((median(values) - expected).abs() < 1e-9, "{values:?}");
        }
    }

    #[test]
    fn a_spread_is_the_middle_with_the_least_and_the_greatest() {
        assert_eq!(spread(&[2.0, 1.0, 4.0], 1), "2.0 (1.0–4.0)");
        assert_eq!(spread(&[2.0], 2), "2.00");
    }
}
