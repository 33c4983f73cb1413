//! Rounds, ratios, and the list that is written.

use std::path::PathBuf;

use serde::Serialize;

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
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    name: &'static str,
    /// The rates of each round.
    a_second: Vec<f64>,
    /// Milliseconds within which half, and 99 of 100, were answered, in each round.
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Figure {
    /// One without rounds.
    pub fn new(name: &'static str) -> Self {
        Self { name, a_second: Vec::new(), p50: Vec::new(), p99: Vec::new() }
    }

    /// Adds a round.
    pub fn add(&mut self, load: &Load) {
        self.a_second.push(load.rate.round());
        self.p50.push(thousandths(load.milliseconds(0.5)));
        self.p99.push(thousandths(load.milliseconds(0.99)));
    }
}

/// The measurements so far.
pub struct Report {
    rounds: usize,
    only: Option<String>,
    out: PathBuf,
    entries: Vec<Entry>,
    figures: Vec<Figure>,
}

/// A line for whoever watches.
#[allow(clippy::print_stderr)] // This is a command line tool's progress.
pub fn say(line: &str) {
    eprintln!("{line}");
}

impl Report {
    /// An empty one.
    pub fn new(rounds: usize, only: Option<String>, out: PathBuf) -> Self {
        Self { rounds: rounds.max(1), only, out, entries: Vec::new(), figures: Vec::new() }
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
            ours: median(&sorted(rounds.iter().map(|(ours, _)| *ours))).round(),
            peer: median(&sorted(rounds.iter().map(|(_, peer)| *peer))).round(),
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
    pub fn figure(&mut self, figure: Figure) -> Result<(), Error> {
        let middle = |values: &[f64]| median(&sorted(values.iter().copied()));
        say(&format!(
            "{:<34} {:>9} a second, {:.2} ms p50, {:.2} ms p99, in {} rounds",
            figure.name,
            middle(&figure.a_second),
            middle(&figure.p50),
            middle(&figure.p99),
            figure.a_second.len()
        ));
        self.figures.push(figure);
        let beside = self.out.with_file_name("bench-http.json");
        std::fs::write(beside, serde_json::to_vec_pretty(&self.figures)?)?;
        Ok(())
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
