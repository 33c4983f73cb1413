//! `daybook import products`: takes over a catalog. `docs/import.md` has its form and rules.
//!
//! The file is read once, a line for each product. Lines are looked up and submitted many at a time; a product that the
//! seller has already stays as it is, so a second run adds nothing and one that was broken off is completed by the next.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::Currency;
use domain::claim::{self, Claim};
use domain::decisions::ImportProduct;
use domain::ids::{ProductId, SellerId};
use domain::product::ProductDetails;
use event_store::{Decider, Metadata, Submission};
use flate2::bufread::MultiGzDecoder;
use futures::stream::{self, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use sqlx::PgPool;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::product::{self, NotTaken, Taken};
use super::{ImportError, known};

/// So many products are looked up at once, and so many are on their way to the log.
const AT_ONCE: usize = 256;

/// What some editors begin a file of UTF-8 with; it is none of the first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// `daybook import products`.
#[derive(Clone, Debug, clap::Args)]
pub struct ProductsArgs {
    /// The file: a JSON object on each line, plain or gzipped.
    pub file: PathBuf,
    /// Where the lines go that can't be taken, as they are, each after its number and the reason.
    #[arg(long)]
    pub rejects: Option<PathBuf>,
    /// The shop that sells everything, opened if there is none of this name.
    #[arg(long, default_value = "Icecat")]
    pub shop: String,
    /// The currency of the prices.
    #[arg(long, default_value = "USD", value_parser = currency)]
    pub currency: Currency,
    /// How many of each product there are.
    #[arg(long, default_value_t = 100)]
    pub stock: u64,
}

fn currency(code: &str) -> Result<Currency, String> {
    code.parse().map_err(|_| format!("{code} is not a currency of ISO 4217"))
}

/// What an import came to. A second one of the same file comes to the same, with 0 events and all products known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProductsSummary {
    /// Lines of the file, without empty ones.
    pub lines: u64,
    /// Products that came into the catalog.
    pub created: u64,
    /// Products that the seller had already.
    pub known: u64,
    /// Lines that were not taken.
    pub rejected: u64,
    /// Events that this import appended.
    pub events: u64,
    /// How long it took.
    pub took: Duration,
}

/// One JSON object on one line.
impl fmt::Display for ProductsSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, created, known, rejected, events, took } = self;
        write!(
            f,
            r#"{{"lines":{lines},"created":{created},"known":{known},"rejected":{rejected},"events":{events},"seconds":{:.1}}}"#,
            took.as_secs_f64(),
        )
    }
}

/// A line of the file.
struct Line {
    number: u64,
    bytes: Vec<u8>,
}

/// A line that can be taken.
struct Offer {
    line: Line,
    details: ProductDetails,
}

/// Why a line is not taken.
#[derive(Debug, thiserror::Error)]
enum Rejected {
    /// It is no product.
    #[error(transparent)]
    Bad(#[from] icecat::BadLine),
    /// An earlier line has the same id.
    #[error("an earlier line has this id")]
    Repeated,
    /// It was left out of the catalog.
    #[error("the shop refuses it: {0}")]
    Refused(NotTaken),
}

/// The import, on its way.
struct Importing {
    args: ProductsArgs,
    decider: Decider,
    pool: PgPool,
    seller: SellerId,
    metadata: Metadata,
    seen: HashSet<String>,
    rejects: Option<(File, PathBuf)>,
    summary: ProductsSummary,
}

/// Imports the file.
pub async fn import_products(
    args: ProductsArgs,
    decider: Decider,
    pool: PgPool,
) -> Result<ProductsSummary, ImportError> {
    let began = Instant::now();
    let shop = args.shop.trim().to_owned();
    if shop.is_empty() || shop.chars().count() > 128 {
        return Err(ImportError::Shop);
    }
    if args.rejects.as_ref().is_some_and(|rejects| super::same_file(rejects, &args.file)) {
        return Err(ImportError::RejectsIsFile);
    }
    let (mut batches, progress) = read(&args.file)?;
    let rejects = match &args.rejects {
        Some(path) => Some((File::create(path).map_err(|e| cannot("written", path, e))?, path.clone())),
        None => None,
    };
    let mut importing = Importing {
        seller: identity::shops::named(&pool, &shop).await?,
        metadata: Metadata::default()
            .with(Metadata::ACTOR, "import")
            .with(Metadata::CORRELATION_ID, Uuid::now_v7().to_string()),
        seen: HashSet::new(),
        summary: ProductsSummary::default(),
        args,
        decider,
        pool,
        rejects,
    };
    while let Some(batch) = batches.recv().await {
        let lines = batch.map_err(|e| cannot("read", &importing.args.file, e))?;
        importing.take(lines).await?;
    }
    progress.finish_and_clear();
    importing.summary.took = began.elapsed();
    Ok(importing.summary)
}

fn cannot(what: &'static str, path: &Path, source: io::Error) -> ImportError {
    ImportError::Products { what, path: path.to_owned(), source }
}

impl Importing {
    async fn take(&mut self, lines: Vec<Line>) -> Result<(), ImportError> {
        let mut offers = Vec::with_capacity(lines.len());
        for line in lines {
            self.summary.lines += 1;
            match icecat::read(&line.bytes, self.seller, self.args.currency) {
                Ok(details) if self.seen.insert(details.sku.clone()) => offers.push(Offer { line, details }),
                Ok(_) => self.reject(&line, &Rejected::Repeated)?,
                Err(bad) => self.reject(&line, &bad.into())?,
            }
        }
        let names: Vec<_> = offers.iter().map(|it| claim::sku(self.seller, &it.details.sku)).collect();
        let owners = known::states::<Claim>(&self.pool, &names).await?;
        let is_known = |name: &String| owners.get(name).is_some_and(|claim| claim.owner.is_some());
        let mut fresh = Vec::new();
        for (offer, name) in offers.into_iter().zip(&names) {
            if is_known(name) {
                self.summary.known += 1;
            } else {
                fresh.push(offer);
            }
        }
        let submitted: Vec<_> = stream::iter(fresh)
            .map(|Offer { line, details }| {
                let taking = self.submit(details);
                async move { (line, taking.await) }
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        for (line, taken) in submitted {
            match taken? {
                Taken::Product { events, .. } => {
                    self.summary.created += 1;
                    self.summary.events += events;
                }
                Taken::Refused(why) => self.reject(&line, &Rejected::Refused(why))?,
            }
        }
        Ok(())
    }

    fn submit(&self, details: ProductDetails) -> impl Future<Output = Result<Taken, ImportError>> + use<> {
        let product_id = ProductId(Uuid::now_v7());
        let slugs = product::slugs(&details.name, &details.sku, product_id);
        let command = ImportProduct { product_id, details, slugs, stock: self.args.stock };
        let submission =
            Submission { metadata: self.metadata.clone(), bytes: 16 * 1024, ..Submission::default() };
        product::submit(&self.decider, submission, command, true)
    }

    fn reject(&mut self, line: &Line, why: &Rejected) -> Result<(), ImportError> {
        self.summary.rejected += 1;
        let Some((file, path)) = &mut self.rejects else { return Ok(()) };
        let told = write!(file, "{}\t{why}\t", line.number)
            .and_then(|()| file.write_all(&line.bytes))
            .and_then(|()| file.write_all(b"\n"));
        told.map_err(|e| cannot("written", path, e))
    }
}

/// Batches of lines.
type Batches = mpsc::Receiver<io::Result<Vec<Line>>>;

/// Reads the file on a thread of its own.
fn read(path: &Path) -> Result<(Batches, ProgressBar), ImportError> {
    let file = File::open(path).map_err(|e| cannot("opened", path, e))?;
    let size = file.metadata().map_err(|e| cannot("opened", path, e))?.len();
    let bar = ProgressBar::new(size).with_message("products");
    if let Ok(style) = ProgressStyle::with_template("{msg:<12} {wide_bar} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    let (batches, received) = mpsc::channel(1);
    let reading = BufReader::new(bar.wrap_read(file));
    tokio::task::spawn_blocking(move || {
        if let Err(error) = send(reading, &batches) {
            drop(batches.blocking_send(Err(error)));
        }
    });
    Ok((received, bar))
}

fn send(
    mut reading: impl BufRead + 'static,
    batches: &mpsc::Sender<io::Result<Vec<Line>>>,
) -> io::Result<()> {
    let is_zipped = reading.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let zipped: Box<dyn Read> =
        if is_zipped { Box::new(MultiGzDecoder::new(reading)) } else { Box::new(reading) };
    let mut lines = BufReader::new(zipped);
    let mut batch = Vec::with_capacity(AT_ONCE);
    let mut number = 0;
    loop {
        let mut bytes = Vec::new();
        let is_last = lines.read_until(b'\n', &mut bytes)? == 0;
        number += 1;
        if number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        let end = bytes.trim_ascii_end().len();
        bytes.truncate(end);
        if !bytes.is_empty() {
            batch.push(Line { number, bytes });
        }
        if (is_last || batch.len() == AT_ONCE)
            && batches.blocking_send(Ok(std::mem::take(&mut batch))).is_err()
        {
            return Ok(());
        }
        if is_last {
            return Ok(());
        }
    }
}
