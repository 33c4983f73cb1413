//! Where the time goes: from the histograms that Daybook shows at `/metrics`, and its processor time.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;

use super::connection::{Ask, Connection};
use super::daybook::Daybook;
use crate::Error;
use crate::report::say;

/// The sums and counts of its histograms at one moment.
pub struct Stages {
    /// Seconds and observations, by the histogram's name.
    histograms: BTreeMap<String, (f64, f64)>,
    processor: Duration,
}

impl Stages {
    /// Reads them; none where there is no such page.
    pub async fn read(daybook: &Daybook) -> Result<Self, Error> {
        let mut connection = Connection::open(daybook.address).await?;
        let (status, page) = connection.ask(Ask::get("/metrics", "")).await?;
        let page = if status == StatusCode::OK {
            String::from_utf8_lossy(&page).into_owned()
        } else {
            String::new()
        };
        let mut histograms: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let (name, value) = (name.split('{').next().unwrap_or(name), value.parse().unwrap_or(0.0));
            if let Some(name) = name.strip_suffix("_sum") {
                histograms.entry(name.to_owned()).or_default().0 += value;
            } else if let Some(name) = name.strip_suffix("_count") {
                histograms.entry(name.to_owned()).or_default().1 += value;
            }
        }
        Ok(Self { histograms, processor: daybook.processor_time()? })
    }

    /// What has come since then.
    pub fn since(mut self, before: &Self) -> Self {
        for (name, (sum, count)) in &mut self.histograms {
            if let Some((sum_before, count_before)) = before.histograms.get(name) {
                *sum -= sum_before;
                *count -= count_before;
            }
        }
        self.processor -= before.processor;
        self
    }

    /// Prints where the time of one of so many calls went, stage by stage.
    #[allow(clippy::cast_precision_loss)] // Counts of a bench are far below 2^52.
    pub fn tell(&self, what: &str, calls: usize) {
        let calls = calls.max(1) as f64;
        let micros = |name: &str| self.histograms.get(name).map_or(0.0, |(sum, _)| sum * 1e6 / calls);
        // A command waits for its whole group, so the mean counts, not the sum over groups.
        let commands = self.histograms.get("daybook_command_seconds").map_or(0.0, |(_, count)| count / calls);
        let append = self
            .histograms
            .get("daybook_append_seconds")
            .map_or(0.0, |(sum, count)| sum * 1e6 / count.max(1.0))
            * commands;
        let request = micros("daybook_http_request_duration_seconds");
        let (body, command) = (micros("daybook_body_seconds"), micros("daybook_command_seconds"));
        let (decision, answer) = (micros("daybook_decision_seconds"), micros("daybook_answer_seconds"));
        let processor = self.processor.as_secs_f64() * 1e6 / calls;
        say(&format!(
            "  {what}: {request:.0} µs from head to answer, {processor:.0} µs of Daybook's processor time"
        ));
        if request == 0.0 {
            return;
        }
        for (stage, time) in [
            ("parse: the body's text, its rules", body),
            ("before and after: token, rows kept of a person, queries", request - command - body - answer),
            ("wait: for the decider and for a group to leave", command - decision - append),
            ("decide", decision),
            ("append: the group's way into the log", append),
            ("answer: into text", answer),
        ] {
            say(&format!("    {stage:<58} {time:>9.1} µs {:>6.1} %", time * 100.0 / request));
        }
    }
}
