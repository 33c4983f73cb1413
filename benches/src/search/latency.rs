//! How fast searches are answered over HTTP, while products change, beside the bare index in this process.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hyper::{Method, StatusCode};
use projections::product_search::{ProductSearch, SearchQuery, Words};
use serde_json::{Value, json};

use super::catalog;
use super::judgements::{self, Judged};
use super::queries::Kind;
use crate::Error;
use crate::database::Server;
use crate::http::load::{self, Caller};
use crate::http::{Ask, Connection, Daybook, sign_in};
use crate::report::{Figure, Measurement, Report, say};

/// So many products.
const PRODUCTS: usize = 100_000;
/// Clients that search.
const CLIENTS: usize = 8;
/// Changes a second meanwhile: of four, three of stock and one of name and price.
const CHANGES: f64 = 40.0;
const A_ROUND: Duration = Duration::from_secs(5);
/// Requests that are on their way at once at a rate; what finds all of them busy waits, and that counts.
const OPEN: usize = 64;

/// A client that asks one thing after another.
struct Reader {
    connection: Connection,
    paths: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
}

impl Caller for Reader {
    async fn call(&mut self) -> Result<(), Error> {
        let path = &self.paths[self.next.fetch_add(1, Ordering::Relaxed) % self.paths.len()];
        self.connection.expect(StatusCode::OK, Ask::get(path, "")).await.map(|_| ())
    }
}

/// The bare index, asked on a thread of its own as the role does it.
struct Bare {
    search: ProductSearch,
    texts: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
}

impl Caller for Bare {
    async fn call(&mut self) -> Result<(), Error> {
        let text = self.texts[self.next.fetch_add(1, Ordering::Relaxed) % self.texts.len()].clone();
        let query =
            SearchQuery { text: Some(text), limit: 20, facets: true, highlights: true, ..Default::default() };
        let found = self.search.search(query).await?;
        std::hint::black_box(found);
        Ok(())
    }
}

async fn readers(daybook: &Daybook, paths: &Arc<Vec<String>>, count: usize) -> Result<Vec<Reader>, Error> {
    let next = Arc::new(AtomicUsize::new(0));
    let connections = Connection::several(daybook.address, count).await?;
    let reader = |connection| Reader { connection, paths: Arc::clone(paths), next: Arc::clone(&next) };
    Ok(connections.into_iter().map(reader).collect())
}

/// Changes products at a steady rate until it is told to stop; how many it changed.
async fn change(
    daybook_address: std::net::SocketAddr,
    token: String,
    ids: Vec<String>,
    stop: Arc<AtomicBool>,
) -> Result<usize, Error> {
    let mut connection = Connection::open(daybook_address).await?;
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / CHANGES));
    let mut changed = 0;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let id = &ids[changed * 7919 % ids.len()];
        let (method, path, body) = if changed.is_multiple_of(4) {
            let body =
                json!({ "name": format!("Changed laptop case {changed}"), "price": 10 + changed % 90 });
            (Method::PATCH, format!("/api/v1/products/{id}"), body)
        } else {
            (
                Method::POST,
                format!("/api/v1/products/{id}/stock"),
                json!({ "quantity": 1, "reason": "found" }),
            )
        };
        let (status, answer) = connection.ask(Ask::of(method, &path, &token, body.to_string())).await?;
        if !status.is_success() {
            return Err(
                format!("a change was answered {status}: {}", String::from_utf8_lossy(&answer)).into()
            );
        }
        changed += 1;
    }
    Ok(changed)
}

/// The ids of some products.
async fn some_ids(daybook: &Daybook) -> Result<Vec<String>, Error> {
    let mut connection = Connection::open(daybook.address).await?;
    let mut ids = Vec::new();
    for page in 1..=20 {
        let path = format!("/api/v1/products?pageSize=100&pageNumber={page}");
        let answer: Value =
            serde_json::from_slice(&connection.expect(StatusCode::OK, Ask::get(&path, "")).await?)?;
        let items = answer["data"]["items"].as_array().ok_or("a list without items")?;
        ids.extend(items.iter().filter_map(|it| it["id"].as_str()).map(str::to_owned));
    }
    Ok(ids)
}

/// Measures.
pub async fn measure(server: &Server, shared: &Path, report: &mut Report) -> Result<(), Error> {
    let judged = judgements::read(&shared.join("icecat_judgements_dev.csv"))?;
    let file = std::env::temp_dir().join(format!("daybook-bench-{}.jsonl", std::process::id()));
    catalog::multiplied(&catalog::records(shared)?, PRODUCTS, &file)?;
    let (database, home) = (server.daybook().await?, crate::http::home()?);
    let daybook = Daybook::start(&database, &home).await?;
    catalog::import(&database, &home, &file).await?;
    std::fs::remove_file(&file)?;
    daybook.caught_up(&database).await?;
    let began = Instant::now();
    let bare = catalog::indexed(&database, &home.join("bare"), Words::default()).await?;
    say(&format!("an index of {PRODUCTS} products is built in {:.1} s", began.elapsed().as_secs_f64()));
    let replayed = Daybook::run(&database, &home, &["replay", "product_search"]).await?;
    say(&format!("beside the one that is searched, by daybook replay: {}", replayed.trim()));
    daybook.caught_up(&database).await?;
    daybook.quiet().await?;
    let token = sign_in(&daybook, "admin").await?;
    let ids = some_ids(&daybook).await?;

    let stop = Arc::new(AtomicBool::new(false));
    let changing = tokio::spawn(change(daybook.address, token, ids, Arc::clone(&stop)));
    beside_the_index(&daybook, &bare, &judged, report).await?;
    for (kind, name) in [(Kind::List, "filter list"), (Kind::Suggest, "suggest")] {
        over_http(&daybook, &Arc::new(kind.paths(&judged)), name, report).await?;
    }
    stop.store(true, Ordering::Relaxed);
    say(&format!("{} products were changed meanwhile", changing.await??));
    daybook.stop().await?;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}

/// Searches with facets and marks, in turns with the same by the bare index: as fast as can be, and at half of that.
async fn beside_the_index(
    daybook: &Daybook,
    bare: &ProductSearch,
    judged: &[Judged],
    report: &mut Report,
) -> Result<(), Error> {
    let paths = Arc::new(Kind::Search.paths(judged));
    let texts = Arc::new(judged.iter().map(|it| it.query.clone()).collect::<Vec<_>>());
    let next = Arc::new(AtomicUsize::new(0));
    let asking = |count| -> Vec<Bare> {
        let one = |_| Bare { search: bare.clone(), texts: Arc::clone(&texts), next: Arc::clone(&next) };
        (0..count).map(one).collect()
    };
    let mut figures = Figures::new("search with facets");
    let mut alone = Figures::new("the bare index");
    let mut rounds = Vec::new();
    for _ in 0..report.rounds() {
        let rate = figures.add(daybook, &paths).await?;
        let (index, _) = load::closed(asking(CLIENTS), A_ROUND).await?;
        rounds.push((rate, index.rate));
        let (half, _) = load::open(asking(OPEN), index.rate / 2.0, A_ROUND).await?;
        alone.saturated.add(&index);
        alone.at_half.add(&half);
    }
    figures.tell(report)?;
    alone.tell(report)?;
    let measurement =
        Measurement { name: super::LATENCY, unit: "searches/s", peer: "the bare index", aim: 0.7 };
    report.add(&measurement, &rounds)
}

async fn over_http(
    daybook: &Daybook,
    paths: &Arc<Vec<String>>,
    name: &'static str,
    report: &mut Report,
) -> Result<(), Error> {
    let mut figures = Figures::new(name);
    for _ in 0..report.rounds() {
        figures.add(daybook, paths).await?;
    }
    figures.tell(report)
}

/// Of one kind of request.
struct Figures {
    name: &'static str,
    saturated: Figure,
    at_half: Figure,
}

impl Figures {
    fn new(name: &'static str) -> Self {
        Self { name, saturated: Figure::new(name), at_half: Figure::new(name) }
    }

    /// A round over HTTP; the rate at saturation.
    async fn add(&mut self, daybook: &Daybook, paths: &Arc<Vec<String>>) -> Result<f64, Error> {
        let (load, _) = load::closed(readers(daybook, paths, CLIENTS).await?, A_ROUND).await?;
        self.saturated.add(&load);
        let (half, _) = load::open(readers(daybook, paths, OPEN).await?, load.rate / 2.0, A_ROUND).await?;
        self.at_half.add(&half);
        Ok(load.rate)
    }

    fn tell(self, report: &mut Report) -> Result<(), Error> {
        say(&format!("{}, at saturation:", self.name));
        report.figure(&self.saturated)?;
        say(&format!("{}, at half of that (aim: 5 ms p99):", self.name));
        report.figure(&self.at_half)
    }
}
