//! `daybook user`: makes people from the command line, and says what they may do.

use api_contract::Role;
use command_api::accounts::{self, NewAccount, create_user};
use command_api::passwords::Passwords;
use identity::left_at_gateways::LeftAtGateway;

use crate::config::Config;
use crate::{Failure, roles, say};

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    daybook user create --email ann@example.com --password 'Tulip-Garden-7' --role admin\n  \
    daybook user lock ann@example.com")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Makes a user; a seller gets a verified shop.
    #[command(
        after_help = "Example: daybook user create --email ann@example.com --password 'Tulip-Garden-7' --role seller --name 'Tulip Garden'"
    )]
    Create {
        /// Unique, whatever the case of its letters.
        #[arg(long)]
        email: String,
        /// At least 8 characters.
        #[arg(long)]
        password: String,
        /// What they may do: admin, seller, auditor, service or customer.
        #[arg(long)]
        role: Role,
        /// First and last name, and the name of a seller's shop.
        #[arg(long)]
        name: Option<String>,
    },
    /// Gives a user a role; a seller gets a verified shop. It counts from their next login or refresh.
    #[command(after_help = "Example: daybook user grant ann@example.com admin")]
    Grant {
        /// The e-mail address or username.
        user: String,
        /// What they may do from now on: admin, seller, auditor, service or customer.
        role: Role,
    },
    /// Takes a role from a user; the last one stays.
    #[command(after_help = "Example: daybook user revoke ann@example.com admin")]
    Revoke {
        /// The e-mail address or username.
        user: String,
        /// What they may not do any more.
        role: Role,
    },
    /// Locks an account: no login, and every session ends with its access token.
    #[command(after_help = "Example: daybook user lock ann@example.com")]
    Lock {
        /// The e-mail address or username.
        user: String,
    },
    /// Unlocks an account, also from failed logins.
    #[command(after_help = "Example: daybook user unlock ann@example.com")]
    Unlock {
        /// The e-mail address or username.
        user: String,
    },
    /// Erases what is known of a person, for good. What invoices need is erased when its time is over; the log stays. Gateways
    /// are asked to forget what they have of the person, again and again until they do: `daybook status` shows what is left.
    #[command(after_help = "Example: daybook user erase ann@example.com")]
    Erase {
        /// The e-mail address or username.
        user: String,
    },
}

/// `daybook user`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let pool = roles::pool(config).await?;
    match args.action {
        Action::Create { email, password, role, name } => {
            if password.chars().count() < 8 {
                return Err("--password must have at least 8 characters".into());
            }
            let account = NewAccount { email: email.clone(), password, role, name };
            let id = create_user(&pool, &Passwords::new()?, account).await?;
            say(format_args!("{id}  {email}  {}", role.name()));
        }
        Action::Grant { user, role } => {
            accounts::grant(&pool, &user, role).await?;
            say(format_args!("{user} is {}", role.name()));
        }
        Action::Revoke { user, role } => {
            accounts::revoke(&pool, &user, role).await?;
            say(format_args!("{user} is not {} any more", role.name()));
        }
        Action::Lock { user } => {
            accounts::lock(&pool, &user).await?;
            say(format_args!("{user} is locked"));
        }
        Action::Unlock { user } => {
            accounts::unlock(&pool, &user).await?;
            say(format_args!("{user} is not locked any more"));
        }
        Action::Erase { user } => {
            let erased = accounts::erase(&pool, &Passwords::new()?, &user).await?;
            say(format_args!("{user} is erased"));
            for LeftAtGateway { gateway, reference } in &erased.left {
                say(format_args!("{gateway} will be asked to forget {reference}"));
            }
            if !erased.left.is_empty() {
                say(
                    "by the process that takes payments to their gateways: `daybook status` says what is left",
                );
            }
        }
    }
    Ok(())
}
