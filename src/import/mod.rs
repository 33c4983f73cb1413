//! `daybook import`: takes over history from elsewhere. `docs/import.md` has its forms and rules.

mod amount;
mod catalog;
mod commands;
mod counted;
mod customers;
mod daybook_csv;
mod document;
mod error;
mod fields;
mod file;
mod flight;
mod known;
mod line;
mod online_retail;
mod orders;
mod product;
mod products;
mod progress;
mod rejects;
mod scattered;
mod stock;
mod summary;
mod survey;
mod take;

use std::path::Path;

use domain::imported::Imported;
use domain::purchases::Purchases;
use event_store::decider::{self, Registry};
use event_store::{Decider, LogWatch};

use error::{ImportError, NotAppended};
use orders::{ImportArgs, Importer, Scope, import_orders};
use products::{ProductsArgs, import_products};

use crate::config::Config;
use crate::{Failure, roles, say};

/// `daybook import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    daybook import products products.jsonl.gz\n  \
    daybook import orders --format online-retail --rejects rejects.csv online_retail.csv.gz\n\
See also docs/import.md")]
pub struct Args {
    #[command(subcommand)]
    pub what: What,
}

/// What is imported.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// Takes over orders and returns from a CSV file, plain or gzipped.
    ///
    /// A second run of the same file adds nothing and says the same; a run that was broken off is completed by the
    /// next. The last line on standard output is one JSON object. It ends with status 0 if every line was taken, or
    /// written to `--rejects`, else with 1, what could be taken being imported.
    #[command(
        after_help = "Example: daybook import orders --format online-retail --rejects rejects.csv online_retail.csv.gz"
    )]
    Orders(ImportArgs),
    /// Takes over a catalog from a file with a JSON object on each line, plain or gzipped, in Icecat's words.
    ///
    /// `id` is the SKU and the outside id, `title` the name, `name` the model number, `supplier` the brand, `price` in
    /// cents, `short_description`, `attr_…` the attributes. A product that the shop has already stays as it is. The last
    /// line on standard output is one JSON object. It ends with status 0 if every line was taken, or written to `--rejects`,
    /// else with 1, what could be taken being imported.
    #[command(after_help = "Example: daybook import products --rejects rejects.tsv icecat_products.jsonl.gz")]
    Products(ProductsArgs),
}

/// Aggregates that the decider of an import keeps in memory: enough for the documents on their way, whose products and
/// customers come again and again.
const CACHE: usize = 20_000;

/// `daybook import`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let pool = roles::pool(config).await?;
    let watch = LogWatch::start(pool.clone());
    let settings = decider::Config { cache: CACHE, ..decider::Config::default() };
    let (decider, task) =
        Decider::start(registry(), settings, config.database()?, pool.clone(), watch).await?;
    let told = match args.what {
        What::Orders(args) => {
            let told = args.rejects.is_some();
            import_orders(args, decider, pool).await.map(|it| (it.to_string(), it.rejected, told))
        }
        What::Products(args) => {
            let told = args.rejects.is_some();
            import_products(args, decider, pool).await.map(|it| (it.to_string(), it.rejected, told))
        }
    };
    task.drain().await;
    let (summary, rejected, told) = told?;
    say(summary);
    if rejected > 0 && !told { Err(Lost(rejected).into()) } else { Ok(()) }
}

/// Lines were not taken, and were to be written down nowhere. All others are imported.
#[derive(Debug, thiserror::Error)]
#[error("{0} lines were not taken; --rejects FILE writes them down")]
struct Lost(u64);

/// Every aggregate that an import is about.
pub fn registry() -> Registry {
    command_api::registry().with_snapshots::<Purchases>().with::<Imported>()
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
