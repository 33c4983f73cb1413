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

    /// Prints what each took for one of so many calls.
    #[allow(clippy::cast_precision_loss)] // Counts of a bench are far below 2^52.
    pub fn tell(&self, what: &str, calls: usize) {
        let calls = calls.max(1) as f64;
        say(&format!(
            "  {what}: {:.0} µs of Daybook's processor time each",
            self.processor.as_secs_f64() * 1e6 / calls
        ));
        for (name, (sum, count)) in self.histograms.iter().filter(|(_, (_, count))| *count > 0.0) {
            say(&format!(
                "  {name:<44} {:>10.0} times, {:>9.1} µs on average, {:>9.1} µs a call",
                count,
                sum * 1e6 / count,
                sum * 1e6 / calls
            ));
        }
    }
}
