//! `daybook replay NAME`: builds a read model anew beside the live one and swaps it in, while reads go on.

use event_store::Log;
use indicatif::{ProgressBar, ProgressStyle};
use projections::product_search::Home;
use sqlx::PgPool;
use tracing::{info, warn};

use crate::config::Config;
use crate::{Failure, migrate, say, search_words};

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    daybook replay order_history                     the same version, built anew\n  \
    daybook replay order_history --from-version 1    a new version beside version 1, with the new binary\n  \
    daybook replay order_history --retire 1          no process of the old binary is left\n\
Read models: order_history, seller_stats, catalog, coupons, product_search")]
pub struct Args {
    /// Which read model.
    name: String,
    /// The version that is live and that this one comes from: where another is, nothing is done.
    ///
    /// A build knows one version of each read model. Where the live one is an older, the replay builds this build's
    /// version beside it; processes of the old build go on feeding and reading theirs. `daybook status` shows both.
    #[arg(long, value_name = "VERSION")]
    from_version: Option<i32>,
    /// Drops this version, which a newer one has superseded, instead of building one.
    #[arg(long, value_name = "VERSION", conflicts_with = "from_version")]
    retire: Option<i32>,
}

/// `daybook replay`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let owner = migrate::owner_pool(config).await?;
    if let Some(version) = args.retire {
        projections::replay::retire(&args.name, version, &owner).await?;
        say(format_args!("{}: version {version} is gone", args.name));
        return Ok(());
    }
    if let Some(version) = args.from_version {
        projections::replay::require_live(&args.name, version, &owner).await?;
    }
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

/// Builds the versions that this build is the first to know, beside those that are live. Its projectors take them up when
/// they are there.
pub async fn build_new_versions(config: &Config, pool: &PgPool) -> Result<(), Failure> {
    let unbuilt = projections::replay::unbuilt(pool).await?;
    if unbuilt.is_empty() {
        return Ok(());
    }
    if !config.has_owner() {
        warn!(read_models = ?unbuilt, "new versions are to be built: daybook replay NAME, as the schema's owner");
        return Ok(());
    }
    let (owner, home) = (migrate::owner_pool(config).await?, Home::under(&config.home));
    tokio::spawn(async move {
        let log = Log::new(owner.clone());
        for name in unbuilt {
            info!(read_model = name, "builds its new version beside the live one");
            let built = projections::replay::replay(name, &owner, &home, &log, |_| {}).await;
            if let Err(error) = built {
                warn!(
                    read_model = name,
                    error = &error as &dyn std::error::Error,
                    "its new version is not built"
                );
            }
        }
    });
    Ok(())
}
