//! `daybook audit show`: one history, event by event, and the state that it comes to.

use event_store::{AsOf, Log};
use query_api::audit::as_of::{self, BadMoment};
use query_api::audit::find::Finder;
use query_api::audit::history::{History, StateView, Told};
use query_api::audit::subject::Subject;
use sqlx::PgPool;

use super::telling::Telling;
use crate::{Failure, say};

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  daybook audit show order ORD-2026-000100\n  \
    daybook audit show order 536365 --as-of 2010-12-31\n  \
    daybook audit show payment 01976f3a-5d0e-7cc3-98c4-dc0c0c07398f --as-of 1042 --json\n\
    As of a time is what had occurred by then, imported history too; as of a date, by the end of that day in UTC;\n\
    as of a position, what had been recorded.")]
pub struct Args {
    /// Of what.
    #[arg(value_enum)]
    what: What,
    /// Its id. An order also by its number or an outside system's; stock and products by SKU or outside id; a cart has
    /// its user's, a coupon its code.
    id: String,
    /// As of this moment instead of now: RFC 3339, a date, or a position.
    #[arg(long, value_name = "TIME|POSITION", value_parser = moment)]
    as_of: Option<AsOf>,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    Order,
    Payment,
    Inventory,
    Cart,
    Product,
    Coupon,
    Category,
}

impl From<What> for Subject {
    fn from(what: What) -> Self {
        match what {
            What::Order => Self::Order,
            What::Payment => Self::Payment,
            What::Inventory => Self::Inventory,
            What::Cart => Self::Cart,
            What::Product => Self::Product,
            What::Coupon => Self::Coupon,
            What::Category => Self::Category,
        }
    }
}

fn moment(text: &str) -> Result<AsOf, BadMoment> {
    as_of::parse(text)
}

/// `daybook audit show`.
pub async fn run(args: Args, log: &Log, pool: &PgPool) -> Result<(), Failure> {
    let subject = args.what.into();
    let id = Finder::new(pool.clone()).find(subject, &args.id).await?;
    let history = History::read(log, subject, &id, args.as_of, Told::Every).await?;
    if args.json {
        say(serde_json::to_string(&StateView::of(&history)?.with_events(&history)?)?);
    } else {
        say(Telling(&history));
    }
    Ok(())
}
