//! How fast searches, lists and completions are answered over HTTP while products change, beside the bare index in this
//! process, which is fed the same changes and asked the same questions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use projections::product_search::ProductSearch;

use super::bare::{self, Asking};
use super::catalog;
use super::changes::Changes;
use super::check::{Ready, checked};
use super::judgements;
use super::readers::Reader;
use super::requests::Kind;
use super::stale::{self, Prober};
use super::{LATENCY, rebuilt};
use crate::Error;
use crate::database::Server;
use crate::http::load;
use crate::http::{Ask, Connection, Daybook, data, sign_in};
use crate::report::{Figures, Measurement, Report};

/// So many products.
const PRODUCTS: usize = 100_000;
/// Clients that search.
const CLIENTS: usize = 8;
const A_ROUND: Duration = Duration::from_secs(4);
/// Not measured: what fills caches.
const WARM: Duration = Duration::from_secs(1);
/// Requests that are on their way at once at a rate; what finds all of them busy waits, and that counts.
pub const OPEN: usize = 64;
/// Milliseconds within which we want 99 of 100, at half of the rate of saturation.
const AIM: f64 = 5.0;
/// These pages of a hundred products are changed all the while; those of the one after them to see when it is shown.
const CHANGED_PAGES: usize = 20;

/// What the rates of the kinds beside the bare index are called.
pub const NAMES: [&str; 3] = [LATENCY, "search-latency-filter-list", "search-latency-suggest"];
const KINDS: [Kind; 3] = [Kind::Search, Kind::List, Kind::Suggest];

/// Measures.
pub async fn measure(server: &Server, shared: &Path, report: &mut Report) -> Result<(), Error> {
    let judged = judgements::read(&shared.join("icecat_judgements_dev.csv"))?;
    let records = catalog::records(shared)?;
    let file = std::env::temp_dir().join(format!("daybook-bench-{}.jsonl", std::process::id()));
    catalog::multiplied(&records, PRODUCTS, &file)?;
    let (database, home) = (server.daybook().await?, crate::http::home()?);
    let daybook = Daybook::start(&database, &home).await?;
    catalog::import(&database, &home, &file).await?;
    std::fs::remove_file(&file)?;
    daybook.caught_up(&database).await?;
    let bare = bare::fed(&database, &home.join("bare")).await?;
    daybook.quiet().await?;
    let token = sign_in(&daybook, "admin").await?;
    let ids = ids(&daybook).await?;
    let mut prober = Prober::of(&daybook, &database, &token, CHANGED_PAGES + 1).await?;

    let (sold, currency) = (catalog::sold(&records), "USD".parse()?);
    drop(records);
    let mut kinds = Vec::new();
    for (kind, name) in KINDS.into_iter().zip(NAMES) {
        let requests = kind.requests(&sold, &judged, currency)?;
        kinds.push((kind, name, checked(&daybook, &bare, kind, &requests).await?));
    }
    let searches = Arc::clone(&kinds[0].2);
    let changes = Changes::start(&daybook, &token, ids).await?;
    rebuilt::measure(&daybook, &database, &home, &searches, report).await?;
    for (kind, name, requests) in kinds {
        if !report.wants(name) {
            continue;
        }
        let rate = beside_the_index(&daybook, &bare, kind, name, &requests, report).await?;
        if kind == Kind::Search {
            stale::measure(&daybook, &mut prober, &requests, rate / 2.0, A_ROUND, report).await?;
        }
    }
    changes.stop().await?;
    drop((bare, prober));
    daybook.stop().await?;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}

/// The ids of the products that are changed.
async fn ids(daybook: &Daybook) -> Result<Vec<String>, Error> {
    let mut connection = Connection::open(daybook.address).await?;
    let mut ids = Vec::new();
    for page in 1..=CHANGED_PAGES {
        let path = format!("/api/v1/products?pageSize=100&pageNumber={page}");
        let told = data(&connection.expect(StatusCode::OK, Ask::get(&path, "")).await?)?;
        let items = told["items"].as_array().ok_or("a list without items")?;
        ids.extend(items.iter().filter_map(|it| it["id"].as_str()).map(str::to_owned));
    }
    Ok(ids)
}

/// Requests of one kind over HTTP, in turns with the same of the bare index: as fast as can be, and at half of that. The
/// last round's rate at saturation.
async fn beside_the_index(
    daybook: &Daybook,
    bare: &ProductSearch,
    kind: Kind,
    name: &'static str,
    requests: &Arc<Vec<Ready>>,
    report: &mut Report,
) -> Result<f64, Error> {
    load::closed(Reader::several(daybook, requests, CLIENTS).await?, WARM).await?;
    load::closed(Asking::several(bare, requests, CLIENTS), WARM).await?;
    let mut ours = Figures::of(kind.name()).within(AIM);
    let mut alone = Figures::of(&format!("{}, the bare index", kind.name()));
    let (mut rounds, mut rate) = (Vec::new(), 0.0);
    for _ in 0..report.rounds() {
        let (http, _) = load::closed(Reader::several(daybook, requests, CLIENTS).await?, A_ROUND).await?;
        let readers = Reader::several(daybook, requests, OPEN).await?;
        let (at_half, _) = load::open(readers, http.rate / 2.0, A_ROUND).await?;
        ours.add(&http, &at_half);
        let (index, _) = load::closed(Asking::several(bare, requests, CLIENTS), A_ROUND).await?;
        let asking = Asking::several(bare, requests, OPEN);
        let (at_half, _) = load::open(asking, index.rate / 2.0, A_ROUND).await?;
        alone.add(&index, &at_half);
        rounds.push((http.rate, index.rate));
        rate = http.rate;
    }
    ours.tell(report)?;
    alone.tell(report)?;
    let peer = "the bare index, fed as well";
    report.add(&Measurement { name, unit: "requests/s", peer, aim: 0.7 }, &rounds)?;
    Ok(rate)
}
