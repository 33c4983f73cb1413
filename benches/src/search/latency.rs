//! How fast searches are answered over HTTP, while products change, beside the bare index in this process.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hyper::{Method, StatusCode};
use projections::product_search::{ProductSearch, SearchQuery};
use serde_json::{Value, json};

use super::catalog;
use super::judgements;
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
    let folder = home.join("bare");
    std::fs::create_dir(&folder)?;
    let began = std::time::Instant::now();
    let (bare, skus) = catalog::indexed(&database, &folder).await?;
    say(&format!("an index of {} products is built in {:.1} s", skus.len(), began.elapsed().as_secs_f64()));
    drop(skus);
    daybook.caught_up(&database).await?;
    daybook.quiet().await?;
    let token = sign_in(&daybook, "admin").await?;
    let ids = some_ids(&daybook).await?;

    let stop = Arc::new(AtomicBool::new(false));
    let changing = tokio::spawn(change(daybook.address, token, ids, Arc::clone(&stop)));
    let texts = Arc::new(judged.iter().map(|it| it.query.clone()).collect::<Vec<_>>());
    for (kind, name) in Kind::ALL {
        let paths = Arc::new(kind.paths(&judged));
        let mut callers = readers(&daybook, &paths, CLIENTS).await?;
        let (mut rounds, mut saturated, mut at_half) = (Vec::new(), Figure::new(name), Figure::new(name));
        for _ in 0..report.rounds() {
            let (load, back) = load::closed(callers, A_ROUND).await?;
            callers = back;
            saturated.add(&load);
            if matches!(kind, Kind::Search) {
                let next = Arc::new(AtomicUsize::new(0));
                let bare =
                    |_| Bare { search: bare.clone(), texts: Arc::clone(&texts), next: Arc::clone(&next) };
                let (alone, _) = load::closed((0..CLIENTS).map(bare).collect(), A_ROUND).await?;
                rounds.push((load.rate, alone.rate));
            }
            let open = readers(&daybook, &paths, OPEN).await?;
            let (half, _) = load::open(open, load.rate / 2.0, A_ROUND).await?;
            at_half.add(&half);
        }
        say(&format!("{name}, at saturation:"));
        report.figure(saturated)?;
        say(&format!("{name}, at half of that:"));
        report.figure(at_half)?;
        if !rounds.is_empty() {
            let measurement =
                Measurement { name: super::LATENCY, unit: "searches/s", peer: "the bare index", aim: 0.7 };
            report.add(&measurement, &rounds)?;
        }
    }
    stop.store(true, Ordering::Relaxed);
    say(&format!("{} products were changed meanwhile", changing.await??));
    daybook.stop().await?;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}
