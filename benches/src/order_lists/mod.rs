//! Lists of orders over HTTP at a million orders: filtered, counted, deep in, and by number.

mod asked;
mod fill;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::StatusCode;

use self::asked::{Kind, Making, Request};
use self::fill::Filled;
use crate::Error;
use crate::database::Server;
use crate::http::load::{self, Caller};
use crate::http::{self, Ask, CLIENTS, Connection, Daybook, Shop};
use crate::report::{Figures, Report, say};

/// All of them.
pub const NAME: &str = "order-lists";
/// As fast as can be, for so long.
const SATURATED: Duration = Duration::from_secs(1);
/// At half of that.
const AT_HALF: Duration = Duration::from_secs(2);
/// Milliseconds within which we want 99 of 100, at half of the rate.
const AIM: f64 = 10.0;

/// A client that asks for one list after another.
struct Reader {
    connection: Connection,
    requests: Arc<Vec<Request>>,
    next: Arc<AtomicUsize>,
}

impl Caller for Reader {
    async fn call(&mut self) -> Result<(), Error> {
        let nth = self.next.fetch_add(1, Ordering::Relaxed) % self.requests.len();
        let Request { path, token, .. } = &self.requests[nth];
        self.connection.expect(StatusCode::OK, Ask::get(path, token)).await.map(|_| ())
    }
}

/// Measures.
pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    if !report.wants(NAME) {
        return Ok(());
    }
    let (database, home) = (server.daybook().await?, http::home()?);
    let daybook = Daybook::start(&database, &home).await?;
    let shop = Shop::open(&daybook, &home, CLIENTS).await?;
    daybook.caught_up(&database).await?;
    let filled = Filled::of(&database, &shop).await?;
    daybook.quiet().await?;
    let mut connection = Connection::open(daybook.address).await?;
    let kinds = Making::of(&daybook, &filled, &shop).await?.kinds(&mut connection).await?;
    say("  every count is compared with the rows first");
    for kind in kinds {
        kind.check(&mut connection, &filled).await?;
        lists(&daybook, kind, report).await?;
    }
    filled.pool.close().await;
    daybook.stop().await?;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}

async fn lists(daybook: &Daybook, kind: Kind, report: &mut Report) -> Result<(), Error> {
    let Kind { name, requests } = kind;
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let reader = |connection| Reader { connection, requests: Arc::clone(&requests), next: Arc::clone(&next) };
    let connections = Connection::several(daybook.address, CLIENTS).await?;
    let mut readers: Vec<Reader> = connections.into_iter().map(reader).collect();
    let mut figures = Figures::of(name).within(AIM);
    for _ in 0..report.rounds() {
        let (most, back) = load::closed(readers, SATURATED).await?;
        let (half, back) = load::open(back, most.rate / 2.0, AT_HALF).await?;
        figures.add(&most, &half);
        readers = back;
    }
    figures.tell(report)
}
