//! How good the order of what is found is, beside peers, with what each weight adds.

use std::collections::HashMap;
use std::path::Path;

use domain::ids::ProductId;
use projections::product_search::{ProductSearch, SearchQuery, Weights};

use super::bm25::{Defaults, Plain};
use super::catalog;
use super::edits::misspelt;
use super::judgements::{self, Judged, mean, ndcg};
use super::postgres::FullText;
use super::tuning::{Scored, held_out, one_by_one};
use crate::Error;
use crate::database::Server;
use crate::report::say;

/// Weights are cross-validated in so many folds, and so often, each time in another order.
const FOLDS: usize = 5;
const TIMES: usize = 3;
/// What the misspelt queries are made with.
const SEED: u64 = 11;

/// An index, and queries with judgements.
struct Judging {
    search: ProductSearch,
    skus: HashMap<ProductId, String>,
    judged: Vec<Judged>,
}

impl Judging {
    fn found(&self, weights: Weights, query: &str) -> Result<Vec<String>, Error> {
        let query = SearchQuery { text: Some(query.to_owned()), limit: 10, ..SearchQuery::default() };
        let page = self.search.weighing(weights).search_now(&query)?.value;
        Ok(page.hits.iter().filter_map(|hit| self.skus.get(&hit.id)).cloned().collect())
    }

    fn of<'a>(&self, weights: Weights, judged: impl Iterator<Item = &'a Judged>) -> Result<Vec<f64>, Error> {
        judged.map(|it| Ok(ndcg(&self.found(weights, &it.query)?, it))).collect()
    }
}

impl Scored for Judging {
    fn scored(&self, weights: Weights, queries: &[usize]) -> Result<Vec<f64>, Error> {
        self.of(weights, queries.iter().map(|n| &self.judged[*n]))
    }
}

/// Prints the table.
pub async fn measure(server: &Server, shared: &Path) -> Result<(), Error> {
    let judged = judgements::read(&shared.join("icecat_judgements_dev.csv"))?;
    let products = catalog::products(&catalog::records(shared)?)?;
    let (database, home) = (server.daybook().await?, crate::http::home()?);
    catalog::import(&database, &home, &shared.join("icecat_products.jsonl.gz")).await?;
    let folder = home.join("relevance");
    std::fs::create_dir(&folder)?;
    let (search, skus) = catalog::indexed(&database, &folder).await?;
    say(&format!("nDCG@10 over {} queries and {} products", judged.len(), skus.len()));
    peers(server, &products, &judged).await?;
    ours(&Judging { search, skus, judged })?;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}

async fn peers(server: &Server, products: &[catalog::Product], judged: &[Judged]) -> Result<(), Error> {
    let plain = Plain::of(products);
    let found = judged.iter().map(|it| ndcg(&plain.search(&it.query), it)).collect::<Vec<_>>();
    say(&format!("{:.4}  plain BM25 over one text", mean(&found)));
    let defaults = Defaults::of(products)?;
    let mut found = Vec::new();
    for it in judged {
        found.push(ndcg(&defaults.search(&it.query)?, it));
    }
    say(&format!("{:.4}  Tantivy's BM25 with its defaults", mean(&found)));
    let postgres = FullText::of(server, products).await?;
    let mut found = Vec::new();
    for it in judged {
        found.push(ndcg(&postgres.search(&it.query).await?, it));
    }
    say(&format!("{:.4}  Postgres full text", mean(&found)));
    postgres.drop().await
}

fn ours(judging: &Judging) -> Result<(), Error> {
    let weights = Weights::default();
    let each = judging.of(weights, judging.judged.iter())?;
    say(&format!("{:.4}  ours", mean(&each)));
    for time in 1..=TIMES {
        let held = held_out(judging, judging.judged.len(), FOLDS, time)?;
        say(&format!(
            "{held:.4}  ours, weights chosen without the queries that they are judged by ({FOLDS} folds, order {time})"
        ));
    }
    let queries = misspelt(&judging.judged, SEED);
    let meant = mean(&judging.of(weights, queries.iter().map(|(meant, _)| meant))?);
    let typed = mean(&judging.of(weights, queries.iter().map(|(_, typed)| typed))?);
    say(&format!(
        "{typed:.4}  {} misspelt queries, {:.1} % of the {meant:.4} as they were meant",
        queries.len(),
        typed / meant * 100.0
    ));
    say("ours with one weight changed:");
    for step in one_by_one(judging, judging.judged.len())? {
        say(&format!("  {:.4}  {:+.4}  {}", step.ndcg, step.ndcg - mean(&each), step.what));
    }
    say("ours, query by query:");
    let mut told: Vec<_> = each.iter().zip(&judging.judged).collect();
    told.sort_by(|one, other| one.0.total_cmp(other.0));
    for (ndcg, it) in told {
        say(&format!("  {ndcg:.4}  {}", it.query));
    }
    Ok(())
}
