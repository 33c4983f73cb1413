//! `daybook import`: takes over history from elsewhere. `docs/import.md` has its forms and rules.
//!
//! The file is read twice. The first reading ([`survey`]) learns each product's name, price and how many must have been
//! there at the start, and which documents are scattered over the file. Then the products are brought into the catalog
//! ([`catalog`]), and the second reading ([`take`]) imports the documents part by part, in the file's order, many on
//! their way to the log at once. A part is one append, with everything that keeps it from happening twice; so a second
//! run adds nothing, and one that was killed is completed by the next.

mod amount;
mod catalog;
mod counted;
mod daybook_csv;
mod document;
mod fields;
mod file;
mod flight;
mod known;
mod line;
mod online_retail;
mod products;
mod progress;
mod rejects;
mod scattered;
mod summary;
mod survey;
mod take;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use command_api::order_numbers::OrderNumbers;
use domain::imported::Imported;
use domain::purchases::Purchases;
use event_store::decider::{self, Registry};
use event_store::{Decider, LogWatch, Metadata, Submission};
use sqlx::PgPool;
use tokio::sync::mpsc;
use uuid::Uuid;

use catalog::Catalog;
use daybook_csv::DaybookCsv;
use document::{Run, Runs};
use fields::Layout;
use file::{FileError, Source};
use online_retail::OnlineRetail;
use products::{ProductsArgs, import_products};
use progress::Progress;
use rejects::{Rejects, RejectsError};
use scattered::Scattered;

use crate::config::Config;
use crate::{Failure, roles, say};

use summary::Summary;

/// The shop of a history that names none.
const SHOP: &str = "Online Retail";
/// The outside system of a history that names none.
const SYSTEM: &str = "daybook";

/// `daybook import`.
#[derive(Debug, clap::Args)]
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
    /// next. The last line on standard output is one JSON object.
    #[command(
        after_help = "Example: daybook import orders --format online-retail --rejects rejects.csv online_retail.csv.gz"
    )]
    Orders(ImportArgs),
    /// Takes over a catalog from a file with a JSON object on each line, plain or gzipped, in Icecat's words.
    ///
    /// `id` is the SKU and the outside id, `title` the name, `name` the model number, `supplier` the brand, `price` in
    /// cents, `short_description`, `attr_…` the attributes. A product that the shop has already stays as it is. The last
    /// line on standard output is one JSON object.
    #[command(after_help = "Example: daybook import products --rejects rejects.tsv icecat_products.jsonl.gz")]
    Products(ProductsArgs),
}

/// `daybook import orders`.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportArgs {
    /// The form of the file; docs/import.md describes both.
    #[arg(long, value_enum)]
    pub format: Format,
    /// The file, plain or gzipped.
    pub file: PathBuf,
    /// Where the lines go that can't be taken, with line number, amount and reason.
    #[arg(long)]
    pub rejects: Option<PathBuf>,
    /// online-retail: the shop that owns everything, opened if there is none of this name. daybook: the outside system
    /// whose customer ids these are, where several are imported.
    #[arg(long)]
    pub shop: Option<String>,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The UCI data set "Online Retail".
    OnlineRetail,
    /// Daybook's own.
    Daybook,
}

/// Why an import ended early. What it had imported stays; the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file of rejects.
    #[error(transparent)]
    Rejects(#[from] RejectsError),
    /// Postgres said so.
    #[error("the database failed; what was imported stays, run it again to go on")]
    Postgres(#[from] sqlx::Error),
    /// The decider said so.
    #[error("the log took nothing more ({0}); what was imported stays, run it again to go on")]
    Log(String),
    /// An event that this build can't read, or a row that was tampered with.
    #[error("what was stored can't be read")]
    Unreadable(#[source] serde_json::Error),
    /// `--rejects` would overwrite the file.
    #[error("--rejects names the file that is imported")]
    RejectsIsFile,
    /// `--shop` is empty or too long.
    #[error("--shop must have 1 to 128 characters")]
    Shop,
    /// A file of products, or its rejects.
    #[error("{path} can't be {what}")]
    Products {
        /// Opened, read or written.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
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
            import(args, decider, pool).await.map(|it| (it.to_string(), it.rejected, told))
        }
        What::Products(args) => {
            let told = args.rejects.is_some();
            import_products(args, decider, pool).await.map(|it| (it.to_string(), it.rejected, told))
        }
    };
    task.drain().await;
    let (summary, rejected, told) = told?;
    if rejected > 0 && !told {
        say(format_args!("{rejected} lines were not taken; --rejects FILE writes them down"));
    }
    say(summary);
    Ok(())
}

/// Every aggregate that an import is about.
pub fn registry() -> Registry {
    command_api::registry().with_snapshots::<Purchases>().with::<Imported>()
}

/// Whose customer ids these are: the same id elsewhere is somebody else.
enum Scope {
    /// A shop of Daybook's, by its name.
    Shop(String),
    /// A system elsewhere.
    System(String),
}

/// What all steps of an import share.
struct Importer {
    decider: Decider,
    pool: PgPool,
    source: Source,
    catalog: Catalog,
    scattered: Scattered,
    numbers: OrderNumbers,
    scope: Scope,
    metadata: Metadata,
    rejects: Rejects,
    summary: Summary,
}

/// Imports the file. The decider knows the aggregates of [`registry`].
pub async fn import(args: ImportArgs, decider: Decider, pool: PgPool) -> Result<Summary, ImportError> {
    let began = Instant::now();
    let shop = args.shop.as_deref().map(str::trim);
    if shop.is_some_and(|shop| shop.is_empty() || shop.chars().count() > 128) {
        return Err(ImportError::Shop);
    }
    let source = find(args.format, &args.file, shop)?;
    if args.rejects.as_ref().is_some_and(|rejects| same_file(rejects, &args.file)) {
        return Err(ImportError::RejectsIsFile);
    }
    let rejects = Rejects::create(args.rejects.as_deref(), source.header())?;
    let scope = match args.format {
        Format::OnlineRetail => Scope::Shop(shop.unwrap_or(SHOP).to_owned()),
        Format::Daybook => Scope::System(shop.unwrap_or(SYSTEM).to_owned()),
    };
    let importer = Importer {
        decider,
        source,
        catalog: Catalog::default(),
        scattered: Scattered::begin(&pool).await?,
        numbers: OrderNumbers::new(pool.clone()),
        scope,
        metadata: Metadata::default()
            .with(Metadata::ACTOR, "import")
            .with(Metadata::CORRELATION_ID, Uuid::now_v7().to_string()),
        rejects,
        summary: Summary::default(),
        pool,
    };
    let mut summary = importer.run().await?;
    summary.took = began.elapsed();
    Ok(summary)
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn find(format: Format, path: &Path, shop: Option<&str>) -> Result<Source, FileError> {
    let layout: Arc<dyn Layout> = match format {
        Format::OnlineRetail => Arc::new(OnlineRetail::of(shop.unwrap_or(SHOP))),
        Format::Daybook => Arc::new(DaybookCsv),
    };
    Source::find(path, layout)
}

impl Importer {
    async fn run(mut self) -> Result<Summary, ImportError> {
        self.survey().await?;
        self.stock_up().await?;
        self.take().await?;
        self.rejects.finish()?;
        self.scattered.end().await;
        Ok(self.summary)
    }

    /// What comes with a command of this import.
    fn submission(&self, at: DateTime<Utc>) -> Submission {
        Submission { metadata: self.metadata.clone(), occurred_at: Some(at), ..Submission::default() }
    }

    /// Reads the file on a thread of its own, so many runs at a time.
    fn read(&self, what: &'static str) -> (mpsc::Receiver<Result<Vec<Run>, FileError>>, Progress) {
        let (batches, received) = mpsc::channel(1);
        let source = self.source.clone();
        tokio::task::spawn_blocking(move || {
            let mut batch = Vec::new();
            let mut lines = 0;
            let runs = match source.lines() {
                Ok(read) => Runs::of(read),
                Err(error) => return drop(batches.blocking_send(Err(error))),
            };
            for run in runs {
                match run {
                    Ok(run) => {
                        lines += run.lines.len();
                        batch.push(run);
                    }
                    Err(error) => return drop(batches.blocking_send(Err(error))),
                }
                if batch.len() >= BATCH_RUNS || lines >= BATCH_LINES {
                    lines = 0;
                    if batches.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
                        return;
                    }
                }
            }
            drop(batches.blocking_send(Ok(batch)));
        });
        (received, Progress::reading(&self.source, what))
    }
}

/// A batch has so many runs at most.
const BATCH_RUNS: usize = 256;
/// A batch is closed when it has so many lines.
const BATCH_LINES: usize = 8192;
