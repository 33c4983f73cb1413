//! The memory of `daybook up`, idle and after 100,000 orders.

use std::time::Duration;

use super::daybook::Daybook;
use super::load;
use super::orders;
use super::shop::Shop;
use crate::Error;
use crate::report::{Report, say};

/// The name of it.
pub const NAME: &str = "http-memory";
const ORDERS: usize = 100_000;

/// Of a process that has only started, in MiB.
pub async fn idle(daybook: &Daybook) -> Result<f64, Error> {
    daybook.quiet().await?;
    daybook.memory("VmRSS")
}

/// Places 100,000 orders and looks again.
pub async fn measure(daybook: &Daybook, shop: &Shop, idle: f64, report: &mut Report) -> Result<(), Error> {
    if !report.wants(NAME) {
        return Ok(());
    }
    let mut placed = 0;
    let mut callers = orders::clients(daybook, shop).await?;
    while placed < ORDERS {
        let (load, back) = load::closed(callers, Duration::from_secs(2)).await?;
        placed += load.count;
        callers = back;
    }
    daybook.quiet().await?;
    let (now, most) = (daybook.memory("VmRSS")?, daybook.memory("VmHWM")?);
    say(&format!(
        "{NAME:<34} {idle:.0} MiB resident when idle, {now:.0} MiB after {placed} orders more, {most:.0} MiB at most"
    ));
    Ok(())
}
