//! How good the order of what is found is, beside peers, with what each weight adds.

use std::collections::HashMap;
use std::path::Path;

use domain::ids::ProductId;
use projections::product_search::{Language, ProductSearch, SearchQuery, Weights, Words};

use super::bm25::{Defaults, Plain};
use super::catalog;
use super::edits::misspelt;
use super::judgements::{self, Judged, mean, ndcg, spread};
use super::postgres::FullText;
use super::tuning::{RULES, Scored, held_out, one_by_one};
use crate::Error;
use crate::database::Server;
use crate::report::say;

/// Weights are cross-validated in so many folds, and so often, each time in another order.
const FOLDS: usize = 5;
const TIMES: u64 = 5;
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
    let search = catalog::indexed(&database, &home.join("relevance"), Words::default()).await?;
    let skus = catalog::skus(&search)?;
    say(&format!("nDCG@10 over {} queries and {} products", judged.len(), skus.len()));
    peers(server, &products, &judged).await?;
    let judging = Judging { search, skus, judged };
    let each = judging.of(Weights::default(), judging.judged.iter())?;
    say(&format!("{:.4}  ours, ± {:.4} (standard error over the queries)", mean(&each), error_of(&each)));
    unseen(&judging)?;
    let typed = misspelt(&judging.judged, SEED);
    slips(&judging, &typed)?;
    left_out(&judging, mean(&each), &typed)?;
    let plain = Words::of(Language::named("none").ok_or("no language without stems")?);
    let search = catalog::indexed(&database, &home.join("plain"), plain).await?;
    let without = Judging { skus: catalog::skus(&search)?, search, judged: judging.judged.clone() };
    let without = mean(&without.of(Weights::default(), judging.judged.iter())?);
    tell("what English has: stems, words that say nothing, synonyms", without, mean(&each));
    one_changed(&judging, &each)?;
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
    say(&format!(
        "{:.4}  Postgres full text (ts_rank, name A, brand and model B, description C; those with all words first, then with any)",
        mean(&found)
    ));
    postgres.drop().await
}

/// How good weights are on queries that they were not chosen by: those that nobody has shown us.
fn unseen(judging: &Judging) -> Result<(), Error> {
    let mut all = Vec::new();
    for time in 1..=TIMES {
        let folds = held_out(judging, judging.judged.len(), FOLDS, time)?;
        let held = mean(&folds.concat());
        let each: Vec<f64> = folds.iter().map(|fold| mean(fold)).collect();
        say(&format!(
            "{held:.4}  held out: weights chosen on the other {} of {FOLDS} folds, in order {time}; the folds ± {:.4}",
            FOLDS - 1,
            spread(&each)
        ));
        all.push(held);
    }
    say(&format!("{:.4}  ± {:.4}  held out, over the {TIMES} orders", mean(&all), spread(&all)));
    Ok(())
}

fn slips(judging: &Judging, queries: &[(Judged, Judged)]) -> Result<(), Error> {
    let weights = Weights::default();
    let meant = mean(&judging.of(weights, queries.iter().map(|(meant, _)| meant))?);
    let typed = mean(&judging.of(weights, queries.iter().map(|(_, typed)| typed))?);
    say(&format!(
        "{typed:.4}  {} misspelt queries, {:.1} % of the {meant:.4} as they were meant (aim: 90 %)",
        queries.len(),
        typed / meant * 100.0
    ));
    Ok(())
}

/// What each weight and rule adds: ours without it, on the queries as they are and as they are misspelt.
fn left_out(judging: &Judging, ours: f64, queries: &[(Judged, Judged)]) -> Result<(), Error> {
    let misspelt = |weights| Ok::<_, Error>(mean(&judging.of(weights, queries.iter().map(|(_, it)| it))?));
    let ours_misspelt = misspelt(Weights::default())?;
    say("ours without one of its weights and rules, and what that one adds:");
    for rule in &RULES {
        let weights = (rule.without)(Weights::default());
        tell(rule.name, mean(&judging.of(weights, judging.judged.iter())?), ours);
        if rule.is_of_slips {
            tell(&format!("{}, misspelt queries", rule.name), misspelt(weights)?, ours_misspelt);
        }
    }
    Ok(())
}

fn tell(name: &str, without: f64, ours: f64) {
    say(&format!("  {without:.4}  {:+.4}  {name}", ours - without));
}

fn one_changed(judging: &Judging, each: &[f64]) -> Result<(), Error> {
    say("ours with one weight changed:");
    for step in one_by_one(judging, judging.judged.len())? {
        say(&format!("  {:.4}  {:+.4}  {}", step.ndcg, step.ndcg - mean(each), step.what));
    }
    say("ours, query by query:");
    let mut told: Vec<_> = each.iter().zip(&judging.judged).collect();
    told.sort_by(|one, other| one.0.total_cmp(other.0));
    for (ndcg, it) in told {
        say(&format!("  {ndcg:.4}  {}", it.query));
    }
    Ok(())
}

/// The standard error of a mean.
#[allow(clippy::cast_precision_loss, reason = "a number of queries")]
fn error_of(figures: &[f64]) -> f64 {
    spread(figures) / (figures.len().max(1) as f64).sqrt()
}
