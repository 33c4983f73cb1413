//! The index of `daybook up` is built anew by `daybook replay product_search`, while it is searched and products change.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::check::Ready;
use super::readers::{Reader, Watching};
use crate::Error;
use crate::database::Database;
use crate::faults::Faults;
use crate::http::load;
use crate::http::{Daybook, Load};
use crate::report::{Figure, Report, say};

/// Times at most.
const ROUNDS: usize = 3;
/// Searches a second meanwhile.
const RATE: f64 = 200.0;
const READERS: usize = 16;
/// Who feeds the index looks once a second whether another one is there, and shows it when it has caught up.
const SWAPPED: Duration = Duration::from_secs(3);

/// Measures how long it takes, and what searches get meanwhile: none may fail, and none may be of an earlier position than
/// one before it.
pub async fn measure(
    daybook: &Daybook,
    database: &Database,
    home: &Path,
    requests: &Arc<Vec<Ready>>,
    report: &mut Report,
) -> Result<(), Error> {
    let (mut seconds, mut figure) = (Vec::new(), Figure::new("search, while the index is rebuilt"));
    let faults = Arc::<Faults>::default();
    for _ in 0..report.rounds().min(ROUNDS) {
        let stop = Arc::new(AtomicBool::new(false));
        let readers = Watching::all(Reader::several(daybook, requests, READERS).await?, &faults);
        let searching = tokio::spawn(load::open_until::<Watching>(readers, RATE, Arc::clone(&stop)));
        let began = Instant::now();
        let told = Daybook::run(database, home, &["replay", "product_search"]).await?;
        seconds.push(began.elapsed().as_secs_f64());
        tokio::time::sleep(SWAPPED).await;
        stop.store(true, Ordering::Relaxed);
        let load: Load = searching.await??.0;
        figure.add(&load);
        say(&format!(
            "{}, {} searches meanwhile, {} failed, {} steps back",
            told.trim(),
            load.count,
            faults.failed(),
            faults.back()
        ));
        faults.require_none()?;
    }
    report.seconds("search-index-rebuild", &seconds)?;
    report.figure(&figure)
}
