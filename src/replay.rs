//! `daybook replay NAME`: builds a read model anew beside the live one and swaps it in, while reads go on.

use event_store::Log;
use indicatif::{ProgressBar, ProgressStyle};
use projections::product_search::Home;

use crate::config::Config;
use crate::{Failure, migrate, say, search_words};

#[derive(clap::Args)]
#[command(
    after_help = "Example: daybook replay order_history\nRead models: order_history, seller_stats, catalog, coupons, product_search"
)]
pub struct Args {
    /// Which read model.
    name: String,
}

/// `daybook replay`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let owner = migrate::owner_pool(config).await?;
    let log = Log::new(owner.clone());
    let home = Home::under(&config.home).with(search_words::from(&config.environment)?);
    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}")?);
    let report = projections::replay::replay(&args.name, &owner, &home, &log, |progress| {
        bar.set_length(progress.head.unsigned_abs());
        bar.set_position(progress.position.unsigned_abs());
    })
    .await?;
    bar.finish_and_clear();
    say(format_args!(
        "{}: {} events in {:.1} s, {} events a second",
        args.name,
        report.events,
        report.elapsed.as_secs_f64(),
        report.rate()
    ));
    Ok(())
}
