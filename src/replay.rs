//! `daybook replay NAME`: builds a read model anew beside the live one and swaps it in, while reads go on.

use std::time::Duration;

use event_store::Log;
use indicatif::{ProgressBar, ProgressStyle};
use projections::product_search::{self, Home};
use projections::read_model::ReadModel;
use projections::replay::{self, Progress, ReplayError};
use sqlx::PgPool;
use tracing::{info, warn};

use crate::config::Config;
use crate::{Failure, migrate, remark, roles, say, search_words};

/// After a new version could not be built: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LAST_PAUSE: Duration = Duration::from_secs(300);

#[derive(clap::Args)]
#[command(after_help = format!("Examples:\n  \
    daybook replay order_history                     the same version, built anew\n  \
    daybook replay order_history --from-version 1    a new version beside version 1, with the new binary\n  \
    daybook replay order_history --retire 1          no process of the old binary is left\n\
Read models: {}", replay::names()))]
pub struct Args {
    /// Which read model.
    name: String,
    /// The version that is live and that this one comes from: where another is, nothing is done.
    ///
    /// A build knows one version of each read model. Where the live one is an older, the replay builds this build's
    /// version beside it; processes of the old build go on feeding and reading theirs. `daybook status` shows both. Of
    /// `product_search` that is the index in `DAYBOOK_HOME`.
    #[arg(long, value_name = "VERSION")]
    from_version: Option<i32>,
    /// Drops this version, which a newer one has superseded, instead of building one.
    #[arg(long, value_name = "VERSION", conflicts_with = "from_version")]
    retire: Option<i32>,
}

/// `daybook replay`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let owner = migrate::owner_pool(config).await?;
    let home = Home::under(&config.home);
    if let Some(version) = args.retire {
        replay::retire(&args.name, version, &owner, &home).await?;
        say(format_args!("{}: version {version} is gone", args.name));
        return Ok(());
    }
    if let Some(version) = args.from_version {
        replay::require_live(&args.name, version, &owner, &home).await?;
    }
    let log = Log::new(owner.clone());
    let home = home.with(search_words::from(&config.environment)?);
    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}")?);
    let show = |progress: Progress| {
        bar.set_length(progress.head.unsigned_abs());
        bar.set_position(progress.position.unsigned_abs());
    };
    let is_index = args.name == product_search::NAME;
    let was_fed = is_index && product_search::is_fed(&home).await?;
    let stop = roles::stopped_by_signal()?;
    let replayed = replay::replay_until(&args.name, &owner, &home, &log, show, stop.cancelled()).await;
    bar.finish_and_clear();
    let report = replayed?;
    say(format_args!(
        "{}: {} events in {:.1} s, {} events a second",
        args.name,
        report.events,
        report.elapsed.as_secs_f64(),
        report.rate()
    ));
    if is_index { say_where(&home, was_fed).await } else { Ok(()) }
}

/// Says where the index is that was built, and whether anybody shows it: each process has its own `DAYBOOK_HOME`, so it may
/// have been built where none looks.
async fn say_where(home: &Home, was_fed: bool) -> Result<(), Failure> {
    if let Some(folder) = home.live_folder()? {
        say(format_args!("{}: the index is {}", product_search::NAME, folder.display()));
    }
    if !was_fed && !product_search::is_fed(home).await? {
        remark(
            "no running process has this DAYBOOK_HOME: the index is shown by the next that starts with it",
        );
    }
    Ok(())
}

/// Builds the versions that this build is the first to know, beside those that are live. Its projectors take them up when
/// they are there.
pub async fn build_new_versions(config: &Config, pool: &PgPool) -> Result<(), Failure> {
    let unbuilt = replay::unbuilt(pool).await?;
    if unbuilt.is_empty() {
        return Ok(());
    }
    if !config.has_owner() {
        let names: Vec<_> = unbuilt.iter().map(|model| model.name()).collect();
        warn!(read_models = ?names, "new versions are to be built: daybook replay NAME, as the schema's owner");
        return Ok(());
    }
    tokio::spawn(build_all(unbuilt, migrate::owner_pool(config).await?));
    Ok(())
}

/// What could not be built, because of a failover or of another replay, is tried again until it is there, by whomever.
async fn build_all(mut unbuilt: Vec<&'static dyn ReadModel>, owner: PgPool) {
    let log = Log::new(owner.clone());
    let mut pause = FIRST_PAUSE;
    while !unbuilt.is_empty() {
        for model in &unbuilt {
            info!(read_model = model.name(), "builds its new version beside the live one");
            match replay::replay_tables(*model, &owner, &log, |_| {}).await {
                Ok(_) => {}
                Err(ReplayError::Running) => {
                    info!(read_model = model.name(), "another process builds its new version");
                    pause = FIRST_PAUSE;
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(
                        read_model = model.name(),
                        error,
                        ?pause,
                        "its new version is not built; tries again"
                    );
                }
            }
        }
        match replay::unbuilt(&owner).await {
            Ok(left) => unbuilt = left,
            Err(error) => warn!(%error, "whether new versions are to be built can't be asked"),
        }
        if !unbuilt.is_empty() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }
}
