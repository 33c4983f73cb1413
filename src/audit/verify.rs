//! `daybook audit verify`: checks that nobody altered the log.

use std::time::Instant;

use event_store::{Head, Log, verify};

use super::bar;
use crate::{Failure, say};

#[derive(clap::Args)]
#[command(
    after_help = "Example: daybook audit verify --head 1042:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n\
    Prints the head that it verified: write it down elsewhere, and give it to --head the next time."
)]
pub struct Args {
    /// A head that was written down: the log must still have it.
    #[arg(long, value_name = "POSITION:HASH")]
    head: Option<Head>,
}

/// `daybook audit verify`.
pub async fn run(args: Args, log: &Log) -> Result<(), Failure> {
    let bar = bar()?;
    bar.set_length(log.head().await?.position.unsigned_abs());
    let started = Instant::now();
    let verified = verify::verify(log, args.head, |position| bar.set_position(position.unsigned_abs())).await;
    bar.finish_and_clear();
    let verified = verified?;
    let elapsed = started.elapsed();
    let events = verified.head.position.unsigned_abs();
    let micros = elapsed.as_micros().max(1);
    say(format_args!("head      {}", verified.head));
    say(format_args!("groups    {}", verified.groups));
    say(format_args!("events    {events}"));
    say(format_args!("seconds   {:.3}", elapsed.as_secs_f64()));
    say(format_args!("events/s  {}", u128::from(events) * 1_000_000 / micros));
    Ok(())
}
