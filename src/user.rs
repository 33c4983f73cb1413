//! `daybook user create`: makes people from the command line.

use api_contract::Role;
use command_api::accounts::{NewAccount, create_user};
use command_api::passwords::Passwords;

use crate::config::Config;
use crate::{Failure, roles, say};

#[derive(clap::Args)]
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
}

/// `daybook user`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let Action::Create { email, password, role, name } = args.action;
    if password.chars().count() < 8 {
        return Err("--password must have at least 8 characters".into());
    }
    let pool = roles::pool(config).await?;
    let account = NewAccount { email: email.clone(), password, role, name };
    let id = create_user(&pool, &Passwords::new()?, account).await?;
    say(format_args!("{id}  {email}  {}", role.name()));
    Ok(())
}
