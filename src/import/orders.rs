//! `daybook import orders`.
//!
//! The file is read twice. The first reading ([`super::survey`]) learns each product's name, price and how many must have
//! been there at the start, and which documents are scattered over the file. Then the products are brought into the
//! catalog ([`super::stock`]), and the second reading ([`super::take`]) imports the documents part by part, in the file's
//! order, many on their way to the log at once. A part is one append, with everything that keeps it from happening twice;
//! so a second run adds nothing, and one that was killed is completed by the next.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use command_api::order_numbers::OrderNumbers;
use event_store::{Decider, Metadata, Submission};
use sqlx::PgPool;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::ImportError;
use super::catalog::Catalog;
use super::daybook_csv::DaybookCsv;
use super::document::{Run, Runs};
use super::fields::Layout;
use super::file::{FileError, Source};
use super::online_retail::OnlineRetail;
use super::progress::Progress;
use super::rejects::Rejects;
use super::scattered::Scattered;
use super::summary::Summary;

/// The shop of a history that names none.
const SHOP: &str = "Online Retail";
/// The outside system of a history that names none.
const SYSTEM: &str = "daybook";

/// A batch has so many runs at most.
const BATCH_RUNS: usize = 256;
/// A batch is closed when it has so many lines.
const BATCH_LINES: usize = 8192;

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

/// Whose customer ids these are: the same id elsewhere is somebody else.
pub enum Scope {
    /// A shop of Daybook's, by its name.
    Shop(String),
    /// A system elsewhere.
    System(String),
}

/// What all steps of an import share.
pub struct Importer {
    pub(super) decider: Decider,
    pub(super) pool: PgPool,
    pub(super) source: Source,
    pub(super) catalog: Catalog,
    pub(super) scattered: Scattered,
    pub(super) numbers: OrderNumbers,
    pub(super) scope: Scope,
    pub(super) metadata: Metadata,
    pub(super) rejects: Rejects,
    pub(super) summary: Summary,
}

/// Imports the file. The decider knows the aggregates of [`super::registry`].
pub async fn import_orders(args: ImportArgs, decider: Decider, pool: PgPool) -> Result<Summary, ImportError> {
    let began = Instant::now();
    let shop = args.shop.as_deref().map(str::trim);
    if shop.is_some_and(|shop| shop.is_empty() || shop.chars().count() > 128) {
        return Err(ImportError::Shop);
    }
    let source = find(args.format, &args.file, shop)?;
    if args.rejects.as_ref().is_some_and(|rejects| super::same_file(rejects, &args.file)) {
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
    pub(super) fn submission(&self, at: DateTime<Utc>) -> Submission {
        Submission { metadata: self.metadata.clone(), occurred_at: Some(at), ..Submission::default() }
    }

    /// Reads the file on a thread of its own, so many runs at a time.
    pub(super) fn read(&self, what: &'static str) -> (mpsc::Receiver<Result<Vec<Run>, FileError>>, Progress) {
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
