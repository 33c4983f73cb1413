//! `daybook outbox`: the messages that are not sent yet, with what they say.

use identity::messages;

use crate::config::Config;
use crate::{Failure, roles, say};

#[derive(clap::Args)]
#[command(after_help = "Example: daybook outbox --json")]
pub struct Args {
    /// One JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

/// `daybook outbox`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let pool = roles::pool(config).await?;
    let waiting = messages::unsent(&pool).await?;
    if args.json {
        say(serde_json::to_string(&waiting)?);
        return Ok(());
    }
    if waiting.is_empty() {
        say("the outbox is empty");
        return Ok(());
    }
    say(format_args!("{:<20}  {:<5}  {:<18}  {:<32}  code or token", "queued", "by", "what", "to"));
    for message in waiting {
        let secret = ["code", "token"].iter().find_map(|name| message.body[name].as_str());
        say(format_args!(
            "{:<20}  {:<5}  {:<18}  {:<32}  {}",
            message.created_at.format("%Y-%m-%dT%H:%M:%SZ"),
            message.channel.name(),
            message.template,
            message.recipient,
            secret.unwrap_or_default(),
        ));
        if let Some(error) = message.error {
            say(format_args!("    tried {} times: {error}", message.attempts));
        }
    }
    Ok(())
}
