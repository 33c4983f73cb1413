//! Before anything is measured, each request is asked once over HTTP: it must be answered with something, a search with
//! its facets, and the bare index must find as many. What is asked for at a later page gets it here, for now it is known how
//! many there are.

use std::sync::Arc;

use hyper::StatusCode;
use projections::product_search::{ProductSearch, SearchQuery};
use serde_json::Value;

use super::requests::{A_PAGE, Kind, Leaf, Request, Wish};
use crate::Error;
use crate::http::{Ask, Connection, Daybook, data};
use crate::report::say;

/// How many of each are suggested.
pub const FEW: usize = 5;
/// Requests that are checked at once.
const AT_ONCE: usize = 8;

/// A request that is answered with something.
#[derive(Debug)]
pub struct Ready {
    /// Of which kind.
    pub kind: Kind,
    /// Over HTTP.
    pub path: String,
    /// Of the bare index.
    pub question: SearchQuery,
}

/// What came of some.
#[derive(Default)]
struct Checked {
    kept: Vec<Request>,
    /// Paths that found nothing.
    empty: Vec<String>,
    /// Paths for which the bare index finds another number.
    differing: Vec<String>,
}

/// An answer, in short.
struct Found {
    items: usize,
    /// On all pages.
    total: usize,
    next: Option<String>,
}

/// Checks requests of one kind. Of those that were made of words a few may find nothing (a word that says nothing): they
/// are left out, and more than one in a hundred, of completions one in twenty, is an error.
pub async fn checked(
    daybook: &Daybook,
    bare: &ProductSearch,
    kind: Kind,
    requests: &[Request],
) -> Result<Arc<Vec<Ready>>, Error> {
    let mut checking = Vec::new();
    for part in requests.chunks(requests.len().div_ceil(AT_ONCE).max(1)) {
        let connection = Connection::open(daybook.address).await?;
        checking.push(tokio::spawn(check_all(connection, bare.clone(), part.to_vec())));
    }
    let mut all = Checked::default();
    for part in checking {
        let part = part.await??;
        all.kept.extend(part.kept);
        all.empty.extend(part.empty);
        all.differing.extend(part.differing);
    }
    let of = |is: fn(&Request) -> bool| all.kept.iter().filter(|it| is(it)).count();
    say(&format!(
        "{}: {} different requests, {} with filters, {} at a page by its number, {} behind a cursor; {} were left out, for they \
         find nothing, and of {} the bare index finds another number",
        kind.name(),
        all.kept.len(),
        of(Request::is_filtered),
        of(|it| matches!(it.leaf(), Leaf::Number(_))),
        of(|it| matches!(it.leaf(), Leaf::Behind(_))),
        all.empty.len(),
        all.differing.len()
    ));
    let bearable = requests.len() / if kind == Kind::Suggest { 20 } else { 100 };
    for (what, paths, bearable) in [
        ("find nothing", &all.empty, bearable),
        ("find another number", &all.differing, requests.len() / 100),
    ] {
        if paths.len() > bearable {
            let some: Vec<&str> = paths.iter().take(5).map(String::as_str).collect();
            return Err(format!("{} requests {what}, among them {}", paths.len(), some.join(", ")).into());
        }
    }
    let ready = |it: Request| Ready { kind, path: it.path(), question: it.question() };
    Ok(Arc::new(all.kept.into_iter().map(ready).collect()))
}

async fn check_all(
    mut connection: Connection,
    bare: ProductSearch,
    requests: Vec<Request>,
) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    for request in requests {
        let found = ask(&mut connection, &request).await?;
        if found.items == 0 {
            checked.empty.push(request.path());
            continue;
        }
        let request = request.at(leaf(request.wish, &found)?);
        let found =
            if *request.leaf() == Leaf::First { found } else { ask(&mut connection, &request).await? };
        if found.items == 0 {
            return Err(format!("{} finds nothing, though there is such a page", request.path()).into());
        }
        if (found.items, found.total) != count(&bare, &request).await? {
            checked.differing.push(request.path());
        }
        checked.kept.push(request);
    }
    Ok(checked)
}

/// The page that is wanted, or the last that there is up to it.
fn leaf(wish: Wish, found: &Found) -> Result<Leaf, Error> {
    let pages = found.total.div_ceil(A_PAGE);
    Ok(match (wish, &found.next) {
        (Wish::Later(page), _) if pages > 1 => Leaf::Number(page.min(pages)),
        (Wish::Next, Some(place)) => Leaf::Behind(place.parse()?),
        (Wish::First | Wish::Later(_) | Wish::Next, _) => Leaf::First,
    })
}

async fn ask(connection: &mut Connection, request: &Request) -> Result<Found, Error> {
    let path = request.path();
    let told = data(&connection.expect(StatusCode::OK, Ask::get(&path, "")).await?)?;
    let length = |value: &Value| value.as_array().map(Vec::len);
    if request.kind == Kind::Suggest {
        let lists = ["suggestions", "brands", "products"].map(|list| length(&told[list]));
        let items = lists.into_iter().sum::<Option<usize>>().ok_or_else(|| format!("{path}: no lists"))?;
        return Ok(Found { items, total: items, next: None });
    }
    let items = length(&told["items"]).ok_or_else(|| format!("{path}: no items"))?;
    let total = told["totalCount"].as_u64().ok_or_else(|| format!("{path}: no total"))?;
    if request.kind == Kind::Search && items > 0 {
        let facets = ["categories", "brands", "priceRanges"].map(|facet| length(&told["facets"][facet]));
        if facets.contains(&None) || facets[2] == Some(0) {
            return Err(format!("{path} is answered without facets").into());
        }
    }
    let next = told["nextCursor"].as_str().map(str::to_owned);
    Ok(Found { items, total: usize::try_from(total)?, next })
}

/// How many the bare index finds, on the page and on all.
async fn count(bare: &ProductSearch, request: &Request) -> Result<(usize, usize), Error> {
    if request.kind == Kind::Suggest {
        let found = bare.suggest(request.text().to_owned(), FEW).await?.value;
        let items = found.searches.len() + found.brands.len() + found.products.len();
        return Ok((items, items));
    }
    let found = bare.search(request.question()).await?.value;
    Ok((found.hits.len(), found.total))
}
